//! Denials made definite, whatever they come from.

use std::collections::BTreeMap;

use rolecall_grant::Denied;
use rolecall_rbac::{Identity, PolicyRule, Request, Resolved, Target, Text};

use super::input::Input;
use super::{Arguments, review, scan};
use crate::cli::{Options, OutputOptions};
use crate::error::CommandError;
use crate::load::Session;
use crate::question::Question;
use crate::subject::Subject;
use crate::ui::Ui;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The denied requests.
    pub(crate) denied: Vec<Denied>,
    /// What else was refused, or looks so.
    pub(crate) unmended: Vec<Unmended>,
    /// Reasons that other authorizers gave for denied requests.
    pub(crate) reasons: BTreeMap<(Identity, Request), Text>,
}

/// Something that no Role mends.
#[derive(Clone, Debug)]
pub(crate) struct Unmended {
    /// What was found, as it stands there.
    pub(crate) text: String,
    /// Why no Role mends it.
    pub(crate) because: String,
    /// Rules whose lack is the reason.
    pub(crate) missing: Vec<PolicyRule>,
    /// Whether it keeps somebody from something that RBAC decides.
    pub(crate) weight: Weight,
}

/// What an [`Unmended`] says about the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Somebody stays denied, and it is about RBAC.
    Denied,
    /// Something else than RBAC refused, or a text only looks like a refusal.
    Aside,
}

/// Makes the denials definite.
pub(super) fn gather(
    ui: &Ui,
    options: &Options,
    session: &Session,
    input: Input<'_>,
    subjects: &[Subject],
) -> Result<Gathered, CommandError> {
    let mut gathered = Gathered::default();
    match input {
        Input::Logs => {}
        Input::Question(arguments) => {
            ask(ui, options, session, arguments, subjects, &mut gathered)?
        }
        Input::Errors(name, found) => scan::take(&name, found, &mut gathered),
        Input::Reviews(reviews) => review::take(ui, options, session, reviews, &mut gathered)?,
        Input::Matrix(denied) => gathered.denied.extend(denied.into_iter().map(|denied| Denied {
            request: as_clients_ask(ui, session, &denied.request),
            ..denied
        })),
    }
    Ok(gathered)
}

/// Asks every combination of verbs, resources, names, namespaces and subjects.
fn ask(
    ui: &Ui,
    options: &Options,
    session: &Session,
    arguments: &Arguments,
    subjects: &[Subject],
    gathered: &mut Gathered,
) -> Result<(), CommandError> {
    let verbs = arguments.verb.iter().flat_map(|verbs| verbs.split(',').map(str::trim));
    let resources: Vec<&str> = arguments
        .resources
        .iter()
        .flat_map(|text| match text.starts_with('/') {
            true => vec![text.as_str()],
            false => text.split(',').map(str::trim).collect(),
        })
        .collect();
    let unnamed = [String::new()];
    let names = if arguments.names.is_empty() { &unnamed[..] } else { &arguments.names };
    let silent = Ui::new(&OutputOptions { quiet: true, ..options.output.clone() });
    let mut is_first = true;
    for verb in verbs {
        for resource in &resources {
            let mut told = false;
            for name in names {
                for namespace in session.namespaces(options) {
                    let question = Question {
                        verb,
                        resource,
                        name,
                        namespace: &namespace,
                        namespace_is_explicit: is_first && options.namespace.first().is_some(),
                    };
                    // What is odd about it is so for all names and namespaces.
                    let request = question.to_request(if told { &silent } else { ui }, session)?;
                    told = true;
                    gathered.denied.extend(
                        subjects
                            .iter()
                            .map(|subject| Denied::new(subject.identity.clone(), request.clone())),
                    );
                }
            }
        }
        is_first = false;
    }
    Ok(())
}

/// Returns a request as a client makes it where that asks for more: cluster-scoped resources have no
/// namespace, and a grant in one would be of no use to anybody. What is granted without a namespace
/// also allows the request as it was written.
pub(super) fn as_clients_ask(ui: &Ui, session: &Session, request: &Request) -> Request {
    let Target::Resource(target) = &request.target else { return request.clone() };
    let resolved = Resolved {
        group: target.group.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        served: session.catalog.get(&target.group, &target.resource),
    };
    let asked = session.catalog.request(&request.verb, &resolved, &target.namespace, &target.name);
    if !asked.namespace().is_empty() {
        return request.clone();
    }
    if !request.namespace().is_empty() {
        ui.note(format!(
            "`{}` is cluster-scoped: granted without regard to namespace `{}`",
            target.resource, target.namespace
        ));
    }
    asked
}
