//! The validation of the API server, with its messages.
//!
//! Mirrors `pkg/apis/rbac/validation` and the parts of `apimachinery` that it uses, after defaulting, which
//! readers have done (docs/semantics.md#validation). Placeholders such as `${NAME}` are valid everywhere, because
//! another program replaces them before the server sees the object.

use rolecall_rbac::{
    Binding, LabelOperator, LabelSelector, Labels, Metadata, PolicyRule, Role, Subject,
    SubjectKind, Text, is_template,
};

use crate::{FieldPath, KubernetesVersion};

/// A message of the API server about an object that it rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub field: FieldPath,
    /// The server's message, without the field.
    pub message: String,
}

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// Returns the reasons why a server would reject a Role or ClusterRole, in its order.
pub fn validate_role(role: &Role, version: KubernetesVersion) -> Vec<Violation> {
    let mut violations = Violations::of_metadata(&role.metadata, version);
    for (index, rule) in role.rules.iter().enumerate() {
        let path = FieldPath::key("rules").then_index(index);
        violations.rule(rule, role.is_cluster_role(), &path, version);
    }
    if let Some(aggregation) = &role.aggregation {
        let path = FieldPath::key("aggregationRule").then_key("clusterRoleSelectors");
        if aggregation.selectors.is_empty() {
            violations.required(
                path.clone(),
                "at least one clusterRoleSelector required if aggregationRule is non-nil",
            );
        }
        for (index, selector) in aggregation.selectors.iter().enumerate() {
            violations.selector(selector, &path.clone().then_index(index), version);
        }
    }
    violations.0
}

/// Returns the reasons why a server would reject a RoleBinding or ClusterRoleBinding, in its order.
pub fn validate_binding(binding: &Binding, version: KubernetesVersion) -> Vec<Violation> {
    let mut violations = Violations::of_metadata(&binding.metadata, version);
    violations.role_ref(binding);
    for (index, subject) in binding.subjects.iter().enumerate() {
        let path = FieldPath::key("subjects").then_index(index);
        violations.subject(subject, binding, &path, version);
    }
    violations.0
}

/// Returns whether a violation concerns the kind of a roleRef, which has a more specific finding.
pub(crate) fn is_role_kind(violation: &Violation) -> bool {
    violation.field == FieldPath::key("roleRef").then_key("kind")
}

/// Returns whether a server accepts the roleRef of a binding, even if the role does not exist.
pub(crate) fn refers_well(binding: &Binding) -> bool {
    let mut violations = Violations(Vec::new());
    violations.role_ref(binding);
    violations.0.is_empty()
}

/// Returns whether a server would reject a binding because of one of its subjects.
pub(crate) fn rejects_subject(binding: &Binding, index: usize, version: KubernetesVersion) -> bool {
    let mut violations = Violations(Vec::new());
    if let Some(subject) = binding.subjects.get(index) {
        violations.subject(subject, binding, &FieldPath::default(), version);
    }
    !violations.0.is_empty()
}

struct Violations(Vec<Violation>);

impl Violations {
    fn of_metadata(metadata: &Metadata, version: KubernetesVersion) -> Self {
        let mut violations = Self(Vec::new());
        let field = FieldPath::key("metadata").then_key("name");
        match &*metadata.name {
            "" => violations.required(field, "name or generateName is required"),
            name => violations.path_segment(field, name),
        }
        violations.labels(
            &FieldPath::key("metadata").then_key("labels"),
            &metadata.labels,
            version,
        );
        violations
    }

    fn role_ref(&mut self, binding: &Binding) {
        let role_ref = &binding.role_ref;
        let path = FieldPath::key("roleRef");
        if *role_ref.api_group != *RBAC_GROUP {
            let field = path.clone().then_key("apiGroup");
            self.unsupported(field, &role_ref.api_group, &[RBAC_GROUP]);
        }
        let kinds: &[&str] = match binding.is_cluster_role_binding() {
            true => &["ClusterRole"],
            false => &["Role", "ClusterRole"],
        };
        if !kinds.contains(&role_ref.kind.as_str()) {
            let field = path.clone().then_key("kind");
            self.unsupported(field, role_ref.kind.as_str(), kinds);
        }
        let field = path.then_key("name");
        match &*role_ref.name {
            "" => self.required(field, ""),
            name => self.path_segment(field, name),
        }
    }

    fn rule(
        &mut self,
        rule: &PolicyRule,
        urls_allowed: bool,
        path: &FieldPath,
        version: KubernetesVersion,
    ) {
        let field = |key: &str| path.clone().then_key(key);
        if rule.verbs.is_empty() {
            self.required(field("verbs"), "verbs must contain at least one value");
        }
        if !rule.non_resource_urls.is_empty() {
            let urls = go_strings(&rule.non_resource_urls, version);
            if !urls_allowed {
                let detail = "namespaced rules cannot apply to non-resource URLs";
                self.invalid(field("nonResourceURLs"), &urls, detail);
            }
            let mixed = [&rule.api_groups, &rule.resources, &rule.resource_names]
                .into_iter()
                .any(|values| !values.is_empty());
            if mixed {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                self.invalid(field("nonResourceURLs"), &urls, detail);
            }
            return;
        }
        if rule.api_groups.is_empty() {
            let detail = "resource rules must supply at least one api group";
            self.required(field("apiGroups"), detail);
        }
        if rule.resources.is_empty() {
            let detail = "resource rules must supply at least one resource";
            self.required(field("resources"), detail);
        }
    }

    fn subject(
        &mut self,
        subject: &Subject,
        binding: &Binding,
        path: &FieldPath,
        version: KubernetesVersion,
    ) {
        let field = |key: &str| path.clone().then_key(key);
        if subject.name.is_empty() {
            self.required(field("name"), "");
        }
        match &subject.kind {
            SubjectKind::ServiceAccount => {
                if !subject.name.is_empty() {
                    self.dns_subdomain(field("name"), &subject.name, version);
                }
                if !subject.api_group.is_empty() {
                    self.unsupported(field("apiGroup"), &subject.api_group, &[""]);
                }
                if binding.is_cluster_role_binding() && subject.namespace.is_empty() {
                    self.required(field("namespace"), "");
                }
            }
            SubjectKind::User | SubjectKind::Group => {
                if *subject.api_group != *RBAC_GROUP {
                    self.unsupported(field("apiGroup"), &subject.api_group, &[RBAC_GROUP]);
                }
            }
            SubjectKind::Other(kind) => {
                self.unsupported(field("kind"), kind, &["ServiceAccount", "User", "Group"]);
            }
        }
    }

    fn selector(&mut self, selector: &LabelSelector, path: &FieldPath, version: KubernetesVersion) {
        self.labels(&path.clone().then_key("matchLabels"), &selector.match_labels, version);
        for (index, requirement) in selector.match_expressions.iter().enumerate() {
            let path = path.clone().then_key("matchExpressions").then_index(index);
            match &requirement.operator {
                LabelOperator::In | LabelOperator::NotIn if requirement.values.is_empty() => {
                    let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                    self.required(path.clone().then_key("values"), detail);
                }
                LabelOperator::Exists | LabelOperator::DoesNotExist
                    if !requirement.values.is_empty() =>
                {
                    let detail = "may not be specified when `operator` is 'Exists' or \
                                  'DoesNotExist'";
                    self.push(path.clone().then_key("values"), format!("Forbidden: {detail}"));
                }
                LabelOperator::Unknown(word) => {
                    let field = path.clone().then_key("operator");
                    self.invalid(field, &quoted(word), "not a valid selector operator");
                }
                _ => {}
            }
            self.label_key(&path.clone().then_key("key"), &requirement.key, version);
            for (index, value) in requirement.values.iter().enumerate() {
                let field = path.clone().then_key("values").then_index(index);
                self.label_value(&field, value, version);
            }
        }
    }

    fn labels(&mut self, field: &FieldPath, labels: &Labels, version: KubernetesVersion) {
        for (key, value) in labels {
            self.label_key(field, key, version);
            self.label_value(field, value, version);
        }
    }

    fn label_key(&mut self, field: &FieldPath, key: &str, version: KubernetesVersion) {
        if is_template(key) {
            return;
        }
        let (prefix, name) = match key.split_once('/') {
            None => (None, key),
            Some((prefix, name)) => (Some(prefix), name),
        };
        let mut refuse = |detail: &str| self.invalid(field.clone(), &quoted(key), detail);
        if name.contains('/') {
            let detail = format!(
                "a qualified name {LABEL_CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex \
                 used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS \
                 subdomain prefix and '/' (e.g. 'example.com/MyName')"
            );
            return refuse(&detail);
        }
        match prefix {
            Some("") => refuse("prefix part must be non-empty"),
            Some(prefix) if !is_dns_subdomain(prefix) => {
                let details = subdomain_details(prefix, version);
                details.iter().for_each(|detail| refuse(&format!("prefix part {detail}")));
            }
            _ => {}
        }
        if name.is_empty() {
            refuse("name part must be non-empty");
        } else if name.len() > MAX_LABEL {
            refuse(&format!("name part must be no more than {MAX_LABEL} {}", unit(version)));
        }
        if !is_label(name) {
            refuse(&format!(
                "name part {LABEL_CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
                 validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            ));
        }
    }

    fn label_value(&mut self, field: &FieldPath, value: &str, version: KubernetesVersion) {
        if is_template(value) {
            return;
        }
        let mut refuse = |detail: &str| self.invalid(field.clone(), &quoted(value), detail);
        if value.len() > MAX_LABEL {
            refuse(&format!("must be no more than {MAX_LABEL} {}", unit(version)));
        }
        if !value.is_empty() && !is_label(value) {
            let characters = LABEL_CHARACTERS.replace("must", "must be an empty string or");
            refuse(&format!(
                "a valid label {characters} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
                 validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ));
        }
    }

    /// Checks that a name can be a segment of a URL path, the only requirement of RBAC for names.
    fn path_segment(&mut self, field: FieldPath, name: &str) {
        if is_template(name) {
            return;
        }
        if matches!(name, "." | "..") {
            self.invalid(field, &quoted(name), &format!("may not be '{name}'"));
            return;
        }
        for content in ["/", "%"] {
            if name.contains(content) {
                let detail = format!("may not contain '{content}'");
                self.invalid(field.clone(), &quoted(name), &detail);
            }
        }
    }

    fn dns_subdomain(&mut self, field: FieldPath, name: &str, version: KubernetesVersion) {
        if is_template(name) {
            return;
        }
        for detail in subdomain_details(name, version) {
            self.invalid(field.clone(), &quoted(name), &detail);
        }
    }

    fn required(&mut self, field: FieldPath, detail: &str) {
        self.push(field, with_detail("Required value", detail));
    }

    fn invalid(&mut self, field: FieldPath, value: &str, detail: &str) {
        self.push(field, with_detail(&format!("Invalid value: {value}"), detail));
    }

    fn unsupported(&mut self, field: FieldPath, value: &str, supported: &[&str]) {
        if is_template(value) {
            return;
        }
        let supported: Vec<String> = supported.iter().map(|word| quoted(word)).collect();
        let message = format!(
            "Unsupported value: {}: supported values: {}",
            quoted(value),
            supported.join(", ")
        );
        self.push(field, message);
    }

    fn push(&mut self, field: FieldPath, message: String) {
        self.0.push(Violation { field, message });
    }
}

fn with_detail(what: &str, detail: &str) -> String {
    if detail.is_empty() { what.to_owned() } else { format!("{what}: {detail}") }
}

/// Writes a list as the server does: as JSON, and for older servers as a Go literal.
fn go_strings(values: &[Text], version: KubernetesVersion) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    match version.minor >= 33 {
        true => format!("[{}]", values.join(",")),
        false => format!("[]string{{{}}}", values.join(", ")),
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// The size limit of a label's value, and of the name in its key.
const MAX_LABEL: usize = 63;

/// The characters of a label's value and of the name in its key, in the server's wording.
const LABEL_CHARACTERS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start \
                                and end with an alphanumeric character";

fn is_label(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes().next().is_some_and(alphanumeric)
        && text.bytes().next_back().is_some_and(alphanumeric)
        && text.bytes().all(|byte| alphanumeric(byte) || matches!(byte, b'-' | b'_' | b'.'))
}

fn unit(version: KubernetesVersion) -> &'static str {
    if version.minor >= 32 { "bytes" } else { "characters" }
}

/// Returns the reasons why a name is not a DNS subdomain.
fn subdomain_details(name: &str, version: KubernetesVersion) -> Vec<String> {
    let mut details = Vec::new();
    if name.len() > 253 {
        details.push(format!("must be no more than 253 {}", unit(version)));
    }
    if !is_dns_subdomain(name) {
        let what = if version.minor >= 21 {
            "a lowercase RFC 1123 subdomain"
        } else {
            "a DNS-1123 subdomain"
        };
        details.push(format!(
            "{what} must consist of lower case alphanumeric characters, '-' or '.', and must start and \
             end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        ));
    }
    details
}

/// Returns the reasons why a server would reject a ServiceAccount because of its name.
pub(crate) fn validate_account_name(name: &str, version: KubernetesVersion) -> Vec<Violation> {
    let mut violations = Violations(Vec::new());
    violations.dns_subdomain(FieldPath::key("metadata").then_key("name"), name, version);
    violations.0
}

/// Returns the reason why a server rejects an object: no namespace can have the name in a field of `metadata`.
/// The server responds that the namespace is not found.
pub(crate) fn validate_namespace(field: &'static str, namespace: &str) -> Option<Violation> {
    let is_possible = namespace.is_empty() || is_template(namespace) || is_dns_label(namespace);
    (!is_possible).then(|| Violation {
        field: FieldPath::key("metadata").then_key(field),
        message: format!("Invalid value: {}: no namespace can have this name", quoted(namespace)),
    })
}

/// Returns whether a name is a DNS label, as names of namespaces must be.
pub(crate) fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && !name.contains('.') && is_dns_subdomain(name)
}

/// Returns whether a name is a DNS subdomain, as names of most kinds must be.
pub(crate) fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            label.bytes().next().is_some_and(alphanumeric)
                && label.bytes().next_back().is_some_and(alphanumeric)
                && label.bytes().all(|byte| alphanumeric(byte) || byte == b'-')
        })
}
