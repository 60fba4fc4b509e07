//! Command lines after which kubectl and helm read a kubeconfig instead of the Pod's own token.

use super::Word;
use super::word::Part;

/// The variable that names the kubeconfig.
pub(super) const VARIABLE: &str = "KUBECONFIG";

/// Returns whether later command lines find a kubeconfig, because a command writes one
/// (`aws eks update-kubeconfig`, `kubectl config use-context`) or names the default one.
pub(super) fn is_there_after(line: &[Word]) -> bool {
    line.iter().any(|word| names(word) || is_set_to_write(word)) || is_config_or_login(line)
}

/// Returns whether a word names the default kubeconfig.
pub(super) fn names(word: &Word) -> bool {
    let variable = |part: &Part| matches!(part, Part::Variable(name) if name == VARIABLE);
    word.parts.iter().any(variable) || word.to_string().ends_with(".kube/config")
}

/// Returns whether a word assigns the variable.
pub(super) fn is_assigned_by(word: &Word) -> bool {
    word.strip_prefix(VARIABLE).is_some_and(|rest| rest.start().starts_with('='))
}

/// `aws eks update-kubeconfig`, `doctl kubernetes cluster kubeconfig save`, `az aks get-credentials`.
fn is_set_to_write(word: &Word) -> bool {
    word.known().is_some_and(|text| {
        text == "get-credentials" || (text.ends_with("kubeconfig") && !text.starts_with(['-', '/']))
    })
}

/// `kubectl config use-context prod`, `oc login`.
fn is_config_or_login(line: &[Word]) -> bool {
    let mut words = line.iter().map(|word| word.known().unwrap_or_default());
    if !words.any(|word| matches!(word.rsplit('/').next(), Some("kubectl" | "oc"))) {
        return false;
    }
    let mut operands = words.filter(|word| !word.starts_with('-'));
    match operands.next() {
        Some("config") => operands.next().is_some_and(|change| {
            change.starts_with("set") || matches!(change, "use" | "use-context")
        }),
        Some("login") => true,
        _ => false,
    }
}
