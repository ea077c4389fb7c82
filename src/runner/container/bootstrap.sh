# The container's main process. Standard output and error are one stream from here on, since the
# engine would not keep their order.
exec 2>&1
trap : TERM INT HUP
# The relay hands cobuild's lines to the worker. It sees the end of its input even while a command
# runs, and then takes everything down: so the container ends when cobuild does, however that ends.
# A line that begins with the token is for the relay itself: a signal for everything else, the end of
# a breakpoint, or the wish that the container stays for somebody to look into it.
{
    # A command may signal its whole group, to which the relay belongs.
    trap '' TERM INT HUP
    IFS= read -r cobuild_token
    while IFS= read -r cobuild_line; do
        case $cobuild_line in
            "$cobuild_token resume") rm -f /codebuild/user/debug/breakpoint.* ;;
            "$cobuild_token keep")
                # cobuild waits for this: what it writes last may be lost with its connection.
                printf '\036%s kept\036' "$cobuild_token" >&2
                while :; do sleep 3600; done
                ;;
            "$cobuild_token "*) kill "-${cobuild_line#* }" -1 ;;
            *) printf '%s\n' "$cobuild_line" ;;
        esac
    done
    kill -KILL -1
} | {
    # A subshell begins without the traps of its parent.
    trap : TERM INT HUP
    # Shells that count their depth begin again: a command is one below the agent.
    unset SHLVL
    sh
    # Without the worker nothing would ever answer.
    kill -KILL -1
}
