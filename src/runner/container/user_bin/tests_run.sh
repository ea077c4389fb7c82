# shellcheck shell=sh disable=SC2034,SC2154 # a part: variables come from and go to other parts
# codebuild-tests-run: runs the test command with the files of this shard. Variables that live where a command
# of the build is started have names of cobuild's own: the build may have exported any other.
tests_run() {
    cobuild_usage='--test-command COMMAND --files-search COMMAND [--sharding-strategy equal-distribution|stability]'
    cobuild_command='' cobuild_search='' cobuild_strategy=equal-distribution
    while [ "$#" -gt 0 ]; do
        cobuild_option=${1%%=*}
        case $1 in
            --test-command=* | --files-search=* | --sharding-strategy=*) cobuild_value=${1#*=} ;;
            --test-command | --files-search | --sharding-strategy)
                if [ "$#" = 1 ]; then usage "$cobuild_usage" "$1 is without a value"; fi
                cobuild_value=$2
                shift
                ;;
            *) usage "$cobuild_usage" "unknown option: $1" ;;
        esac
        case $cobuild_option in
            --test-command) cobuild_command=$cobuild_value ;;
            --files-search) cobuild_search=$cobuild_value ;;
            *) cobuild_strategy=$cobuild_value ;;
        esac
        shift
    done
    if [ -z "$cobuild_command" ]; then usage "$cobuild_usage" '--test-command is missing'; fi
    if [ -z "$cobuild_search" ]; then usage "$cobuild_usage" '--files-search is missing'; fi
    case $cobuild_strategy in
        equal-distribution | stability) ;;
        *) usage "$cobuild_usage" "unknown sharding strategy: $cobuild_strategy" ;;
    esac
    case $cobuild_index:$cobuild_count in
        0?*:* | *:0* | *[!0-9:]*) usage "$cobuild_usage" "no shard of a number: $cobuild_index of $cobuild_count" ;;
    esac
    if [ "$cobuild_index" -ge "$cobuild_count" ]; then
        usage "$cobuild_usage" "there is no shard $cobuild_index of $cobuild_count"
    fi

    # Only what the test command starts may see it.
    unset CODEBUILD_CURRENT_SHARD_FILES
    cobuild_files=$(/bin/sh -c "$cobuild_search") || {
        cobuild_status=$?
        complain "the search for files ended with status $cobuild_status"
        return "$cobuild_status"
    }
    if [ -z "$cobuild_files" ]; then
        complain 'the search for files found none'
        return 1
    fi
    cobuild_files=$(choose_files "$cobuild_files") || return
    if [ -z "$cobuild_files" ]; then
        complain "no test file is for shard $cobuild_index of $cobuild_count"
        return
    fi
    case $cobuild_command in
        # It asks for them by itself.
        *CODEBUILD_CURRENT_SHARD_FILES*) ;;
        *) cobuild_command=$(append_files "$cobuild_command" "$cobuild_files") ;;
    esac
    CODEBUILD_CURRENT_SHARD_FILES=$cobuild_files
    export CODEBUILD_CURRENT_SHARD_FILES
    exec /bin/sh -c "$cobuild_command"
}

# choose_files TEXT: prints the lines that are this shard's.
choose_files() {
    use_bytes
    sorted=$(printf '%s\n' "$1" | sort_lines -u) || return
    set -f
    # shellcheck disable=SC2086 # lines become words
    set -- $sorted
    case $cobuild_strategy in
        stability) share_by_name "$@" ;;
        *) share_evenly "$@" ;;
    esac
}

# append_files COMMAND TEXT: prints the command with each line behind it, as one word of a shell.
append_files() {
    command=$1
    while :; do
        case $command in
            *[' 	'"$cobuild_newline"]) command=${command%?} ;;
            *) break ;;
        esac
    done
    set -f
    for file in $2; do
        case $file in
            *[!A-Za-z0-9_./:@%+,=-]*)
                quoted=''
                while :; do
                    case $file in
                        *\'*) quoted=$quoted${file%%\'*}"'\\''" file=${file#*\'} ;;
                        *) break ;;
                    esac
                done
                file="'$quoted$file'"
                ;;
        esac
        command="$command $file"
    done
    printf '%s\n' "$command"
}

# share_evenly FILE…: prints the files of this shard: the sorted files in runs, the first ones longer by
# one where they cannot all be alike.
share_evenly() {
    size=$(($# / cobuild_count)) longer=$(($# % cobuild_count))
    start=$((cobuild_index * size))
    if [ "$cobuild_index" -lt "$longer" ]; then
        start=$((start + cobuild_index)) size=$((size + 1))
    else
        start=$((start + longer))
    fi
    shift "$start"
    while [ "$size" -gt 0 ]; do
        printf '%s\n' "$1"
        shift
        size=$((size - 1))
    done
}

# share_by_name FILE…: prints the files of this shard: every file goes to the shard that draws the highest
# number for its name, whatever the other files are.
share_by_name() {
    letters=' !"#$%&'\''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'
    for file do
        hash_name "$file"
        shard=0 winner=0 highest=-1
        while [ "$shard" -lt "$cobuild_count" ]; do
            draw=$(((hash ^ (shard + 1) * 0x9e3779b9) & 0xffffffff))
            draw=$(((draw ^ draw >> 16) * 0x85ebca6b & 0xffffffff))
            draw=$(((draw ^ draw >> 13) * 0xc2b2ae35 & 0xffffffff))
            draw=$((draw ^ draw >> 16))
            if [ "$draw" -gt "$highest" ]; then winner=$shard highest=$draw; fi
            shard=$((shard + 1))
        done
        if [ "$winner" = "$cobuild_index" ]; then printf '%s\n' "$file"; fi
    done
}

# hash_name NAME: sets `hash` to the FNV-1a of the name's bytes. A letter's number is how far it is into
# the alphabet; asking printf for it would cost a process.
hash_name() {
    hash=0x811c9dc5 name=$1
    while [ -n "$name" ]; do
        tail=${name#?}
        letter=${name%"$tail"}
        case $letters in
            *"$letter"*)
                code=${letters%%"$letter"*}
                code=$((${#code} + 32))
                ;;
            *) code=$(printf '%d' "'$letter") ;;
        esac
        hash=$(((hash ^ code & 255) * 0x01000193 & 0xffffffff)) name=$tail
    done
}
