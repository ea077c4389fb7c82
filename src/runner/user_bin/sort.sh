# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# sort_lines FLAG TEXT: prints the lines in the order of their bytes; the flag `-u` leaves those out that
# are there already.
sort_lines() {
    if have sort; then
        printf '%s\n' "$2" | LC_ALL=C sort ${1:+"$1"}
    else
        unique=$1
        set -f
        # shellcheck disable=SC2086 # lines become words
        sort_words $2
        set +f
    fi
}

# sort_words WORD…: the same in plain shell; the one in the middle parts the others.
sort_words() {
    if [ "$#" = 0 ]; then return; fi
    eval "pivot=\${$((($# + 1) / 2))}"
    below='' equal='' above=''
    for word do
        # shellcheck disable=SC3012 # every shell in use has it
        if [ "x$word" \< "x$pivot" ]; then
            below=$below$word$cobuild_newline
        elif [ "$word" = "$pivot" ]; then
            equal=$equal$word$cobuild_newline
        else
            above=$above$word$cobuild_newline
        fi
    done
    if [ -n "$unique" ]; then equal=$pivot$cobuild_newline; fi
    set -- "$below" "$equal" "$above"
    below='' above=''
    # shellcheck disable=SC2086 # lines become words
    sort_words $1
    printf '%s' "$2"
    # shellcheck disable=SC2086 # lines become words
    sort_words $3
}
