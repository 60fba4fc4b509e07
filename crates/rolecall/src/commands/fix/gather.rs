//! The denials from any kind of input.

use std::collections::BTreeSet;

use rolecall_grant::Denied;
use rolecall_rbac::Identity;

use super::input::Input;
use super::sense::Force;
use super::{Arguments, release, review, scan, sense};
use crate::answer::fix::{Gathered, Unresolved, Weight};
use crate::cli::Options;
use crate::error::CommandError;
use crate::load::Session;
use crate::question::Question;
use crate::remedy;
use crate::subject::Subject;
use crate::ui::Ui;

/// Collects the denials from the input.
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
            let about = scan::About { subjects, session, options };
            scan::take(&name, found, &about, &mut gathered);
        }
        Input::Reviews(reviews) => {
            review::take(ui, options, session, reviews, &mut gathered)?;
            leave_out_useless(session, force, &mut gathered);
        }
        Input::Releases(releases) => {
            let identities: Vec<Identity> =
                subjects.iter().map(|subject| subject.identity.clone()).collect();
            gathered.denied.extend(release::take(ui, session, &releases, &identities));
        }
        Input::Audit(denied) => {
            gathered.denied.extend(denied);
            leave_out_useless(session, force, &mut gathered);
        }
        Input::Matrix(denied) => {
            gathered.denied.extend(denied.into_iter().map(|denied| Denied {
                request: sense::as_clients_ask(ui, session, &denied.request),
                ..denied
            }));
            leave_out_useless(session, force, &mut gathered);
        }
    }
    Ok(gathered)
}

/// Removes denials of impossible requests.
fn leave_out_useless(session: &Session, force: Force, gathered: &mut Gathered) {
    if force == Force::Anything {
        return;
    }
    let unresolved = &mut gathered.unresolved;
    gathered.denied.retain(|denied| {
        let Some(useless) = remedy::useless(&denied.request, &session.catalog) else {
            return true;
        };
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

/// Removes denials of identities that no request comes from, such as a user with the name of a group.
pub(super) fn leave_out_dead(gathered: &mut Gathered) {
    let unresolved = &mut gathered.unresolved;
    gathered.denied.retain(|denied| {
        let Some(because) = remedy::dead(&denied.identity) else { return true };
        let place = match &*denied.found {
            "" => String::new(),
            found => format!("{found}: "),
        };
        unresolved.push(Unresolved {
            text: format!("{place}{} cannot {}", denied.identity.user, denied.request),
            because,
            missing: Vec::new(),
            weight: Weight::Denied,
            next: Vec::new(),
        });
        false
    });
}

/// Checks every combination of verbs, resources, names, namespaces and subjects.
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
    let silent = ui.quiet();
    let mut is_first = true;
    let mut left_out = Vec::new();
    let (mut useful_verbs, mut useful_resources) = (BTreeSet::new(), BTreeSet::new());
    for verb in verbs {
        for resource in &resources {
            let mut warned = false;
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
                        (arguments.force(), remedy::useless(&request, &session.catalog))
                    {
                        if !warned {
                            left_out.push((verb, *resource, request, useless));
                            warned = true;
                        }
                        continue;
                    }
                    useful_verbs.insert(verb);
                    useful_resources.insert(*resource);
                    // Warnings are the same for all names and namespaces.
                    if !warned {
                        question.to_request(ui, session)?;
                        warned = true;
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
        // A verb must apply to at least one resource, but not to every resource.
        if !useful_verbs.contains(verb) || !useful_resources.contains(resource) {
            return Err(useless.into_error(&request));
        }
        ui.warn(format!("ignoring `{verb} {resource}`: {}", useless.because));
    }
    Ok(())
}
