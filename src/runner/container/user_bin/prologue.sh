# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# What cobuild puts on the path of every build. Nothing here needs more than a POSIX shell; tools of the
# image are used where they are there.

# A caller's shell hands options on when its variables SHELLOPTS or BASHOPTS are exported.
set +aefuC
if [ -n "${BASH_VERSION:-}" ]; then
    # shellcheck disable=SC3044 # bash alone gets here
    shopt -u dotglob extglob failglob nocaseglob nocasematch nullglob
fi
cobuild_newline='
'
# Names are lines, and blanks are part of them.
IFS=$cobuild_newline

complain() {
    printf '%s: %s\n' "$cobuild_program" "$1" >&2
}

# usage WORDS PROBLEM: ends the program.
usage() {
    complain "$2"
    printf 'usage: %s %s\n' "$cobuild_program" "$1" >&2
    exit 2
}

# Bytes, not letters: so every image finds, sorts and shares out alike.
use_bytes() {
    LC_ALL=C
    export LC_ALL
}

have() {
    command -v "$1" > /dev/null 2>&1
}

# sort_lines [-u]: prints the lines of the input in the order of their bytes, with `-u` each once.
sort_lines() {
    if ! have sort; then
        complain "the image has no 'sort'"
        return 1
    fi
    LC_ALL=C sort "$@"
}
