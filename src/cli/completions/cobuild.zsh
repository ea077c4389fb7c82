#compdef cobuild
# Completes command lines of cobuild in zsh. cobuild itself says what can come next.
_cobuild() {
    local line value kind
    local -a lines values shown open opened
    lines=("${(@f)$(cobuild complete-words zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    kind=${lines[1]}
    for line in "${(@)lines[2,-1]}"; do
        value=${line%%$'\t'*}
        if [[ $value == *[/=:] ]]; then
            open+=("$value")
            opened+=("${line/$'\t'/  -- }")
        else
            values+=("$value")
            shown+=("${line/$'\t'/  -- }")
        fi
    done
    local -a how=(-l)
    [[ $kind == files ]] && how=(-f)
    (( $#values )) && compadd $how -V cobuild -d shown -a values
    (( $#open )) && compadd $how -V cobuild -S '' -d opened -a open
}
if [[ ${funcstack[1]} == _cobuild ]]; then
    _cobuild "$@"
else
    compdef _cobuild cobuild
fi
