# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# codebuild-hash-files GLOB…: the SHA-256 over the SHA-256s of the files, sorted, as lines of hex digits.
hash_files() {
    case ${1-} in
        '') usage 'GLOB…' 'no pattern is given' ;;
    esac
    use_bytes
    files=$(find_files "$@") || return
    if [ -z "$files" ]; then
        complain "no files match: $*"
        return 1
    fi
    choose_sum || return
    set -f
    # shellcheck disable=SC2086 # lines become words
    sums=$(sum_files $files) || return
    sums=$(printf '%s\n' "$sums" | sort_lines) || return
    line=$(printf '%s\n' "$sums" | sum) || return
    printf '%s\n' "${line%% *}"
}
