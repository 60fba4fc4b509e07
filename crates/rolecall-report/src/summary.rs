//! The first screen: facts for a reader who has one minute.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{
    Authorizer, Holder, NamespaceSelection, Origin, Request, ResourceRequest, SubjectKind,
};

use crate::data::{is_built_in, rank};
use crate::{Choke, FindingRule, Paths, ReportFinding, ReportInput, RightUse, RightsState, Usage};

/// The facts of a report's first screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The numbers of objects with their labels.
    pub counts: Vec<Count>,
    /// The number of findings of each severity, most severe first.
    pub severities: Vec<(String, usize)>,
    /// The rules with the most severe findings.
    pub worst: Vec<RuleCount>,
    /// The number of rules with findings that `worst` leaves out.
    pub more_rules: usize,
    /// The holders of the most dangerous access.
    pub access: Vec<SensitiveAccess>,
    /// The escalation paths, if they were searched.
    pub paths: Option<PathSummary>,
    /// The use of rights, if audit logs were read.
    pub usage: Option<UsageSummary>,
}

/// A number of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The objects.
    pub label: &'static str,
    /// The view that lists them.
    pub route: &'static str,
    /// The number.
    pub number: usize,
    /// The number of those that every cluster has.
    pub built_in: usize,
}

/// The findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCount {
    /// The code, such as `RC501`.
    pub code: String,
    /// The title.
    pub title: String,
    /// The highest severity.
    pub severity: String,
    /// The number of findings.
    pub number: usize,
    /// The first object.
    pub example: String,
    /// The file and line of that object; empty for an object of a cluster.
    pub place: String,
}

/// The subjects with one kind of dangerous access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensitiveAccess {
    /// The access, in words.
    pub title: &'static str,
    /// The verb.
    pub verb: &'static str,
    /// The resource as commands take it.
    pub resource: &'static str,
    /// The subjects that have it in the whole cluster, without the built-in ones, sorted.
    pub everywhere: Vec<String>,
    /// The number of built-in subjects that have it in the whole cluster.
    pub built_in: usize,
    /// The number of other subjects that have it in at least one namespace; `None` if the resource is
    /// cluster-scoped.
    pub in_namespaces: Option<usize>,
}

/// The numbers about escalation paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSummary {
    /// The rights at the end of the paths.
    pub sink: String,
    /// The number of subjects with a path.
    pub with_path: usize,
    /// The number of subjects that have the rights without any step.
    pub admins: usize,
    /// The number of searched subjects.
    pub starts: usize,
    /// The grants to remove first.
    pub cuts: Vec<Cut>,
    /// The number of grants without which no path is left, of which `cuts` are the first; `None` if no such set is
    /// known.
    pub plan: Option<usize>,
}

/// A grant on escalation paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The grant, in words.
    pub grant: String,
    /// The file and line of its binding; empty for an object of a cluster.
    pub place: String,
    /// The number of subjects whose path it is on or, without a plan, whose paths it ends.
    pub subjects: usize,
}

/// The numbers about the use of rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSummary {
    /// Statements about the logs.
    pub coverage: Vec<String>,
    /// The number of assessed bindings.
    pub bindings: usize,
    /// The number of those with rights that were not seen in use.
    pub with_unused: usize,
    /// The number of objects that change or are deleted without these rights.
    pub changed: usize,
}

/// The number of rules on the first screen.
const MOST_RULES: usize = 10;

/// The number of grants on the first screen.
const MOST_CUTS: usize = 5;

/// Dangerous access: title, verb, API group, resource, subresource, whether it is namespaced, and
/// the resource as commands take it.
type Question =
    (&'static str, &'static str, &'static str, &'static str, &'static str, bool, &'static str);

const RBAC: &str = "rbac.authorization.k8s.io";

const QUESTIONS: [Question; 12] = [
    ("Do anything", "*", "*", "*", "", false, "*"),
    ("Get Secrets", "get", "", "secrets", "", true, "secrets"),
    ("List Secrets", "list", "", "secrets", "", true, "secrets"),
    ("Create Pods", "create", "", "pods", "", true, "pods"),
    ("Open shells in Pods", "create", "", "pods", "exec", true, "pods/exec"),
    (
        "Create tokens of ServiceAccounts",
        "create",
        "",
        "serviceaccounts",
        "token",
        true,
        "serviceaccounts/token",
    ),
    ("Impersonate users", "impersonate", "", "users", "", false, "users"),
    ("Bind any ClusterRole", "bind", RBAC, "clusterroles", "", true, "clusterroles"),
    (
        "Extend ClusterRoles beyond their own rights",
        "escalate",
        RBAC,
        "clusterroles",
        "",
        false,
        "clusterroles",
    ),
    ("Use the API of kubelets", "create", "", "nodes", "proxy", false, "nodes/proxy"),
    (
        "Change admission webhooks",
        "update",
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "",
        false,
        "mutatingwebhookconfigurations",
    ),
    (
        "Approve certificate requests",
        "update",
        "certificates.k8s.io",
        "certificatesigningrequests",
        "approval",
        false,
        "certificatesigningrequests/approval",
    ),
];

impl Summary {
    /// Computes the facts.
    pub fn new(input: &ReportInput<'_>) -> Self {
        let (worst, more_rules) = worst(input.findings);
        Self {
            counts: counts(input.authorizer),
            severities: severities(input.findings),
            worst,
            more_rules,
            access: QUESTIONS.iter().map(|asked| access(input.authorizer, asked)).collect(),
            paths: input.paths.map(path_summary),
            usage: input.usage.map(usage_summary),
        }
    }
}

fn counts(authorizer: &Authorizer) -> Vec<Count> {
    let inventory = authorizer.inventory();
    let count = |label, route, number, built_in| Count { label, route, number, built_in };
    let of_bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let of_roles = inventory.roles().iter().map(|role| &role.metadata);
    let pods = inventory.workloads().iter().filter(|workload| *workload.kind == *"Pod").count();
    vec![
        count("ServiceAccounts", "#/subjects?kind=sa", inventory.service_accounts().len(), 0),
        subjects("Users", "#/subjects?kind=user", authorizer, &SubjectKind::User),
        subjects("Groups", "#/subjects?kind=group", authorizer, &SubjectKind::Group),
        count(
            "Roles and ClusterRoles",
            "#/roles",
            inventory.roles().len(),
            of_roles.filter(|metadata| is_built_in(metadata)).count(),
        ),
        count(
            "Bindings",
            "#/bindings",
            inventory.bindings().len(),
            of_bindings.filter(|metadata| is_built_in(metadata)).count(),
        ),
        count("Namespaces", "#/namespaces", inventory.namespace_names().len(), 0),
        count("Pods", "#/workloads?kind=Pod", pods, 0),
        count("Other workloads", "#/workloads", inventory.workloads().len() - pods, 0),
    ]
}

fn subjects(
    label: &'static str,
    route: &'static str,
    authorizer: &Authorizer,
    kind: &SubjectKind,
) -> Count {
    let mut all = BTreeSet::new();
    let mut own = BTreeSet::new();
    for binding in authorizer.inventory().bindings() {
        let names = binding.subjects.iter().filter(|subject| subject.kind == *kind);
        for subject in names {
            all.insert(&subject.name);
            if !is_built_in(&binding.metadata) {
                own.insert(&subject.name);
            }
        }
    }
    Count { label, route, number: all.len(), built_in: all.len() - own.len() }
}

fn severities(findings: &[ReportFinding<'_>]) -> Vec<(String, usize)> {
    let mut counted: BTreeMap<u32, (String, usize)> = BTreeMap::new();
    for finding in findings {
        let entry = counted.entry(rank(finding.severity));
        entry.or_insert_with(|| (finding.severity.to_owned(), 0)).1 += 1;
    }
    counted.into_values().rev().collect()
}

fn worst(findings: &[ReportFinding<'_>]) -> (Vec<RuleCount>, usize) {
    let mut by_rule: BTreeMap<FindingRule<'_>, Vec<&ReportFinding<'_>>> = BTreeMap::new();
    for finding in findings {
        by_rule.entry(finding.rule).or_default().push(finding);
    }
    let mut rules: Vec<(u32, RuleCount)> = by_rule
        .into_iter()
        .filter_map(|(rule, findings)| {
            let first = findings.iter().rev().max_by_key(|finding| rank(finding.severity))?;
            let object = &first.object;
            let name = match object.namespace {
                "" => format!("{} {}", object.kind, object.name),
                namespace => format!("{} {namespace}/{}", object.kind, object.name),
            };
            let count = RuleCount {
                code: format!("RC{:03}", rule.code),
                title: rule.title.to_owned(),
                severity: first.severity.to_owned(),
                number: findings.len(),
                example: name,
                place: place(object.place.file, object.place.line),
            };
            Some((rank(first.severity), count))
        })
        .collect();
    rules.sort_by(|left, right| {
        (right.0, right.1.number, &left.1.code).cmp(&(left.0, left.1.number, &right.1.code))
    });
    let more = rules.len().saturating_sub(MOST_RULES);
    rules.truncate(MOST_RULES);
    (rules.into_iter().map(|(_, rule)| rule).collect(), more)
}

fn access(
    authorizer: &Authorizer,
    (title, verb, group, resource, subresource, namespaced, argument): &Question,
) -> SensitiveAccess {
    let target = ResourceRequest {
        group: (*group).into(),
        resource: (*resource).into(),
        subresource: (*subresource).into(),
        ..ResourceRequest::default()
    };
    let request = Request::resource(*verb, target);
    let found = authorizer.who_can(&request, &NamespaceSelection::OfRequest);
    let name = |holder: &Holder<'_>| holder.grant.subject.notation(&holder.grant.binding.metadata);
    let (built_in, own): (Vec<&Holder<'_>>, Vec<&Holder<'_>>) =
        found.holders.iter().partition(|it| is_built_in(&it.grant.binding.metadata));
    let everywhere: BTreeSet<String> = own.into_iter().map(name).collect();
    let built_in: BTreeSet<String> = built_in.into_iter().map(name).collect();
    let in_namespaces = namespaced.then(|| {
        let each = authorizer.who_can(&request, &NamespaceSelection::Each);
        let names: BTreeSet<String> = each.holders.iter().map(name).collect();
        names.iter().filter(|name| !everywhere.contains(*name) && !built_in.contains(*name)).count()
    });
    SensitiveAccess {
        title,
        verb,
        resource: argument,
        built_in: built_in.difference(&everywhere).count(),
        everywhere: everywhere.into_iter().collect(),
        in_namespaces,
    }
}

fn usage_summary(usage: &Usage<'_>) -> UsageSummary {
    let name = |of: &RightUse<'_>| {
        let metadata = &of.binding.metadata;
        (metadata.namespace.clone(), metadata.name.clone())
    };
    let unused = usage.rights.iter().filter(|of| of.state == RightsState::NotSeen);
    UsageSummary {
        coverage: usage.coverage.clone(),
        bindings: usage.rights.iter().map(name).collect::<BTreeSet<_>>().len(),
        with_unused: unused.map(name).collect::<BTreeSet<_>>().len(),
        changed: usage.left.len(),
    }
}

fn path_summary(paths: &Paths<'_>) -> PathSummary {
    let is_planned = !paths.cuts.is_empty();
    let cuts = if is_planned { &paths.cuts } else { &paths.chokes };
    let cut = |cut: &Choke<'_>| Cut {
        grant: cut.grant.clone(),
        place: match &cut.binding.metadata.origin {
            Origin::File { path, line } => place(path, *line),
            Origin::Cluster | Origin::Default => String::new(),
        },
        subjects: cut.ends,
    };
    PathSummary {
        sink: paths.sink.clone(),
        with_path: paths.paths.len(),
        admins: paths.admins.len(),
        starts: paths.starts,
        cuts: cuts.iter().take(MOST_CUTS).map(cut).collect(),
        plan: is_planned.then_some(cuts.len()),
    }
}

/// Returns `file:line`; empty without a file.
fn place(file: &str, line: u32) -> String {
    match (file, line) {
        ("", _) => String::new(),
        (file, 0) => file.to_owned(),
        (file, line) => format!("{file}:{line}"),
    }
}
