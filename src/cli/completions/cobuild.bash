# Completes command lines of cobuild in bash. cobuild itself says what can come next.
_cobuild() {
    local line=${COMP_LINE:0:COMP_POINT} last=-1 index word kind value help
    local -a words=()
    # bash breaks words at `:` and `=`; what no blank separates belongs together.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index == 0)) || [[ $line == [[:space:]]* ]]; then
            last=$((last + 1))
            words[last]=
        fi
        line=${line#"${line%%[![:space:]]*}"}
        if [[ $line == "$word"* ]]; then
            line=${line#"$word"}
        else
            # The cursor stands within the word.
            word=$line
            line=
        fi
        words[last]+=$word
    done
    COMPREPLY=()
    {
        IFS= read -r kind
        while IFS=$'\t' read -r value help; do
            if [[ $kind == files ]] && compopt -o filenames 2>/dev/null; then
                COMPREPLY+=("$value")
            else
                printf -v word %q "$value"
                # Within open quotes nothing that would need quotes can be offered.
                if [[ $word == "$value" || ${words[last]} != [\"\']* ]]; then
                    COMPREPLY+=("$word")
                fi
            fi
        done
    } < <(cobuild complete-words bash "--part=$2" -- "${words[@]}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _cobuild cobuild
