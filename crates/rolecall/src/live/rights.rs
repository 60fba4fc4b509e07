//! Commands that grant the caller missing permissions.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Identity;
use rolecall_source::cluster::ForbiddenList;

use crate::cli::quote;
use crate::error::Hint;
use crate::resolved::label;

/// Returns the commands that grant forbidden lists with the fewest permissions: one for lists at cluster
/// scope, and one per namespace. There are none for an unknown user.
pub(crate) fn to_read(forbidden: &[ForbiddenList]) -> Vec<Hint> {
    let mut wanted: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    // An anonymous caller needs credentials instead of permissions.
    let known =
        forbidden.iter().filter(|list| !list.user.is_empty() && *list.user != *"system:anonymous");
    for list in known {
        let resource = match list.collection.group {
            "" => list.collection.resource.to_owned(),
            group => format!("{}.{group}", list.collection.resource),
        };
        wanted.entry((&list.user, &list.namespace)).or_default().insert(resource);
    }
    let commands = wanted.into_iter().map(|((user, namespace), resources)| {
        let resources = resources.into_iter().collect::<Vec<_>>().join(",");
        let command = fix(&format!("list {resources}"), user, namespace);
        Hint::delegate(command, "let rolecall read the forbidden lists")
    });
    commands.collect()
}

/// Returns the command that grants a caller access reviews for others in a namespace.
pub(crate) fn to_review(caller: &str, namespace: &str) -> Hint {
    let resource = match namespace {
        "" => "subjectaccessreviews.authorization.k8s.io",
        _ => "localsubjectaccessreviews.authorization.k8s.io",
    };
    Hint::delegate(
        fix(&format!("create {resource}"), caller, namespace),
        "let the server answer questions about others",
    )
}

fn fix(what: &str, user: &str, namespace: &str) -> String {
    let who = quote(&label(&Identity::user(user)));
    let place = match namespace {
        "" => "-A".to_owned(),
        namespace => format!("-n {}", quote(namespace)),
    };
    format!("rolecall fix {what} --for {who} {place} | kubectl apply -f -")
}

#[cfg(test)]
mod tests {
    use rolecall_source::cluster::Needs;

    use super::*;

    fn forbidden(user: &str, namespace: &str, resource: &str) -> ForbiddenList {
        let collections = Needs::everything().collections();
        let collection = collections.into_iter().find(|it| it.resource == resource).unwrap();
        ForbiddenList { collection, namespace: namespace.into(), user: user.into() }
    }

    fn shown(hints: &[Hint]) -> Vec<String> {
        hints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rights_are_no_more_than_the_refused_lists_need() {
        let account = "system:serviceaccount:ops:rolecall";
        let lists = [
            forbidden(account, "", "clusterroles"),
            forbidden(account, "", "namespaces"),
            forbidden(account, "shop", "rolebindings"),
        ];
        assert_eq!(
            shown(&to_read(&lists)),
            [
                "have an administrator run `rolecall fix list \
                 clusterroles.rbac.authorization.k8s.io,namespaces --for sa/ops:rolecall -A \
                 | kubectl apply -f -` to let rolecall read the forbidden lists",
                "have an administrator run `rolecall fix list \
                 rolebindings.rbac.authorization.k8s.io --for sa/ops:rolecall -n shop \
                 | kubectl apply -f -` to let rolecall read the forbidden lists",
            ]
        );
    }

    #[test]
    fn reviews_of_others_need_the_smaller_right_in_a_namespace() {
        assert_eq!(
            shown(&[to_review("jane doe", "shop"), to_review("jane", "")]),
            [
                "have an administrator run `rolecall fix create \
                 localsubjectaccessreviews.authorization.k8s.io --for 'user/jane doe' -n shop \
                 | kubectl apply -f -` to let the server answer questions about others",
                "have an administrator run `rolecall fix create \
                 subjectaccessreviews.authorization.k8s.io --for user/jane -A \
                 | kubectl apply -f -` to let the server answer questions about others",
            ]
        );
    }

    #[test]
    fn an_unknown_caller_gets_no_hint() {
        let lists = [forbidden("", "", "pods"), forbidden("system:anonymous", "", "pods")];
        assert_eq!((to_read(&[]), to_read(&lists)), (Vec::new(), Vec::new()));
    }
}
