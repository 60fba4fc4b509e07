//! Each answer of the page equals the evaluator's.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rolecall_rbac::{
    Authorizer, Catalog, Gap, Identity, NamespaceSelection, Request, RequestScope, ResourceRequest,
    SubjectKind, WhoCan,
};

use crate::decoded::{Decoded, Grant, Holders, page};
use crate::universe;

#[test]
fn every_cell_has_the_holders_that_the_evaluator_finds() {
    universe::all().into_par_iter().for_each(|(universe, authorizer, catalog)| {
        let decoded = Decoded::of(&page(&authorizer, &catalog));
        let names: Vec<String> =
            authorizer.inventory().namespace_names().iter().map(ToString::to_string).collect();
        let mut places: Vec<Option<&str>> = vec![None];
        places.extend(names.iter().map(|name| Some(name.as_str())));
        for cell in 0..decoded.cells() {
            for place in &places {
                let ours = decoded.who_can(cell, *place);
                let theirs = asked(&authorizer, &catalog, &decoded, cell, *place, &ours);
                assert_eq!(ours, theirs, "{universe} {} {place:?}", cell_text(&decoded, cell));
            }
        }
    });
}

#[test]
fn every_subject_has_the_bindings_that_the_evaluator_finds() {
    for (universe, authorizer, catalog) in universe::all() {
        let decoded = Decoded::of(&page(&authorizer, &catalog));
        for subject in 0..decoded.rows("subjects") {
            let name = decoded.text("subjects", "name", subject);
            let identity = match decoded.number("subjects", "kind", subject) {
                0 => {
                    let namespace = decoded.text("subjects", "namespace", subject);
                    Identity::service_account(namespace, name)
                }
                1 => Identity::user(name),
                2 => Identity::group(name),
                _ => continue,
            };
            let theirs: BTreeSet<String> = authorizer
                .bindings_of(&identity)
                .iter()
                .map(|bound| {
                    let metadata = &bound.binding.metadata;
                    format!("{}/{}", metadata.namespace, metadata.name)
                })
                .collect();
            let shown = decoded.subject(subject);
            assert_eq!(decoded.bindings_of(subject), theirs, "{universe} {shown}");
            let list = decoded.number("subjects", "gaps", subject);
            assert_eq!(gaps(&decoded, list), texts(&authorizer.gaps_of(&identity)), "{shown}");
        }
    }
}

#[test]
fn gaps_leave_the_same_answers_open_as_for_the_command() {
    let (_, authorizer, catalog) = universe::fixture("unread-document");
    let decoded = Decoded::of(&page(&authorizer, &catalog));
    let request = Request::resource("get", ResourceRequest::default());
    let each = authorizer.who_can(&request, &NamespaceSelection::Each);
    assert!(!each.gaps.is_empty());
    let everywhere = decoded.data["gaps"]["everywhere"].as_u64().unwrap() as usize;
    assert_eq!(gaps(&decoded, everywhere), texts(&each.gaps));
    for namespace in 0..decoded.rows("namespaces") {
        let name = decoded.text("namespaces", "name", namespace);
        let request = request.clone().in_namespace(name);
        let there = authorizer.who_can(&request, &NamespaceSelection::OfRequest);
        let list = decoded.number("namespaces", "gaps", namespace);
        assert_eq!(gaps(&decoded, list), texts(&there.gaps), "{name}");
    }
}

#[test]
fn every_workload_runs_as_its_service_account() {
    let (_, authorizer, catalog) = universe::fixture("ns-1");
    let decoded = Decoded::of(&page(&authorizer, &catalog));
    let shown: Vec<(String, String)> = (0..decoded.rows("workloads"))
        .map(|row| {
            let kind = decoded.text("workloads", "kind", row);
            let name = decoded.text("workloads", "name", row);
            let accounts = decoded.number("workloads", "accounts", row);
            let accounts = decoded.data["subjectLists"][accounts].as_array().unwrap();
            let accounts: Vec<String> = accounts
                .iter()
                .map(|account| decoded.subject(account.as_u64().unwrap() as usize))
                .collect();
            (format!("{kind} {name}"), accounts.join(" "))
        })
        .collect();
    let expected: Vec<(String, String)> = authorizer
        .inventory()
        .workloads()
        .iter()
        .map(|workload| {
            let namespace = &workload.metadata.namespace;
            let accounts: Vec<String> = workload
                .pods
                .iter()
                .map(|pod| format!("sa/{namespace}:{}", pod.service_account_name()))
                .collect();
            (format!("{} {}", workload.kind, workload.metadata.name), accounts.join(" "))
        })
        .collect();
    assert_eq!(shown, expected);
    assert!(!shown.is_empty());
}

/// Asks the evaluator about a cell: for all objects, and for each name that the page shows.
fn asked(
    authorizer: &Authorizer,
    catalog: &Catalog,
    decoded: &Decoded,
    cell: usize,
    place: Option<&str>,
    ours: &Holders,
) -> Holders {
    let text = |column| decoded.text("cells", column, cell).into();
    let target = ResourceRequest {
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        ..ResourceRequest::default()
    };
    let request = Request::resource(text("verb"), target.clone());
    let scope = catalog.scope_of_request(&request);
    let at_cluster = matches!(scope, Some(RequestScope::Cluster | RequestScope::Itself));
    let selection = match place {
        None if at_cluster => NamespaceSelection::OfRequest,
        None => NamespaceSelection::Each,
        Some(_) => NamespaceSelection::OfRequest,
    };
    let at = if at_cluster { "" } else { place.unwrap_or_default() };
    let request = request.in_namespace(at);
    let all = grants(&authorizer.who_can(&request, &selection));
    let names: BTreeSet<&String> = ours.named.iter().map(|(_, name)| name).collect();
    let named = names.into_iter().flat_map(|name| {
        let target =
            ResourceRequest { name: name.as_str().into(), namespace: at.into(), ..target.clone() };
        let request = Request::resource(request.verb.clone(), target);
        let found = grants(&authorizer.who_can(&request, &selection));
        found.into_iter().map(|grant| (grant, name.clone())).collect::<Vec<_>>()
    });
    let named = named.filter(|(grant, _)| !all.contains(grant)).collect();
    Holders { all, named }
}

fn grants(found: &WhoCan<'_>) -> BTreeSet<Grant> {
    let grant = |holder: &rolecall_rbac::Holder<'_>| {
        let metadata = &holder.grant.binding.metadata;
        let subject = holder.grant.subject;
        // The page shows a ServiceAccount that is named as a user as a ServiceAccount.
        let shown = match subject.kind {
            SubjectKind::Group => format!("group/{}", subject.name),
            _ => {
                let identity = Identity::user(&holder.name());
                match identity.as_service_account() {
                    Some(account) => format!("sa/{}:{}", account.namespace, account.name),
                    None => account_or_user(holder),
                }
            }
        };
        (format!("{}/{}", metadata.namespace, metadata.name), shown)
    };
    found.holders.iter().map(grant).collect()
}

/// Names a subject whose user name is not that of a valid ServiceAccount.
fn account_or_user(holder: &rolecall_rbac::Holder<'_>) -> String {
    let subject = holder.grant.subject;
    match subject.effective_namespace(&holder.grant.binding.metadata) {
        Some(namespace) if subject.kind == SubjectKind::ServiceAccount => {
            format!("sa/{namespace}:{}", subject.name)
        }
        _ => format!("user/{}", subject.name),
    }
}

fn cell_text(decoded: &Decoded, cell: usize) -> String {
    ["verb", "group", "resource", "subresource"]
        .map(|column| decoded.text("cells", column, cell))
        .join(" ")
}

fn gaps(decoded: &Decoded, list: usize) -> BTreeSet<String> {
    let positions = decoded.data["gapLists"][list].as_array().unwrap();
    let positions = positions.iter().map(|gap| gap.as_u64().unwrap() as usize);
    positions.map(|gap| decoded.text("gaps", "text", gap).to_owned()).collect()
}

fn texts(gaps: &[Gap]) -> BTreeSet<String> {
    gaps.iter().map(ToString::to_string).collect()
}
