# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# choose_sum: picks what computes SHA-256 here; fails when nothing does.
choose_sum() {
    for tool in sha256sum busybox shasum openssl; do
        case $(printf abc | sum 2> /dev/null) in
            ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad*) return ;;
        esac
    done
    complain 'nothing here computes SHA-256: sha256sum, busybox, shasum and openssl are missing'
    return 1
}

# sum [FILE…]: prints the SHA-256 of the input or of each file, a line for each that begins with it.
sum() {
    case $tool in
        sha256sum) sha256sum "$@" ;;
        busybox) busybox sha256sum "$@" ;;
        shasum) shasum -a 256 "$@" ;;
        openssl) openssl dgst -sha256 -r "$@" ;;
    esac
}

# sum_files FILE…: prints the SHA-256 of each file, one a line.
sum_files() {
    case $tool in
        openssl)
            for file do
                line=$(sum < "$file") || return
                printf '%s\n' "${line%% *}"
            done
            return
            ;;
    esac
    while [ "$#" -gt 0 ]; do
        # Not more at a time than a command line holds.
        some='' room=100
        while [ "$#" -gt 0 ] && [ "$room" -gt 0 ]; do
            some=$some$1$cobuild_newline room=$((room - 1))
            shift
        done
        set -f
        # shellcheck disable=SC2086 # lines become words
        lines=$(sum -- $some) || return
        for line in $lines; do
            # A name with a backslash puts one before the line.
            line=${line#\\}
            printf '%s\n' "${line%% *}"
        done
    done
}
