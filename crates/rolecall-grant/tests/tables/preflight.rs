use rolecall_grant::{
    Config, HeldRules, Object, Permission, Rights, preflight, requests_of_preflight,
    requests_to_apply,
};
use rolecall_rbac::{PolicyRule, Request};
use serde_json::{Value, json};

use crate::support::{authorizer, binding, fix, ours, pods, role};

/// Rights that are the same in every namespace.
struct Fixed {
    may: fn(&Request) -> Permission,
    rules: Vec<PolicyRule>,
    incomplete: bool,
}

impl Rights for Fixed {
    fn may(&self, request: &Request) -> Permission {
        (self.may)(request)
    }

    fn rules(&self, _: &str) -> HeldRules {
        let incomplete = if self.incomplete { vec!["forbidden".into()] } else { vec![] };
        HeldRules { rules: self.rules.clone(), incomplete }
    }
}

fn objects(before: &[Value]) -> Vec<Object> {
    fix(&authorizer(before), &["list pods in shop"], &Config::default()).objects
}

fn held() -> Vec<PolicyRule> {
    let object = objects(&[]);
    let Some(Object::Role(granted)) = object.iter().find(|object| object.kind() == "Role") else {
        panic!("no role in {object:?}")
    };
    granted.role.rules.to_vec()
}

fn is_pass(request: &Request) -> bool {
    matches!(&*request.verb, "escalate" | "bind")
}

#[test]
fn an_object_is_created_or_patched_by_its_existence() {
    let verbs = |before: &[Value], in_doubt: &[usize]| -> Vec<String> {
        let objects = objects(&[]);
        let requests = requests_to_apply(&authorizer(before), &objects, in_doubt);
        let mut verbs: Vec<String> =
            requests.iter().map(|request| request.verb.to_string()).collect();
        verbs.sort();
        verbs
    };
    let objects = objects(&[]);
    assert_eq!(objects.len(), 2);
    assert_eq!(verbs(&[], &[]), ["create", "create", "get", "get"]);
    assert_eq!(verbs(&[], &[0]), ["create", "create", "get", "get", "patch"]);
    let existing: Vec<Value> = objects
        .iter()
        .map(|object| {
            let name = &*object.metadata().name;
            match object.kind() {
                "Role" => ours(role("shop", name, pods())),
                _ => ours(binding("shop", name, ("Role", name), &["api"])),
            }
        })
        .collect();
    assert_eq!(verbs(&existing, &[]), ["get", "get", "patch", "patch"]);
    let with_passes = requests_of_preflight(&authorizer(&[]), &objects, &[]);
    assert_eq!(with_passes.iter().filter(|request| is_pass(request)).count(), 2);
}

#[test]
fn escalations_depend_on_held_rules_and_on_the_verbs_that_bypass_the_check() {
    let yes = |_: &Request| Permission::Yes;
    let no = |_: &Request| Permission::No;
    let only_writes =
        |request: &Request| if is_pass(request) { Permission::No } else { Permission::Yes };
    let unknown = |request: &Request| match is_pass(request) {
        true => Permission::Unknown(vec!["not read".into()]),
        false => Permission::Yes,
    };
    let is_allowed = |may, rules, incomplete| {
        let objects = objects(&[]);
        let found = preflight(&authorizer(&[]), &objects, &[], &Fixed { may, rules, incomplete });
        (found.denied.len(), found.escalations.len(), found.undecided.len(), found.is_clear())
    };
    assert_eq!(is_allowed(yes, vec![], false), (0, 0, 0, true));
    assert_eq!(is_allowed(only_writes, vec![], false), (0, 2, 0, false));
    assert_eq!(is_allowed(only_writes, held(), false), (0, 0, 0, true));
    assert_eq!(is_allowed(only_writes, vec![], true), (0, 0, 2, false));
    assert_eq!(is_allowed(unknown, vec![], false), (0, 0, 2, false));
    assert_eq!(is_allowed(unknown, held(), true), (0, 0, 0, true));
    let (denied, _, undecided, is_clear) = is_allowed(no, held(), false);
    assert_eq!((denied, undecided, is_clear), (4, 0, false));
}

#[test]
fn a_denied_write_is_undecided_if_the_object_may_exist() {
    let objects = objects(&[]);
    let no_patch = |request: &Request| match &*request.verb {
        "patch" => Permission::No,
        _ => Permission::Yes,
    };
    let rights = Fixed { may: no_patch, rules: held(), incomplete: false };
    let certain = preflight(&authorizer(&[]), &objects, &[], &rights);
    assert!(certain.is_clear() && !certain.is_refused());
    let in_doubt = preflight(&authorizer(&[]), &objects, &[0], &rights);
    assert_eq!((in_doubt.denied.len(), in_doubt.undecided.len()), (0, 1));
    assert!(!in_doubt.is_clear() && !in_doubt.is_refused());
    let no_get = |request: &Request| match &*request.verb {
        "get" => Permission::No,
        _ => Permission::Yes,
    };
    let rights = Fixed { may: no_get, rules: held(), incomplete: false };
    let refused = preflight(&authorizer(&[]), &objects, &[0, 1], &rights);
    assert_eq!((refused.denied.len(), refused.is_refused()), (2, true));
    assert_eq!(json!(refused.undecided.len()), json!(0));
}
