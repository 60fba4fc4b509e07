//! Placeholders that another program, such as `envsubst` or Flux, replaces before manifests are applied.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Binding, Gap, InventoryBuilder, LabelSelector, Metadata, Namespace, ObjectKind, PolicyRule,
    Role, ServiceAccount, Text, Unread, Workload, is_template,
};

/// The prefix of the labels that the default roles select.
const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Records a gap for each object with a placeholder that can change who has access. An object whose
/// name is not final can be any object of its kind; otherwise only the content of one object is open.
/// Objects that a server has stored are final.
pub(super) fn record(builder: &mut InventoryBuilder) {
    let mut gaps = Vec::new();
    let selected = selected_labels(builder.roles());
    for role in builder.roles() {
        of_role(role, &selected, &mut gaps);
    }
    for binding in builder.bindings() {
        of_binding(binding, &mut gaps);
    }
    for account in builder.service_accounts() {
        of_account(account, &mut gaps);
    }
    for namespace in builder.namespaces() {
        of_namespace(namespace, &mut gaps);
    }
    for workload in builder.workloads() {
        of_workload(workload, &mut gaps);
    }
    gaps.into_iter().for_each(|gap| builder.gap(gap));
}

fn of_role(role: &Role, selected: &BTreeSet<&str>, gaps: &mut Vec<Gap>) {
    let open = Open::new(role.kind(), &role.metadata);
    gaps.extend(open.name());
    let selectors = role.aggregation.iter().flat_map(|aggregation| &aggregation.selectors);
    let content = role
        .rules
        .iter()
        .find_map(in_rule)
        .or_else(|| selectors.into_iter().find_map(in_selector))
        .or_else(|| in_labels(&role.metadata, |key| selected.contains(key) || is_default(key)));
    gaps.extend(open.content(content));
}

fn of_binding(binding: &Binding, gaps: &mut Vec<Gap>) {
    let open = Open::new(binding.kind(), &binding.metadata);
    // A binding grants the same under every name.
    gaps.extend(open.namespace());
    let role_ref = &binding.role_ref;
    let subjects = binding.subjects.iter().flat_map(|subject| {
        [&*subject.namespace, &subject.name, subject.kind.as_str(), &subject.api_group]
    });
    let mut texts =
        [&*role_ref.name, role_ref.kind.as_str(), &role_ref.api_group].into_iter().chain(subjects);
    gaps.extend(open.content(texts.find(|text| is_template(text))));
}

fn of_account(account: &ServiceAccount, gaps: &mut Vec<Gap>) {
    gaps.extend(Open::new("ServiceAccount", &account.metadata).name());
}

fn of_namespace(namespace: &Namespace, gaps: &mut Vec<Gap>) {
    let open = Open::new("Namespace", &namespace.metadata);
    gaps.extend(open.name());
    let is_admission = |key: &str| key.starts_with("pod-security.kubernetes.io/");
    gaps.extend(open.content(in_labels(&namespace.metadata, is_admission)));
}

fn of_workload(workload: &Workload, gaps: &mut Vec<Gap>) {
    let open = Open::new(&workload.kind, &workload.metadata);
    gaps.extend(open.name());
    let mut accounts = workload.pods.iter().map(|pod| &*pod.service_account);
    gaps.extend(open.content(accounts.find(|name| is_template(name))));
}

/// An object of the input, whose placeholders become gaps.
struct Open<'a> {
    kind: &'a str,
    metadata: &'a Metadata,
}

impl<'a> Open<'a> {
    fn new(kind: &'a str, metadata: &'a Metadata) -> Self {
        Self { kind, metadata }
    }

    /// Returns a gap if the object can have another namespace or name.
    fn name(&self) -> Option<Gap> {
        let name = Some(&*self.metadata.name).filter(|name| is_template(name));
        name.map_or_else(|| self.namespace(), |name| self.gap(name, self.any()))
    }

    /// Returns a gap if the object can have another namespace.
    fn namespace(&self) -> Option<Gap> {
        let namespace = Some(&*self.metadata.namespace).filter(|name| is_template(name))?;
        self.gap(namespace, self.any())
    }

    /// Returns a gap for a placeholder in the content of the object.
    fn content(&self, placeholder: Option<&str>) -> Option<Gap> {
        let Metadata { namespace, name, .. } = self.metadata;
        let kind = ObjectKind::new(self.kind);
        let (namespace, name) = (namespace.clone(), name.clone());
        self.gap(placeholder?, Unread::Object { kind, namespace, name })
    }

    fn any(&self) -> Unread {
        let namespace = Some(&self.metadata.namespace);
        let namespace = namespace.filter(|name| !name.is_empty() && !is_template(name));
        Unread::Kind { kind: ObjectKind::new(self.kind), namespace: namespace.cloned() }
    }

    fn gap(&self, placeholder: &str, unread: Unread) -> Option<Gap> {
        let because = format!("`{placeholder}` is not substituted").as_str().into();
        let origin = self.metadata.origin.clone();
        (!self.metadata.stored).then_some(Gap { unread, because, origin })
    }
}

fn in_rule(rule: &PolicyRule) -> Option<&str> {
    let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls, .. } = rule;
    let lists = [verbs, api_groups, resources, resource_names, non_resource_urls];
    lists.into_iter().find_map(|list| first(list))
}

fn in_selector(selector: &LabelSelector) -> Option<&str> {
    let labels = selector.match_labels.iter().flat_map(|(key, value)| [&**key, &**value]);
    let expressions = selector.match_expressions.iter();
    labels.into_iter().find(|text| is_template(text)).or_else(|| {
        expressions.into_iter().find_map(|requirement| {
            Some(&*requirement.key)
                .filter(|key| is_template(key))
                .or_else(|| first(&requirement.values))
        })
    })
}

fn first(texts: &[Text]) -> Option<&str> {
    texts.iter().map(|text| &**text).find(|text| is_template(text))
}

/// Returns the first placeholder in a label's key, or in the value of a label that matters.
fn in_labels(metadata: &Metadata, matters: impl Fn(&str) -> bool) -> Option<&str> {
    metadata.labels.iter().find_map(|(key, value)| {
        let text = if is_template(key) { key } else { value };
        (is_template(text) && (text == key || matters(key))).then_some(&**text)
    })
}

/// Returns the keys of the labels that aggregated roles of the input select.
fn selected_labels(roles: &[Role]) -> BTreeSet<&str> {
    let aggregations = roles.iter().filter_map(|role| role.aggregation.as_ref());
    let selectors = aggregations.flat_map(|aggregation| &aggregation.selectors);
    selectors
        .flat_map(|selector| {
            let labels = selector.match_labels.iter().map(|(key, _)| &**key);
            labels.chain(selector.match_expressions.iter().map(|requirement| &*requirement.key))
        })
        .collect()
}

fn is_default(key: &str) -> bool {
    key.starts_with(AGGREGATE_TO)
}
