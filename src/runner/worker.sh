# The worker: a shell whose program comes line by line from cobuild, which takes all decisions.
# Nothing here forks but a command's own shell, and nothing of it is seen by a command.
trap : TERM INT HUP
cobuild_tmp=/codebuild/output/tmp
cobuild_shell=sh
cobuild_switch=
cobuild_missing=

# Line by line what the agent puts before a command: its first line is the fourth.
cobuild_preamble='IFS= read -r PWD < /codebuild/output/tmp/dir.txt; cd -- "$PWD"
set -a
. /codebuild/output/tmp/env.sh'

# What the agent puts after it; an `exit` in the command leaves it out, and so loses its changes.
cobuild_status='
CODEBUILD_LAST_EXIT=$?'
cobuild_forget=
cobuild_save='
export -p >| /codebuild/output/tmp/env.sh
pwd >| /codebuild/output/tmp/dir.txt
exit "$CODEBUILD_LAST_EXIT"'

# cobuild_select_shell SHELL: looks it up while PATH is still there.
cobuild_select_shell() {
    if ! cobuild_shell=$(command -v "$1"); then
        cobuild_missing=$1
        return
    fi
    # A busybox may answer with a bare name, which su cannot start.
    case $cobuild_shell in */*) ;; *) if [ -x "/bin/$1" ]; then cobuild_shell=/bin/$1; fi ;; esac
    if BASH_ENV='' "$cobuild_shell" -c shopt > /dev/null 2>&1; then
        # Once exported, what bash lets nobody set would end every script that sets it anew.
        cobuild_forget='
export -n BASHOPTS BASH_VERSINFO EUID PPID SHELLOPTS UID'
    fi
}

# cobuild_system COMMAND [WORD…]: runs a tool of the image, wherever it keeps its tools.
cobuild_system() {
    (
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export PATH
        "$@"
    )
}

# cobuild_find_user: looks up the numbers of the user.
cobuild_find_user() {
    while IFS=: read -r cobuild_name cobuild_word cobuild_uid cobuild_gid cobuild_rest; do
        case $cobuild_user in "$cobuild_name" | "$cobuild_uid") return 0 ;; esac
    done < /etc/passwd
    # Not every user is in the file.
    cobuild_uid=$(cobuild_system id -u "$cobuild_user") && cobuild_gid=$(cobuild_system id -g "$cobuild_user")
} 2> /dev/null

# cobuild_as USER [DIRECTORY…]: commands run as USER from here on, who owns the directories. Answers
# `ready`, `unknown` when there is no such user, or `unable` when the image has nothing to switch with.
cobuild_as() {
    cobuild_user=$1
    cobuild_switch=
    shift
    case $cobuild_user in root | 0) cobuild_fence ready; return ;; esac
    cobuild_find_user || { cobuild_fence unknown; return; }
    for cobuild_switch in setpriv chroot su none; do
        if [ "$cobuild_switch" = none ]; then cobuild_fence unable; return; fi
        cobuild_tool=$(cobuild_system command -v "$cobuild_switch") || continue
        if cobuild_start -c : < /dev/null > /dev/null 4>&1 || [ -n "$cobuild_missing" ]; then break; fi
    done
    # Whoever runs a command writes its state.
    cobuild_system chmod 666 "$cobuild_tmp/env.sh" "$cobuild_tmp/dir.txt"
    if [ "$#" -gt 0 ]; then cobuild_system chown -Rh "$cobuild_uid:$cobuild_gid" "$@"; fi
    cobuild_fence ready
}

# cobuild_start WORD…: starts the shell of the commands as their user. Its errors go to descriptor 4:
# so what bash itself has to say of a shell that a signal ended, with a line of this file, can go elsewhere.
cobuild_start() {
    if [ -n "$cobuild_missing" ]; then
        printf 'the image has no `%s`, the shell that the buildspec selects\n' "$cobuild_missing" >&4
        return 127
    fi
    set -- "$cobuild_shell" "$@"
    case $cobuild_switch in
        setpriv) set -- "$cobuild_tool" "--reuid=$cobuild_uid" "--regid=$cobuild_gid" --init-groups "$@" ;;
        chroot) set -- "$cobuild_tool" "--userspec=$cobuild_user" / "$@" ;;
        su) shift; set -- "$cobuild_tool" -m -s "$cobuild_shell" "$cobuild_user" "$@" ;;
    esac
    "$@" 2>&4 4>&-
}

# cobuild_write PATH TEXT
cobuild_write() {
    printf '%s' "$2" >| "$1"
}

# cobuild_write_library PATH: writes the text that came with the container, which nobody is to see.
cobuild_write_library() {
    cobuild_write "$1" "$COBUILD_LIBRARY"
    unset COBUILD_LIBRARY
}

# cobuild_append PATH TEXT
cobuild_append() {
    printf '%s' "$2" >> "$1"
}

# cobuild_fence WORD: what came before it was the output of the call that ends here.
cobuild_fence() {
    printf '\036%s %s\036' "$cobuild_token" "$1"
}

# cobuild_count: answers how many processes there are, without those that have ended.
cobuild_count() {
    cobuild_number=0
    for cobuild_process in /proc/[0-9]*; do
        if [ -e "$cobuild_process/exe" ]; then cobuild_number=$((cobuild_number + 1)); fi
    done
    cobuild_fence "$cobuild_number"
}

# cobuild_greet TOOL…: answers which of these tools the image has.
cobuild_greet() {
    cobuild_found=
    for cobuild_tool do
        if command -v "$cobuild_tool" > /dev/null 2>&1; then cobuild_found="$cobuild_found $cobuild_tool"; fi
    done
    cobuild_fence "${cobuild_found# }"
}

# cobuild_fence_if_there FILE: answers whether there is such a file.
cobuild_fence_if_there() {
    if [ -f "$1" ]; then cobuild_fence there; else cobuild_fence absent; fi
}

# cobuild_script: runs the script.
cobuild_script() {
    cobuild_start "$cobuild_tmp/script.sh" < /dev/null 4>&1 2> /dev/null
}

# cobuild_run COMMAND: runs a command that hands its directory and variables on.
cobuild_run() {
    printf '%s\n%s\n%s%s%s\n' "$cobuild_preamble" "$1" "$cobuild_status" "$cobuild_forget" "$cobuild_save" \
        >| "$cobuild_tmp/script.sh"
    cobuild_script
    cobuild_fence "$?"
}

# cobuild_run_alone COMMAND: runs a command that hands nothing on (version 0.1).
cobuild_run_alone() {
    printf '%s\n%s\n' "$cobuild_preamble" "$1" >| "$cobuild_tmp/script.sh"
    cobuild_script
    cobuild_fence "$?"
}

# cobuild_evaluate SCRIPT: answers what a script prints, in one write between two fences, so
# that no background process gets in between.
cobuild_evaluate() {
    printf '%s\n%s\n' "$cobuild_preamble" "$1" >| "$cobuild_tmp/evaluate.sh"
    cobuild_result=$("$cobuild_shell" "$cobuild_tmp/evaluate.sh" < /dev/null 2> /dev/null)
    set -- "$?"
    printf '\036%s begin\036%s\036%s %s\036' "$cobuild_token" "$cobuild_result" "$cobuild_token" "$1"
}

# cobuild_print FILE: answers the text of a file between two fences. It is read by the shell alone: a
# build may have no PATH.
cobuild_print() {
    cobuild_fence begin
    while IFS= read -r cobuild_line || [ -n "$cobuild_line" ]; do
        printf '%s\n' "$cobuild_line"
    done < "$1"
    cobuild_fence 0
}
