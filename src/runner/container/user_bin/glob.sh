# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# find_files PATTERN…: prints the files that match, in the order of their bytes, each once.
find_files() {
    found=$(for pattern in "$@"; do expand_braces "$pattern"; done)
    [ -z "$found" ] || printf '%s\n' "$found" | sort_lines -u
}

# expand_braces PATTERN: walks each of its alternatives, `a{b,c}d` being abd and acd; innermost first.
expand_braces() {
    open='{' close='}'
    inner=${1%%"$close"*}
    case $inner in
        "$1" | *"$open"*) ;;
        *) walk '' "$1"; return ;;
    esac
    before=${inner%"$open"*}
    inner=${inner##*"$open"}
    case $1:$inner in
        *"$close"*:*,*) ;;
        *) walk '' "$1"; return ;;
    esac
    # Positional parameters are a function's own, other variables are not.
    set -- "$before" "$inner," "${1#*"$close"}"
    while [ -n "$2" ]; do
        expand_braces "$1${2%%,*}$3"
        set -- "$1" "${2#*,}" "$3"
    done
}

# walk DIRECTORY PATTERN: prints the files below the directory, '' or a path that ends with a slash.
walk() {
    case $2 in
        /*)
            walk "${1:-/}" "${2#/}"
            return
            ;;
        ./*)
            walk "$1" "${2#./}"
            return
            ;;
        */*) set -- "$1" "${2%%/*}" "${2#*/}" ;;
    esac
    case $2 in
        '**') walk_tree "$1" "${3-*}" ;;
        *'***'*) walk "$1" "${2%%'***'*}**${2#*'***'}${3+/$3}" ;;
        *'**'*)
            # Any characters, slashes among them.
            walk "$1" "${2%%'**'*}*${2#*'**'}${3+/$3}"
            walk "$1" "${2%%'**'*}*/**/*${2#*'**'}${3+/$3}"
            ;;
        *[*?[\\]*)
            for entry in "$1"* "$1".[!.]* "$1"..?*; do
                # shellcheck disable=SC2254 # a pattern
                case ${entry#"$1"} in $2) take "$entry" ${3+"$3"} ;; esac
            done
            ;;
        *) take "$1$2" ${3+"$3"} ;;
    esac
}

# walk_tree DIRECTORY PATTERN: walks the directory and every directory below it. Links are not
# followed, so this ends.
walk_tree() {
    case $2 in
        '**' | '**/'*)
            # The same twice.
            walk "$1" "$2"
            return
            ;;
    esac
    walk "$1" "$2"
    for entry in "$1"*/ "$1".[!.]*/ "$1"..?*/; do
        if [ -d "$entry" ] && [ ! -L "${entry%/}" ]; then walk_tree "$entry" "$2"; fi
    done
}

# take PATH [PATTERN]: prints a file, or walks a directory with what is left of the pattern.
take() {
    if [ "$#" = 2 ]; then
        if [ -d "$1" ]; then walk "$1/" "$2"; fi
    elif [ -f "$1" ]; then
        case $1 in
            *"$cobuild_newline"*) complain "left out, since its name is of several lines: $1" ;;
            *) printf '%s\n' "$1" ;;
        esac
    fi
}
