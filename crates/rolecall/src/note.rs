//! Notes about the objects.

use rolecall_grant::Note;
use rolecall_source::cluster::NamespaceState;

use crate::answer::fix::Gathered;
use crate::cli::quote;
use crate::error::Hint;

/// Returns the text of a note, with a hint.
pub(crate) fn note_text(note: &Note) -> (String, Option<Hint>) {
    let hint = match note {
        Note::NoServiceAccount { .. } => {
            Some(Hint::pass("--create-serviceaccount", "also write the ServiceAccount"))
        }
        Note::DefaultServiceAccount { .. } => Some(Hint::pass(
            "--dedicated-serviceaccount --for deploy/NAME",
            "grant to a single workload",
        )),
        Note::NoNamespace { name } => Some(refusing_namespace(name, NamespaceState::Missing).1),
        Note::NameDropped { .. } => Some(Hint::pass("--keep-names", "limit it to the name anyway")),
        _ => None,
    };
    (text_of(note), hint)
}

fn text_of(note: &Note) -> String {
    match note {
        Note::NoServiceAccount { namespace, name } => {
            format!("ServiceAccount `{namespace}/{name}` does not exist yet")
        }
        Note::DefaultServiceAccount { namespace } => format!(
            "`default` is the ServiceAccount of every Pod in namespace `{namespace}` without a \
                 `serviceAccountName`: all of these Pods gain this access"
        ),
        Note::NoNamespace { name } => refusing_namespace(name, NamespaceState::Missing).0,
        Note::NothingToReuse { namespace } => {
            format!("no existing role is suitable {}; creating a new one", place(namespace))
        }
        Note::NothingToExtend { namespace } => {
            format!("no role is bound only to the subject {}; creating a new one", place(namespace))
        }
        Note::Aggregated { role } => format!(
            "ClusterRole `{role}` is aggregated: it also grants the rules of the roles that it selects"
        ),
        Note::NameInDoubt { namespace, name } => format!(
            "keeping `{name}` {} unchanged: its bindings could not be read",
            place(namespace)
        ),
        Note::NameTaken { namespace, name } => {
            format!("keeping `{name}` {} unchanged: rolecall does not manage it", place(namespace))
        }
        Note::WiderThanNamed { verb, resource } => {
            format!(
                "`{verb}` of `{resource}` cannot be limited to a name: granting it for all objects"
            )
        }
        Note::RunsPods { namespace } => format!(
            "this allows running Pods, and therefore acting as any ServiceAccount in namespace `{namespace}`"
        ),
        Note::Risk { risk } => format!(
            "this grant has a risk of {} severity{}: its holders can {} ({})",
            risk.severity,
            risk.namespace
                .as_ref()
                .map_or_else(String::new, |namespace| format!(" in namespace `{namespace}`")),
            risk.may(),
            risk.code
        ),
        Note::NameDropped { generated, verb, resource, name } => format!(
            "granting `{verb}` of `{resource}` for all names in the namespace instead of only \
                 `{name}`: {generated}"
        ),
        Note::NameKept { generated, verb, resource, name } => format!(
            "`{verb}` of `{resource}` is limited to `{name}`, which looks generated, and might be denied \
                 again soon: {generated}"
        ),
        Note::HalfOfImpersonation { verb } => format!(
            "impersonation also needs `{verb}` of the impersonated identity, in API group \
                 authentication.k8s.io"
        ),
    }
}

/// Returns why the server rejects objects in a namespace, with a hint.
pub(crate) fn refusing_namespace(name: &str, state: NamespaceState) -> (String, Hint) {
    match state {
        NamespaceState::Terminating => (
            format!("namespace `{name}` is being deleted: the server rejects new objects in it"),
            Hint::run(
                format!("kubectl wait --for=delete namespace {} --timeout=5m", quote(name)),
                "wait until it is deleted, then create it again",
            ),
        ),
        NamespaceState::Active | NamespaceState::Missing => (
            format!("namespace `{name}` does not exist yet"),
            Hint::run(
                format!("kubectl create namespace {}", quote(name)),
                "create it before you apply this",
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

/// Describes missing roles in the server's messages, which can be the whole problem.
pub(crate) fn missing_role_texts(gathered: &Gathered) -> impl Iterator<Item = String> {
    gathered.missing_roles.iter().map(|(who, roles)| {
        let names: Vec<String> =
            roles.iter().map(|role| format!("{} {}", role.kind, role.name)).collect();
        let (refer, do_not) = match roles.len() {
            1 => ("a binding refers", "which does not exist"),
            _ => ("bindings refer", "which do not exist"),
        };
        format!(
            "{refer} {who} to {}, {do_not}: creating it, or correcting the binding, might be \
             sufficient",
            names.join(" and "),
        )
    })
}
