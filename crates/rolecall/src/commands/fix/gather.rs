//! Denials made definite, whatever they come from.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::Denied;
use rolecall_grant::refusal::MissingRole;
use rolecall_rbac::{Identity, PolicyRule, Request, Resolved, Target, Text};

use super::input::Input;
use super::sense::Force;
use super::{Arguments, review, scan, sense};
use crate::cli::{Options, OutputOptions};
use crate::error::{CommandError, Hint};
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
    pub(crate) unresolved: Vec<Unresolved>,
    /// Reasons that other authorizers gave for denied requests.
    pub(crate) reasons: BTreeMap<(Identity, Request), Text>,
    /// Whether informers seem to have written the text, which list and then watch.
    pub(crate) is_from_informers: bool,
    /// How many logs were not read to their end, and so may hold further refusals.
    pub(crate) unread_logs: usize,
    /// Roles that a user's bindings refer to and that the server did not find.
    pub(crate) missing_roles: BTreeMap<String, BTreeSet<MissingRole>>,
}

/// Something that no Role fixes.
#[derive(Clone, Debug)]
pub(crate) struct Unresolved {
    /// What was found, as it stands there.
    pub(crate) text: String,
    /// Why no Role fixes it.
    pub(crate) because: String,
    /// Rules whose lack is the reason.
    pub(crate) missing: Vec<PolicyRule>,
    /// Whether it keeps somebody from something that RBAC decides.
    pub(crate) weight: Weight,
    /// What to do next.
    pub(crate) next: Vec<Hint>,
}

/// What an [`Unresolved`] says about the outcome.
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
    force: Force,
) -> Result<Gathered, CommandError> {
    let mut gathered = Gathered::default();
    match input {
        Input::Logs => {}
        Input::Question(arguments) => {
            ask(ui, options, session, arguments, subjects, &mut gathered)?
        }
        Input::Errors(name, found, clues) => {
            gathered.is_from_informers = clues.are_of_informers();
            let about = scan::About { subjects, namespace: session.namespace(), options };
            scan::take(&name, found, &about, &mut gathered);
        }
        Input::Reviews(reviews) => {
            review::take(ui, options, session, reviews, &mut gathered)?;
            leave_out_useless(session, force, &mut gathered);
        }
        Input::Matrix(denied) => {
            gathered.denied.extend(denied.into_iter().map(|denied| Denied {
                request: as_clients_ask(ui, session, &denied.request),
                ..denied
            }));
            leave_out_useless(session, force, &mut gathered);
        }
    }
    Ok(gathered)
}

/// Leaves out denials that no client can have met, as no request is made that way.
fn leave_out_useless(session: &Session, force: Force, gathered: &mut Gathered) {
    if force == Force::Anything {
        return;
    }
    let unresolved = &mut gathered.unresolved;
    gathered.denied.retain(|denied| {
        let Some(useless) = sense::useless(&denied.request, &session.catalog) else { return true };
        let place = match &*denied.found {
            "" => String::new(),
            found => format!("{found}: "),
        };
        unresolved.push(Unresolved {
            text: format!("{place}{} cannot {}", denied.identity.user, denied.request),
            because: useless.because,
            missing: Vec::new(),
            weight: Weight::Denied,
            next: Vec::new(),
        });
        false
    });
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
    let mut left_out = Vec::new();
    let (mut useful_verbs, mut useful_resources) = (BTreeSet::new(), BTreeSet::new());
    for verb in verbs {
        for resource in &resources {
            let mut told = false;
            for name in names {
                for namespace in session.namespaces(options) {
                    let question = Question {
                        verb,
                        resource,
                        subresource: &arguments.subresource,
                        name,
                        namespace: &namespace,
                        namespace_is_explicit: is_first && options.namespace.first().is_some(),
                    };
                    let request = question.to_request(&silent, session)?;
                    if let (Force::Known, Some(useless)) =
                        (arguments.force(), sense::useless(&request, &session.catalog))
                    {
                        if !told {
                            left_out.push((verb, *resource, request, useless));
                            told = true;
                        }
                        continue;
                    }
                    useful_verbs.insert(verb);
                    useful_resources.insert(*resource);
                    // What is odd about it is so for all names and namespaces.
                    if !told {
                        question.to_request(ui, session)?;
                        told = true;
                    }
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
    for (verb, resource, request, useless) in left_out {
        // Not every verb has to make sense with every resource, but each with some.
        if !useful_verbs.contains(verb) || !useful_resources.contains(resource) {
            return Err(useless.into_error(&request));
        }
        ui.warn(format!("`{verb} {resource}` is left out: {}", useless.because));
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
