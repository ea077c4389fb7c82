# Completes command lines of cobuild in fish. cobuild itself says what can come next.
function __cobuild_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l lines (cobuild complete-words fish -- $words "$current" 2>/dev/null)
    printf '%s\n' $lines[2..-1]
end
complete --command cobuild --no-files --keep-order --arguments '(__cobuild_complete)'
