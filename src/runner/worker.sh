# The worker: a shell whose program comes line by line from cobuild, which takes all decisions.
# Nothing here forks but a command's own shell, and nothing of it is seen by a command.
trap : TERM INT HUP
cobuild_tmp=/codebuild/output/tmp
cobuild_shell=sh

# Line by line what the agent puts before a command: its first line is the fourth.
cobuild_preamble='IFS= read -r PWD < /codebuild/output/tmp/dir.txt; cd -- "$PWD"
set -a
. /codebuild/output/tmp/env.sh'

# What the agent puts after it; an `exit` in the command leaves it out, and so loses its changes.
cobuild_epilogue='
CODEBUILD_LAST_EXIT=$?
export -p >| /codebuild/output/tmp/env.sh
pwd >| /codebuild/output/tmp/dir.txt
exit "$CODEBUILD_LAST_EXIT"'

# cobuild_select_shell SHELL: looks it up while PATH is still there.
cobuild_select_shell() {
    cobuild_shell=$(command -v "$1" || printf '%s' "$1")
}

# cobuild_write PATH TEXT
cobuild_write() {
    printf '%s' "$2" >| "$1"
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

# cobuild_fence_if_there FILE: answers whether there is such a file.
cobuild_fence_if_there() {
    if [ -f "$1" ]; then cobuild_fence there; else cobuild_fence absent; fi
}

# cobuild_run COMMAND: runs a command that hands its directory and variables on.
cobuild_run() {
    printf '%s\n%s\n%s\n' "$cobuild_preamble" "$1" "$cobuild_epilogue" >| "$cobuild_tmp/script.sh"
    "$cobuild_shell" "$cobuild_tmp/script.sh" < /dev/null
    cobuild_fence "$?"
}

# cobuild_run_alone COMMAND: runs a command that hands nothing on (version 0.1).
cobuild_run_alone() {
    printf '%s\n%s\n' "$cobuild_preamble" "$1" >| "$cobuild_tmp/script.sh"
    "$cobuild_shell" "$cobuild_tmp/script.sh" < /dev/null
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
