_rolecall() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(ROLECALL_COMPLETE=bash ROLECALL_WORDBREAKS="$COMP_WORDBREAKS" \
        "${1/#\~/$HOME}" -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o default -o nosort -F _rolecall rolecall 2>/dev/null ||
    complete -o bashdefault -o default -F _rolecall rolecall
