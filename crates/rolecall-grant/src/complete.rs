//! The next requests of typical clients: informers, leader election and Helm.

use std::collections::BTreeSet;

use rolecall_rbac::{Catalog, Request, ResourceRequest, Target, Text};

use crate::denied::Denied;
use crate::generated::Generated;

/// Returns the requests that usually follow denied ones, each with the denial it follows: an
/// informer that lists then watches, and a client that gets a lease creates and renews it. The
/// result does not include the denied requests.
pub fn follow_ups(denied: &[Denied], catalog: &Catalog) -> Vec<Denied> {
    let asked: BTreeSet<(&Text, &Request)> =
        denied.iter().map(|denied| (&denied.identity.user, &denied.request)).collect();
    let mut follow_ups = Vec::new();
    for denied in denied {
        let Target::Resource(target) = &denied.request.target else { continue };
        for request in after(&denied.request.verb, target) {
            if is_served(&request, catalog) && !asked.contains(&(&denied.identity.user, &request)) {
                follow_ups.push(Denied {
                    identity: denied.identity.clone(),
                    request,
                    found: format!("follows {}", denied.request.verb).into(),
                });
            }
        }
    }
    follow_ups.sort();
    follow_ups.dedup_by(|later, earlier| {
        later.identity == earlier.identity && later.request == earlier.request
    });
    follow_ups
}

fn after(verb: &str, target: &ResourceRequest) -> Vec<Request> {
    let same = |verb: &str| Request::resource(verb, target.clone());
    if !target.subresource.is_empty() {
        return Vec::new();
    }
    let is_helm = Generated::of(&same("get")) == Some(Generated::HelmRelease);
    match (&*target.group, &*target.resource, verb) {
        _ if is_helm => ["create", "delete", "get", "list", "update"]
            .into_iter()
            .map(|verb| Request::resource(verb, unnamed(target)))
            .collect(),
        ("coordination.k8s.io", "leases", "get" | "create" | "update" | "patch") => {
            leader_election(target)
        }
        ("", "configmaps" | "endpoints", "get" | "create" | "update") if is_lock(&target.name) => {
            leader_election(target)
        }
        ("" | "events.k8s.io", "events", "create" | "patch") => ["create", "patch"]
            .into_iter()
            .map(|verb| Request::resource(verb, unnamed(target)))
            .collect(),
        // An informer lists, then watches, and lists again when its resource version expires.
        (_, _, "list") => vec![same("watch")],
        (_, _, "watch") => vec![same("list")],
        _ => Vec::new(),
    }
}

/// Returns the requests of a leader election candidate for its lock and its events.
fn leader_election(lock: &ResourceRequest) -> Vec<Request> {
    let event = |group: &str| ResourceRequest {
        namespace: lock.namespace.clone(),
        group: group.into(),
        resource: "events".into(),
        ..ResourceRequest::default()
    };
    let mut requests = vec![
        Request::resource("create", unnamed(lock)),
        Request::resource("get", lock.clone()),
        Request::resource("update", lock.clone()),
    ];
    // The kubelets' leases are not election locks.
    if &*lock.namespace != "kube-node-lease" {
        for group in ["", "events.k8s.io"] {
            requests.push(Request::resource("create", event(group)));
            requests.push(Request::resource("patch", event(group)));
        }
    }
    requests
}

/// Returns whether an object other than a Lease is named like a lock.
fn is_lock(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["leader", "election", "lock"].iter().any(|word| name.contains(word))
}

fn unnamed(target: &ResourceRequest) -> ResourceRequest {
    ResourceRequest { name: "".into(), ..target.clone() }
}

/// Returns whether a server can serve a request; unknown resources count as served.
fn is_served(request: &Request, catalog: &Catalog) -> bool {
    let Target::Resource(target) = &request.target else { return false };
    // Metrics are computed on request and cannot be watched.
    let is_computed = target.group.ends_with("metrics.k8s.io") && &*request.verb == "watch";
    let served = catalog.get(&target.group, &target.resource);
    !is_computed && served.is_none_or(|served| served.verbs.contains(&request.verb))
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::Identity;

    use super::*;

    fn after(verb: &str, group: &str, resource: &str, name: &str) -> Vec<String> {
        let target = ResourceRequest {
            namespace: "shop".into(),
            group: group.into(),
            resource: resource.into(),
            name: name.into(),
            ..ResourceRequest::default()
        };
        let denied = Denied::new(Identity::user("jane"), Request::resource(verb, target));
        let shown = |denied: &Denied| {
            let Target::Resource(target) = &denied.request.target else { return String::new() };
            let group =
                if target.group.is_empty() { String::new() } else { format!(".{}", target.group) };
            let name =
                if target.name.is_empty() { String::new() } else { format!(" {}", target.name) };
            format!("{} {}{group}{name}", denied.request.verb, target.resource)
        };
        follow_ups(&[denied], &Catalog::default()).iter().map(shown).collect()
    }

    #[test]
    fn denied_requests_have_typical_follow_ups() {
        const EVENTS: [&str; 4] = [
            "create events",
            "create events.events.k8s.io",
            "patch events",
            "patch events.events.k8s.io",
        ];
        let election = |lock: &[&str]| {
            let mut requests: Vec<String> =
                EVENTS.iter().chain(lock).map(|text| (*text).to_owned()).collect();
            requests.sort();
            requests
        };
        let sorted = |mut requests: Vec<String>| {
            requests.sort();
            requests
        };
        assert_eq!(after("list", "", "pods", ""), ["watch pods"]);
        assert_eq!(after("watch", "apps", "deployments", ""), ["list deployments.apps"]);
        assert_eq!(after("list", "metrics.k8s.io", "pods", ""), [""; 0]);
        assert_eq!(after("get", "", "pods", "web-0"), [""; 0]);
        assert_eq!(after("create", "", "events", ""), ["patch events"]);
        let lease = "coordination.k8s.io";
        assert_eq!(
            sorted(after("get", lease, "leases", "op")),
            election(&[
                "create leases.coordination.k8s.io",
                "update leases.coordination.k8s.io op"
            ])
        );
        assert_eq!(
            sorted(after("update", "", "configmaps", "op-leader")),
            election(&["create configmaps", "get configmaps op-leader"])
        );
        assert_eq!(after("get", "", "configmaps", "settings"), [""; 0]);
        assert_eq!(
            sorted(after("get", "", "secrets", "sh.helm.release.v1.rel.v7")),
            ["create secrets", "delete secrets", "get secrets", "list secrets", "update secrets"]
        );
    }
}
