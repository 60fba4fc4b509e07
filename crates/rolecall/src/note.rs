//! What to know before the objects are applied, in words.

use rolecall_grant::Note;
use rolecall_source::cluster::NamespaceState;

use crate::answer::fix::Gathered;
use crate::cli::quote;
use crate::error::Hint;

/// Says a note as a sentence, and what to do about it.
pub(crate) fn note_text(note: &Note) -> (String, Option<Hint>) {
    match note {
        Note::NoServiceAccount { namespace, name } => (
            format!("there is no ServiceAccount `{namespace}/{name}` yet"),
            Some(Hint::pass("--create-serviceaccount", "write the ServiceAccount, too")),
        ),
        Note::DefaultServiceAccount { namespace } => (
            format!(
                "`default` is the ServiceAccount of every Pod in namespace `{namespace}` that names \
                 none: all of them are granted this"
            ),
            Some(Hint::pass(
                "--dedicated-serviceaccount --for deploy/NAME",
                "grant to one workload alone",
            )),
        ),
        Note::NoNamespace { name } => {
            let (text, hint) = refusing_namespace(name, NamespaceState::Missing);
            (text, Some(hint))
        }
        Note::NothingToReuse { namespace } => {
            (format!("no existing role fits {}; a new one grants it", place(namespace)), None)
        }
        Note::NothingToExtend { namespace } => (
            format!(
                "no role is bound to the subject alone {}; a new one grants it",
                place(namespace)
            ),
            None,
        ),
        Note::Aggregated { role } => (
            format!("ClusterRole `{role}` is aggregated: it also grants what others add to it"),
            None,
        ),
        Note::NameInDoubt { namespace, name } => (
            format!(
                "`{name}` exists {}, and who is bound to it could not be read: it is left as it is",
                place(namespace)
            ),
            None,
        ),
        Note::NameTaken { namespace, name } => (
            format!("`{name}` {} belongs to somebody else and is left as it is", place(namespace)),
            None,
        ),
        Note::WiderThanNamed { verb, resource } => (
            format!("`{verb}` of `{resource}` cannot be limited to a name: it is granted for all"),
            None,
        ),
        Note::RunsPods { namespace } => (
            format!(
                "this lets it run Pods, and so act as any ServiceAccount of namespace `{namespace}`"
            ),
            None,
        ),
        Note::NameDropped { generated, verb, resource, name } => (
            format!(
                "`{verb}` of `{resource}` is granted for all names in the namespace rather than for \
                 `{name}` alone: {generated}"
            ),
            Some(Hint::pass("--keep-names", "limit it to the name all the same")),
        ),
        Note::NameKept { generated, verb, resource, name } => (
            format!(
                "`{verb}` of `{resource}` is limited to `{name}`, and may be denied again soon: \
                 {generated}"
            ),
            None,
        ),
        Note::HalfOfImpersonation { verb } => (
            format!(
                "this is half of what impersonation takes: `{verb}` of the identity that is taken on, \
                 in API group authentication.k8s.io, is the other"
            ),
            None,
        ),
    }
}

/// Says why the server refuses objects in a namespace, and what to do about it.
pub(crate) fn refusing_namespace(name: &str, state: NamespaceState) -> (String, Hint) {
    match state {
        NamespaceState::Terminating => (
            format!("namespace `{name}` is being deleted: the server refuses new objects in it"),
            Hint::run(
                format!("kubectl wait --for=delete namespace {} --timeout=5m", quote(name)),
                "wait until it is gone, then create it again",
            ),
        ),
        NamespaceState::Active | NamespaceState::Missing => (
            format!("there is no namespace `{name}` yet"),
            Hint::run(
                format!("kubectl create namespace {}", quote(name)),
                "create it before this is applied",
            ),
        ),
    }
}

fn place(namespace: &str) -> String {
    match namespace {
        "" => "in the cluster".to_owned(),
        namespace => format!("in namespace `{namespace}`"),
    }
}

/// Says which roles the server missed: one of them may be all that is wrong.
pub(crate) fn missing_role_texts(gathered: &Gathered) -> impl Iterator<Item = String> {
    gathered.missing_roles.iter().map(|(who, roles)| {
        let names: Vec<String> =
            roles.iter().map(|role| format!("{} {}", role.kind, role.name)).collect();
        let (refer, do_not) = match roles.len() {
            1 => ("a binding refers", "which does not exist"),
            _ => ("bindings refer", "which do not exist"),
        };
        format!(
            "{refer} {who} to {}, {do_not}: to create what is missing, or to correct the binding, may be \
             all that is needed",
            names.join(" and "),
        )
    })
}
