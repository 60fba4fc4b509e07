//! Callers with little access: their answers are correct, and missing knowledge is reported as
//! unknown.

use serde_json::{Value, json};

use super::Scenario;
use super::invocation::Ran;
use super::json::{items, set, text};
use super::world::{World, same};
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "namespace-only",
        claim: "a caller that can list one namespace gets its yes, and the unread bindings are reported",
        run: namespace_only,
        since: 20,
    },
    Scenario {
        name: "without-review-rights",
        claim: "a caller that can impersonate but not review gets the server's answers",
        run: without_review_rights,
        since: 20,
    },
    Scenario {
        name: "rules-instead-of-reviews",
        claim: "rules reviews give the same answers as single access reviews",
        run: rules_instead_of_reviews,
        since: 20,
    },
    Scenario {
        name: "impersonating",
        claim: "--as and --as-group impersonate, and answer like the server",
        run: impersonating,
        since: 20,
    },
    Scenario {
        name: "anonymous",
        claim: "a caller without access gets no answer and no wrong one",
        run: anonymous,
        since: 20,
    },
];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: callers}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: callers}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, namespace: callers}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: callers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: callers}
spec: {serviceAccountName: web, containers: [{name: web, image: example.com/web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: callers-lists}
rules:
- {apiGroups: ["", apps, batch, rbac.authorization.k8s.io], resources: ["*"], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: callers-lists, namespace: callers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: callers-lists}
subjects:
- {kind: User, name: callers-lister}
- {kind: Group, name: callers-listers}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: callers-impersonates}
rules:
- {apiGroups: [""], resources: [users, groups, serviceaccounts], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: callers-impersonates}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: callers-impersonates}
subjects: [{kind: User, name: callers-impersonator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: callers-reviews}
rules:
- {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: callers-reviews}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: callers-reviews}
subjects: [{kind: User, name: callers-reviewer}]
"#;

fn namespace_only(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let lister = world.user("callers-lister", &[])?;
    let asked = |line: &str| world.rolecall(line).by(&lister).run();

    asked("can-i list pods --for sa/web -n callers")?.exits(0)?.prints(
        "yes: sa/callers:web can list pods in namespace callers\n  \
         by RoleBinding callers/web, Role callers/web, rules[0]: get,list pods\n",
    )?;
    asked("can-i list secrets --for sa/web -n callers")?
        .exits(3)?
        .says("unknown: as far as can be determined")?
        .says("not read: every ClusterRoleBinding:")?;
    asked("walk pod/web-0 -n callers")?.exits(3)?.prints(
        "Pod callers/web-0\n\
         │   token mounted: by default\n\
         └── ServiceAccount callers/web\n    \
         └── in callers: RoleBinding web of Role web\n        \
         └── get,list pods\n",
    )?;
    let holders = asked("who-can list pods -n callers")?.exits(3)?.says("sa/callers:web")?;
    if holders.stderr.contains("not found") {
        return Err(holders.wrong("reports a missing ClusterRole that it could not look up"));
    }
    asked("can-i list pods -n callers --mode live")?
        .exits(0)?
        .says("yes: according to the server")?;
    // For the caller itself, it asks the server instead of listing.
    asked("can-i list secrets -n callers")?.exits(0)?.says("yes: according to the server")?;
    asked("can-i delete secrets -n callers")?.exits(1)?.says("no: according to the server")?;
    asked("can-i --resources pods,secrets,nodes -n callers -o csv")?.exits(0)?;

    // Its definite answers about the namespace are those of the server.
    let line = "can-i --for sa/web --for user/callers-lister -n callers -n default -o json \
                --resources pods,secrets,roles.rbac.authorization.k8s.io";
    let matrix = asked(line)?.exits(3)?.json()?;
    let mut certain = 0;
    for cell in items(&matrix, "/cells") {
        let verdict = text(cell, "/verdict");
        if verdict == "unknown" {
            continue;
        }
        certain += 1;
        same(&cell.to_string(), &verdict, &verdict_of(world.api.allows(&spec_of(cell)?)?))?;
    }
    if certain == 0 {
        return Err(Failure::new("everything is unknown to a caller that can list one namespace"));
    }
    Ok(())
}

fn without_review_rights(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let impersonator = world.user("callers-impersonator", &[])?;
    for format in ["csv", "markdown"] {
        let line = format!(
            "can-i --for sa/web --for user/callers-lister -n callers --mode live \
             --resources pods,pods/log,secrets,nodes -o {format}"
        );
        let by_review = world.rolecall(&line).run()?.exits(0)?;
        world.rolecall(&line).by(&impersonator).run()?.exits(0)?.prints(&by_review.stdout)?;
    }

    // A caller that can do neither gets the refusals.
    let nobody = world.user("callers-nobody", &[])?;
    world
        .rolecall("can-i list pods --for sa/web -n callers --mode live")
        .by(&nobody)
        .run()?
        .exits(3)?
        .says("unknown: the server does not say whether sa/callers:web can list pods")?
        .says("cannot create resource \"subjectaccessreviews\"")?
        // Since Kubernetes 1.36 the refusal contains the constrained verb.
        .says("cannot impersonate")
        .map(drop)
}

fn rules_instead_of_reviews(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    // A caller that can only create access reviews gets each answer from a review.
    let reviewer = world.user("callers-reviewer", &[])?;
    let subjects = [
        "sa/web",
        "sa/default",
        "user/callers-lister",
        "user/callers-reviewer",
        "user/system:kube-scheduler",
    ];
    // If several bindings allow a request, the server names any of them.
    let verdicts = |ran: &Ran| -> Vec<String> {
        let verdict =
            |line: &str| line.rsplit_once(',').map_or("", |(verdict, _)| verdict).to_owned();
        ran.stdout.lines().map(verdict).collect()
    };
    for subject in subjects {
        let line = format!("can-i --for {subject} -n callers -n kube-system --mode live");
        let table = world.rolecall(&line).by(&reviewer).run()?.exits(0)?;
        world.rolecall(&line).run()?.exits(0)?.prints(&table.stdout)?;
        let line = format!("{line} -o csv");
        let by_review = world.rolecall(&line).by(&reviewer).run()?.exits(0)?;
        let by_rules = world.rolecall(&line).run()?.exits(0)?;
        same(&line, &verdicts(&by_rules), &verdicts(&by_review))?;
    }
    Ok(())
}

fn impersonating(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let impersonator = world.user("callers-impersonator", &[])?;
    let asked = |line: &str| world.rolecall(line).by(&impersonator).run();
    let rows = [
        ("--as callers-lister", 0),
        ("--as jane", 1),
        ("--as jane --as-group callers-listers", 0),
        ("--as system:serviceaccount:callers:web", 0),
        ("--as system:serviceaccount:callers:default", 1),
    ];
    for (who, code) in rows {
        asked(&format!("can-i list pods -n callers --mode live {who}"))?.exits(code)?;
    }
    // Lists are read as the impersonated user, too.
    asked("walk pod/web-0 -n callers --as jane --as-group callers-listers")?
        .exits(3)?
        .says("RoleBinding web of Role web")?;
    for line in ["walk pod/web-0", "can-i get pods --for pod/web-0"] {
        asked(&format!("{line} -n callers --as jane"))?
            .exits(2)?
            .notes("`pod/web-0` was not found, but not everything could be read")?
            .notes("User \"jane\" cannot list resource \"pods\"")?;
    }
    let whoami = asked("whoami --as jane --as-group callers-listers -o json")?.exits(0)?.json()?;
    same("user", &text(&whoami, "/user"), &"jane")?;

    // Since Kubernetes 1.36 servers check impersonation per request, and might allow the next one.
    let code = if world.minor()? < 36 { 2 } else { 3 };
    let nobody = world.user("callers-nobody", &[])?;
    world
        .rolecall("walk -n callers --as jane")
        .by(&nobody)
        .run()?
        .exits(code)?
        .notes("cannot impersonate")
        .map(drop)
}

fn anonymous(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let anonymous = world.anonymous()?;
    let asked = |line: &str| world.rolecall(line).by(&anonymous).run();
    asked("can-i list pods --for sa/web -n callers")?
        .exits(3)?
        .says("unknown: as far as can be determined")?;
    asked("can-i list pods --for sa/web -n callers --mode live")?.exits(3)?.says("unknown:")?;
    let walk = asked("walk -n callers")?.exits(3)?.prints("")?;
    if walk.stderr.contains("no Pods or workloads found") {
        return Err(walk.wrong("reports that there are no Pods, which it could not list"));
    }
    let whoami = asked("whoami -o json")?.exits(0)?.json()?;
    same("user", &text(&whoami, "/user"), &"system:anonymous")
}

/// Converts a cell of a matrix to the `spec` of a SubjectAccessReview.
pub(super) fn spec_of(cell: &Value) -> Result<Value> {
    let subject = text(cell, "/subject");
    let authenticated = "system:authenticated";
    let mut spec = match subject.split_once('/') {
        Some(("sa", account)) => {
            let (namespace, name) = account.split_once(':').unwrap_or_default();
            json!({
                "user": format!("system:serviceaccount:{namespace}:{name}"),
                "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), authenticated],
            })
        }
        Some(("user", name)) => json!({"user": name, "groups": [authenticated]}),
        Some(("group", name)) => json!({"groups": [name, authenticated]}),
        _ => return Err(Failure::new(format!("`{subject}` is not a subject of a matrix"))),
    };
    let asked = json!({
        "namespace": text(cell, "/namespace"), "verb": text(cell, "/verb"),
        "group": text(cell, "/group"), "resource": text(cell, "/resource"),
        "subresource": text(cell, "/subresource"), "name": text(cell, "/name"),
    });
    set(&mut spec, "resourceAttributes", asked);
    Ok(spec)
}

/// Returns rolecall's verdict for a decision of the server.
pub(super) fn verdict_of(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "denied" }
}
