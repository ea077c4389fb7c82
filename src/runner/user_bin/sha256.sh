# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# choose_sum: picks what computes SHA-256 here; fails when nothing does.
choose_sum() {
    for tool in sha256sum busybox shasum openssl shell; do
        case $(printf abc | sum 2> /dev/null) in
            ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad*) return ;;
        esac
    done
    complain 'nothing here computes SHA-256: sha256sum, busybox, shasum, openssl and od are missing'
    return 1
}

# sum [FILE…]: prints the SHA-256 of the input or of each file, a line for each that begins with it.
sum() {
    case $tool in
        sha256sum) sha256sum "$@" ;;
        busybox) busybox sha256sum "$@" ;;
        shasum) shasum -a 256 "$@" ;;
        openssl) openssl dgst -sha256 -r "$@" ;;
        shell) bytes | sum_numbers ;;
    esac
}

# sum_files FILE…: prints the SHA-256 of each file, one a line.
sum_files() {
    case $tool in
        openssl | shell)
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

# bytes: prints the bytes of the input as numbers, 16 a line.
bytes() {
    if have od; then
        od -A n -v -t u1
    elif [ -n "${BASH_VERSION:-}" ]; then
        row='' count=0
        # shellcheck disable=SC3045 # bash alone gets here
        while IFS='' read -r -d '' -n 1 byte; do
            printf -v code '%d' "'$byte"
            row="$row $((code & 255))" count=$((count + 1))
            if [ "$count" = 16 ]; then
                printf '%s\n' "$row"
                row='' count=0
            fi
        done
        printf '%s\n' "$row"
    else
        return 1
    fi
}

# sum_numbers: prints the SHA-256 of the bytes that the input gives as numbers.
sum_numbers() {
    IFS=' '
    h0=0x6a09e667 h1=0xbb67ae85 h2=0x3c6ef372 h3=0xa54ff53a
    h4=0x510e527f h5=0x9b05688c h6=0x1f83d9ab h7=0x5be0cd19
    constants='0x428a2f98 0x71374491 0xb5c0fbcf 0xe9b5dba5 0x3956c25b 0x59f111f1 0x923f82a4 0xab1c5ed5'
    constants="$constants 0xd807aa98 0x12835b01 0x243185be 0x550c7dc3 0x72be5d74 0x80deb1fe 0x9bdc06a7 0xc19bf174"
    constants="$constants 0xe49b69c1 0xefbe4786 0x0fc19dc6 0x240ca1cc 0x2de92c6f 0x4a7484aa 0x5cb0a9dc 0x76f988da"
    constants="$constants 0x983e5152 0xa831c66d 0xb00327c8 0xbf597fc7 0xc6e00bf3 0xd5a79147 0x06ca6351 0x14292967"
    constants="$constants 0x27b70a85 0x2e1b2138 0x4d2c6dfc 0x53380d13 0x650a7354 0x766a0abb 0x81c2c92e 0x92722c85"
    constants="$constants 0xa2bfe8a1 0xa81a664b 0xc24b8b70 0xc76c51a3 0xd192e819 0xd6990624 0xf40e3585 0x106aa070"
    constants="$constants 0x19a4c116 0x1e376c08 0x2748774c 0x34b0bcb5 0x391c0cb3 0x4ed8aa4a 0x5b9cca4f 0x682e6ff3"
    constants="$constants 0x748f82ee 0x78a5636f 0x84c87814 0x8cc70208 0x90befffa 0xa4506ceb 0xbef9a3f7 0xc67178f2"
    words='' length=0 rest=''
    while read -r line; do
        # shellcheck disable=SC2086 # numbers become words
        set -- $line
        length=$((length + $#))
        if [ "$#" = 16 ]; then add_words "$@"; else rest=$line; fi
    done
    # A one, zeros, and the number of bits as eight bytes, up to the end of a block.
    rest="$rest 128" count=$((length % 64 + 1))
    while [ "$count" != 56 ] && [ "$count" != 120 ]; do
        rest="$rest 0" count=$((count + 1))
    done
    for bits in 53 45 37 29 21 13 5; do
        rest="$rest $((length >> bits & 255))"
    done
    # shellcheck disable=SC2086 # numbers become words
    set -- $rest $((length << 3 & 255))
    while [ "$#" -gt 0 ]; do
        add_words "$@"
        shift 16
    done
    printf '%08x%08x%08x%08x%08x%08x%08x%08x\n' \
        "$h0" "$h1" "$h2" "$h3" "$h4" "$h5" "$h6" "$h7"
}

# add_words BYTE…: takes 16 bytes; the 64th of them makes a block.
add_words() {
    words="$words $(($1 << 24 | $2 << 16 | $3 << 8 | $4)) $(($5 << 24 | $6 << 16 | $7 << 8 | $8))"
    words="$words $(($9 << 24 | ${10} << 16 | ${11} << 8 | ${12})) $((${13} << 24 | ${14} << 16 | ${15} << 8 | ${16}))"
    # shellcheck disable=SC2086 # numbers become words
    set -- $words
    if [ "$#" = 16 ]; then
        add_block "$@"
        words=''
    fi
}

# add_block WORD…: takes a block of 16 words into the sum. A word beside itself turns right by a plain
# shift, of which the lower half counts.
add_block() {
    a=$h0 b=$h1 c=$h2 d=$h3 e=$h4 f=$h5 g=$h6 h=$h7
    for constant in $constants; do
        ee=$((e | e << 32)) aa=$((a | a << 32)) u=$((${2} | ${2} << 32)) v=$((${15} | ${15} << 32))
        t=$((h + (ee >> 6 ^ ee >> 11 ^ ee >> 25) + (e & f ^ ~e & g) + constant + $1))
        h=$g g=$f f=$e e=$((d + t & 0xffffffff))
        d=$c x=$((t + (aa >> 2 ^ aa >> 13 ^ aa >> 22) + (a & b ^ a & c ^ b & c) & 0xffffffff))
        c=$b b=$a a=$x
        x=$(($1 + (u >> 7 ^ u >> 18 ^ $2 >> 3) + ${10} + (v >> 17 ^ v >> 19 ^ ${15} >> 10) & 0xffffffff))
        shift
        set -- "$@" "$x"
    done
    h0=$((h0 + a & 0xffffffff)) h1=$((h1 + b & 0xffffffff)) h2=$((h2 + c & 0xffffffff)) h3=$((h3 + d & 0xffffffff))
    h4=$((h4 + e & 0xffffffff)) h5=$((h5 + f & 0xffffffff)) h6=$((h6 + g & 0xffffffff)) h7=$((h7 + h & 0xffffffff))
}
