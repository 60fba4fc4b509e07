//! The names of the tools whose command lines are understood.

use super::Tool;
use super::word::base_name;

/// Returns the tool that a command runs.
pub(super) fn tool_of(command: &str) -> Option<Tool> {
    match base_name(command) {
        "kubectl" | "k3s-kubectl" => Some(Tool::Kubectl),
        "oc" => Some(Tool::Oc),
        "helm" => Some(Tool::Helm),
        "curl" | "wget" => Some(Tool::Http),
        _ => None,
    }
}
