# The worker: a shell whose program comes line by line from cobuild, which takes all decisions.
# Nothing here forks but a command's own shell, and nothing of it is seen by a command.
trap : TERM INT HUP
cobuild_tmp=/codebuild/output/tmp
cobuild_shell=sh
cobuild_switch=
cobuild_missing=
cobuild_killed_file=
for cobuild_word in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    if [ -r "$cobuild_word" ]; then cobuild_killed_file=$cobuild_word; fi
done

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

# cobuild_tell COMMAND [WORD…]: runs a tool of the image and answers its status.
cobuild_tell() {
    cobuild_system "$@"
    cobuild_fence "$?"
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
    # Whoever runs a command writes its state, and opens the log anew by /dev/stdout and /dev/stderr.
    cobuild_system chmod 666 "$cobuild_tmp/env.sh" "$cobuild_tmp/dir.txt"
    cobuild_system chmod a+w /proc/self/fd/1 2> /dev/null
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

# cobuild_make_way PATH: takes away what is no file, such as a pipe that nobody reads.
cobuild_make_way() {
    if [ -e "$1" ] && ! [ -f "$1" ]; then rm -rf -- "$1"; fi
}

# cobuild_write PATH TEXT
cobuild_write() {
    cobuild_make_way "$1"
    printf '%s' "$2" >| "$1"
}

# cobuild_write_library PATH: writes the text that came with the container, which nobody is to see.
cobuild_write_library() {
    cobuild_write "$1" "$COBUILD_LIBRARY"
    unset COBUILD_LIBRARY
}

# cobuild_append PATH TEXT
cobuild_append() {
    cobuild_make_way "$1"
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

# cobuild_count_killed: counts what the kernel has killed in the container for lack of memory. Both kinds
# of control groups tell it in a line of its own.
cobuild_count_killed() {
    cobuild_number=0
    if [ -n "$cobuild_killed_file" ]; then
        while IFS=' ' read -r cobuild_word cobuild_rest; do
            case $cobuild_word in oom_kill) cobuild_number=$cobuild_rest ;; esac
        done < "$cobuild_killed_file"
    fi
} 2> /dev/null

# cobuild_script: runs the script and answers its status; after a failure for which memory may have been
# lacking, `oom` too.
cobuild_script() {
    cobuild_count_killed
    cobuild_killed=$cobuild_number
    cobuild_start "$cobuild_tmp/script.sh" < /dev/null 4>&1 2> /dev/null
    set -- "$?"
    if [ "$1" -ne 0 ]; then
        cobuild_count_killed
        if [ "$cobuild_number" != "$cobuild_killed" ]; then set -- "$1 oom"; fi
    fi
    cobuild_fence "$1"
}

# cobuild_run COMMAND: runs a command that hands its directory and variables on.
cobuild_run() {
    printf '%s\n%s\n%s%s%s\n' "$cobuild_preamble" "$1" "$cobuild_status" "$cobuild_forget" "$cobuild_save" \
        >| "$cobuild_tmp/script.sh"
    cobuild_script
}

# cobuild_run_alone COMMAND: runs a command that hands nothing on (version 0.1).
cobuild_run_alone() {
    printf '%s\n%s\n' "$cobuild_preamble" "$1" >| "$cobuild_tmp/script.sh"
    cobuild_script
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

# cobuild_find NAME: answers the path of a program, or nothing.
cobuild_find() {
    cobuild_fence "$(cobuild_system command -v "$1")"
}

# cobuild_daemon LOG EXPORTS WORD…: starts a daemon that writes into LOG; how it ends is kept in a file.
cobuild_daemon() {
    cobuild_system mkdir -p "${1%/*}"
    (
        cobuild_exports=$2
        shift 2
        (
            PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            export PATH
            eval "$cobuild_exports"
            exec "$@"
        )
        printf '%s\n' "$?" >| "$cobuild_tmp/daemon.txt"
    ) < /dev/null > "$1" 2>&1 &
}

# cobuild_daemon_state LOG: answers `ready`, `waiting`, or `ended` with a status. Without a client it is the
# log that tells whether the daemon listens.
cobuild_daemon_state() {
    if [ -s "$cobuild_tmp/daemon.txt" ]; then
        read -r cobuild_word < "$cobuild_tmp/daemon.txt"
        cobuild_system rm -f "$cobuild_tmp/daemon.txt"
        cobuild_fence "ended $cobuild_word"
        return
    fi
    cobuild_state=waiting
    if cobuild_system command -v docker > /dev/null; then
        if cobuild_system docker info > /dev/null 2>&1; then cobuild_state=ready; fi
    elif [ -e "$1" ]; then
        while IFS= read -r cobuild_line; do
            case $cobuild_line in *'API listen on'*) cobuild_state=ready ;; esac
        done < "$1"
    fi
    cobuild_fence "$cobuild_state"
}

# cobuild_trust FILE PEM…: adds certificates to those that the image trusts, with its own tool, else to
# its bundles, and writes them to FILE. Programs that look elsewhere are told by variables, unless the build
# has set them. Answers `trusted` or `failed`.
cobuild_trust() {
    cobuild_own=$1
    shift
    for cobuild_tool in update-ca-certificates update-ca-trust none; do
        if cobuild_system command -v "$cobuild_tool" > /dev/null; then break; fi
    done
    cobuild_bundles='/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt
        /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem'
    case $cobuild_tool in
        update-ca-certificates) cobuild_place=/usr/local/share/ca-certificates ;;
        update-ca-trust)
            cobuild_place=/etc/pki/ca-trust/source/anchors
            cobuild_bundles="/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem $cobuild_bundles"
            ;;
    esac
    cobuild_store=
    if ! { [ "$cobuild_tool" != none ] && cobuild_anchor "$@"; }; then
        for cobuild_word in $cobuild_bundles; do
            if [ -s "$cobuild_word" ] && cobuild_append_all "$cobuild_word" "$@"; then
                cobuild_store=${cobuild_store:-$cobuild_word}
            fi
        done
        if [ -z "$cobuild_store" ]; then
            cobuild_store=/etc/ssl/certs/ca-certificates.crt
            cobuild_system mkdir -p /etc/ssl/certs
            cobuild_append_all "$cobuild_store" "$@" || { cobuild_fence failed; return; }
        fi
    fi
    for cobuild_word in $cobuild_bundles; do
        if [ -z "$cobuild_store" ] && [ -s "$cobuild_word" ]; then cobuild_store=$cobuild_word; fi
    done
    # These take the place of the store that a program brings, so they name all that the image trusts.
    for cobuild_word in SSL_CERT_FILE CURL_CA_BUNDLE GIT_SSL_CAINFO REQUESTS_CA_BUNDLE PIP_CERT AWS_CA_BUNDLE \
        CARGO_HTTP_CAINFO; do
        if [ -n "$cobuild_store" ]; then cobuild_default "$cobuild_word" "$cobuild_store"; fi
    done
    # Node adds this one to its own.
    cobuild_write "$cobuild_own" ''
    if cobuild_append_all "$cobuild_own" "$@"; then cobuild_default NODE_EXTRA_CA_CERTS "$cobuild_own"; fi
    cobuild_fence trusted
}

# cobuild_anchor PEM…: adds certificates to the store of the image, with its tool.
cobuild_anchor() {
    cobuild_system mkdir -p "$cobuild_place" || return
    cobuild_number=0
    for cobuild_word do
        cobuild_number=$((cobuild_number + 1))
        cobuild_write "$cobuild_place/codebuild-$cobuild_number.crt" "$cobuild_word"
    done
    cobuild_system "$cobuild_tool" < /dev/null
}

# cobuild_default NAME VALUE: exports a variable to the commands, unless it is set.
cobuild_default() {
    printf 'export %s="${%s-%s}"\n' "$1" "$1" "$2" >> "$cobuild_tmp/env.sh"
}

# cobuild_append_all FILE TEXT…
cobuild_append_all() {
    cobuild_file=$1
    shift
    # A pipe would wait for its reader.
    if [ -e "$cobuild_file" ] && ! [ -f "$cobuild_file" ]; then return 1; fi
    for cobuild_text do cobuild_append "$cobuild_file" "$cobuild_text" || return; done
}
