# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# codebuild-glob-search GLOB…: the files that match, one a line.
glob_search() {
    case ${1-} in
        '') usage 'GLOB…' 'no pattern is given' ;;
    esac
    use_bytes
    files=$(find_files "$@") || return
    if [ -n "$files" ]; then
        printf '%s\n' "$files"
    else
        complain "no files match: $*"
    fi
}
