//! Decodes rules, subjects, roleRefs and aggregation rules as written, without validation.

use std::sync::Arc;

use rolecall_rbac::{
    AggregationRule, LabelOperator, LabelRequirement, LabelSelector, PolicyRule, RoleKind, RoleRef,
    Subject, SubjectKind, Text,
};
use serde::de::{MapAccess, SeqAccess};

use super::seed::{Fields, Items, LabelsSeed, ListSeed, ObjectSeed, TextSeed, TextsSeed};
use super::strings::StringCache;

/// The API group that the server defaults to in roleRefs, users and groups.
pub(super) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// Reads `rules`.
pub(super) struct Rules<'s> {
    strings: &'s mut StringCache,
    rules: Vec<PolicyRule>,
}

impl<'s> Rules<'s> {
    pub(super) fn seed(strings: &'s mut StringCache) -> ListSeed<Self> {
        ListSeed(Self { strings, rules: Vec::new() })
    }
}

impl<'de> Items<'de> for Rules<'_> {
    const EXPECTED: &'static str = "a list of rules";
    type Output = Arc<[PolicyRule]>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let none = self.strings.none();
        let rule = PolicyRule {
            verbs: none.clone(),
            api_groups: none.clone(),
            resources: none.clone(),
            resource_names: none.clone(),
            non_resource_urls: none,
        };
        let before = self.strings.stray.len();
        let seed = ObjectSeed(RuleFields { strings: self.strings, rule });
        let rule = items.next_element_seed(seed)?;
        if self.strings.stray.len() > before {
            self.strings.stray_below(before, &format!("[{}]", self.rules.len()));
        }
        let more = rule.is_some();
        self.rules.extend(rule);
        Ok(more)
    }

    fn finish(self) -> Arc<[PolicyRule]> {
        self.rules.into()
    }
}

struct RuleFields<'s> {
    strings: &'s mut StringCache,
    rule: PolicyRule,
}

#[derive(Clone, Copy)]
enum RuleField {
    Verbs,
    ApiGroups,
    Resources,
    ResourceNames,
    NonResourceUrls,
}

impl<'de> Fields<'de> for RuleFields<'_> {
    const EXPECTED: &'static str = "a rule";
    type Field = RuleField;
    type Output = PolicyRule;

    fn field(name: &str) -> Option<RuleField> {
        Some(match name {
            "verbs" => RuleField::Verbs,
            "apiGroups" => RuleField::ApiGroups,
            "resources" => RuleField::Resources,
            "resourceNames" => RuleField::ResourceNames,
            "nonResourceURLs" => RuleField::NonResourceUrls,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(&mut self, field: RuleField, map: &mut A) -> Result<(), A::Error> {
        let list = map.next_value_seed(TextsSeed(self.strings))?;
        match field {
            RuleField::Verbs => self.rule.verbs = list,
            RuleField::ApiGroups => self.rule.api_groups = list,
            RuleField::Resources => self.rule.resources = list,
            RuleField::ResourceNames => self.rule.resource_names = list,
            RuleField::NonResourceUrls => self.rule.non_resource_urls = list,
        }
        Ok(())
    }

    fn is_stray(_key: &str) -> bool {
        true
    }

    fn note_stray(&mut self, key: &str) {
        self.strings.stray.push(key.to_owned());
    }

    fn finish(self) -> PolicyRule {
        self.rule
    }
}

/// The kind, name, namespace and API group of a roleRef or subject.
pub(super) struct Reference {
    kind: Text,
    name: Text,
    namespace: Text,
    api_group: Option<Text>,
}

pub(super) struct ReferenceFields<'s> {
    strings: &'s mut StringCache,
    reference: Reference,
}

impl<'s> ReferenceFields<'s> {
    fn seed(strings: &'s mut StringCache) -> ObjectSeed<Self> {
        let empty = strings.text("");
        let reference = Reference {
            kind: empty.clone(),
            name: empty.clone(),
            namespace: empty,
            api_group: None,
        };
        ObjectSeed(Self { strings, reference })
    }
}

#[derive(Clone, Copy)]
pub(super) enum ReferenceField {
    Kind,
    Name,
    Namespace,
    ApiGroup,
}

impl<'de> Fields<'de> for ReferenceFields<'_> {
    const EXPECTED: &'static str = "an object with `kind` and `name`";
    type Field = ReferenceField;
    type Output = Reference;

    // `apiVersion`, which v1alpha1 had instead of `apiGroup`, does not matter for the known kinds.
    fn field(name: &str) -> Option<ReferenceField> {
        Some(match name {
            "kind" => ReferenceField::Kind,
            "name" => ReferenceField::Name,
            "namespace" => ReferenceField::Namespace,
            "apiGroup" => ReferenceField::ApiGroup,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: ReferenceField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let text = map.next_value_seed(TextSeed(self.strings))?;
        let reference = &mut self.reference;
        match field {
            ReferenceField::Kind => reference.kind = text,
            ReferenceField::Name => reference.name = text,
            ReferenceField::Namespace => reference.namespace = text,
            ReferenceField::ApiGroup => reference.api_group = Some(text),
        }
        Ok(())
    }

    fn is_stray(_key: &str) -> bool {
        true
    }

    fn note_stray(&mut self, key: &str) {
        self.strings.stray.push(key.to_owned());
    }

    fn finish(self) -> Reference {
        self.reference
    }
}

/// Reads `roleRef`.
pub(super) fn role_ref<'de, A: MapAccess<'de>>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<RoleRef, A::Error> {
    let reference = map.next_value_seed(ReferenceFields::seed(strings))?;
    if !reference.namespace.is_empty() {
        strings.stray.push("namespace".to_owned());
    }
    Ok(RoleRef {
        kind: match &*reference.kind {
            "Role" => RoleKind::Role,
            "ClusterRole" => RoleKind::ClusterRole,
            _ => RoleKind::Other(reference.kind),
        },
        name: reference.name,
        api_group: defaulted(reference.api_group, RBAC_GROUP, strings),
    })
}

/// Reads `subjects`.
pub(super) struct Subjects<'s> {
    strings: &'s mut StringCache,
    subjects: Vec<Subject>,
}

impl<'s> Subjects<'s> {
    pub(super) fn seed(strings: &'s mut StringCache) -> ListSeed<Self> {
        ListSeed(Self { strings, subjects: Vec::new() })
    }
}

impl<'de> Items<'de> for Subjects<'_> {
    const EXPECTED: &'static str = "a list of subjects";
    type Output = Box<[Subject]>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let before = self.strings.stray.len();
        let seed = ReferenceFields::seed(self.strings);
        let Some(reference) = items.next_element_seed(seed)? else { return Ok(false) };
        if self.strings.stray.len() > before {
            self.strings.stray_below(before, &format!("[{}]", self.subjects.len()));
        }
        let (kind, group) = match &*reference.kind {
            "User" => (SubjectKind::User, RBAC_GROUP),
            "Group" => (SubjectKind::Group, RBAC_GROUP),
            "ServiceAccount" => (SubjectKind::ServiceAccount, ""),
            _ => (SubjectKind::Other(reference.kind), ""),
        };
        self.subjects.push(Subject {
            kind,
            name: reference.name,
            namespace: reference.namespace,
            api_group: defaulted(reference.api_group, group, self.strings),
        });
        Ok(true)
    }

    fn finish(self) -> Box<[Subject]> {
        self.subjects.into()
    }
}

/// Applies the server's default for an API group (`pkg/apis/rbac/v1/defaults.go`).
fn defaulted(written: Option<Text>, default: &str, strings: &mut StringCache) -> Text {
    written.filter(|group| !group.is_empty()).unwrap_or_else(|| strings.text(default))
}

/// Reads `aggregationRule`.
pub(super) struct AggregationFields<'s> {
    strings: &'s mut StringCache,
    selectors: Box<[LabelSelector]>,
}

impl<'s> AggregationFields<'s> {
    pub(super) fn seed(strings: &'s mut StringCache) -> ObjectSeed<Self> {
        ObjectSeed(Self { strings, selectors: Box::default() })
    }
}

#[derive(Clone, Copy)]
pub(super) struct ClusterRoleSelectors;

impl<'de> Fields<'de> for AggregationFields<'_> {
    const EXPECTED: &'static str = "an aggregation rule";
    type Field = ClusterRoleSelectors;
    type Output = AggregationRule;

    fn field(name: &str) -> Option<ClusterRoleSelectors> {
        (name == "clusterRoleSelectors").then_some(ClusterRoleSelectors)
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        ClusterRoleSelectors: ClusterRoleSelectors,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let before = self.strings.stray.len();
        let seed = ListSeed(Selectors { strings: self.strings, selectors: Vec::new() });
        self.selectors = map.next_value_seed(seed)?;
        self.strings.stray_below(before, "clusterRoleSelectors");
        Ok(())
    }

    fn is_stray(_key: &str) -> bool {
        true
    }

    fn note_stray(&mut self, key: &str) {
        self.strings.stray.push(key.to_owned());
    }

    fn finish(self) -> AggregationRule {
        AggregationRule { selectors: self.selectors }
    }
}

struct Selectors<'s> {
    strings: &'s mut StringCache,
    selectors: Vec<LabelSelector>,
}

impl<'de> Items<'de> for Selectors<'_> {
    const EXPECTED: &'static str = "a list of label selectors";
    type Output = Box<[LabelSelector]>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let seed = ObjectSeed(SelectorFields {
            strings: self.strings,
            selector: LabelSelector::default(),
        });
        let before = seed.0.strings.stray.len();
        let selector = items.next_element_seed(seed)?;
        if self.strings.stray.len() > before {
            self.strings.stray_below(before, &format!("[{}]", self.selectors.len()));
        }
        let more = selector.is_some();
        self.selectors.extend(selector);
        Ok(more)
    }

    fn finish(self) -> Box<[LabelSelector]> {
        self.selectors.into()
    }
}

struct SelectorFields<'s> {
    strings: &'s mut StringCache,
    selector: LabelSelector,
}

#[derive(Clone, Copy)]
enum SelectorField {
    MatchLabels,
    MatchExpressions,
}

impl<'de> Fields<'de> for SelectorFields<'_> {
    const EXPECTED: &'static str = "a label selector";
    type Field = SelectorField;
    type Output = LabelSelector;

    fn field(name: &str) -> Option<SelectorField> {
        match name {
            "matchLabels" => Some(SelectorField::MatchLabels),
            "matchExpressions" => Some(SelectorField::MatchExpressions),
            _ => None,
        }
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: SelectorField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            SelectorField::MatchLabels => {
                let seed = LabelsSeed { strings: self.strings, keep: |_| true };
                self.selector.match_labels = map.next_value_seed(seed)?;
            }
            SelectorField::MatchExpressions => {
                let seed = ListSeed(Requirements { strings: self.strings, list: Vec::new() });
                self.selector.match_expressions = map.next_value_seed(seed)?;
            }
        }
        Ok(())
    }

    fn is_stray(_key: &str) -> bool {
        true
    }

    fn note_stray(&mut self, key: &str) {
        self.strings.stray.push(key.to_owned());
    }

    fn finish(self) -> LabelSelector {
        self.selector
    }
}

struct Requirements<'s> {
    strings: &'s mut StringCache,
    list: Vec<LabelRequirement>,
}

impl<'de> Items<'de> for Requirements<'_> {
    const EXPECTED: &'static str = "a list of label requirements";
    type Output = Box<[LabelRequirement]>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let requirement = LabelRequirement {
            key: self.strings.text(""),
            operator: LabelOperator::Unknown(self.strings.text("")),
            values: self.strings.none(),
        };
        let seed = ObjectSeed(RequirementFields { strings: self.strings, requirement });
        let requirement = items.next_element_seed(seed)?;
        let more = requirement.is_some();
        self.list.extend(requirement);
        Ok(more)
    }

    fn finish(self) -> Box<[LabelRequirement]> {
        self.list.into()
    }
}

struct RequirementFields<'s> {
    strings: &'s mut StringCache,
    requirement: LabelRequirement,
}

#[derive(Clone, Copy)]
enum RequirementField {
    Key,
    Operator,
    Values,
}

impl<'de> Fields<'de> for RequirementFields<'_> {
    const EXPECTED: &'static str = "a label requirement";
    type Field = RequirementField;
    type Output = LabelRequirement;

    fn field(name: &str) -> Option<RequirementField> {
        match name {
            "key" => Some(RequirementField::Key),
            "operator" => Some(RequirementField::Operator),
            "values" => Some(RequirementField::Values),
            _ => None,
        }
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: RequirementField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let requirement = &mut self.requirement;
        match field {
            RequirementField::Key => {
                requirement.key = map.next_value_seed(TextSeed(self.strings))?;
            }
            RequirementField::Operator => {
                let operator = map.next_value_seed(TextSeed(self.strings))?;
                requirement.operator = match &*operator {
                    "In" => LabelOperator::In,
                    "NotIn" => LabelOperator::NotIn,
                    "Exists" => LabelOperator::Exists,
                    "DoesNotExist" => LabelOperator::DoesNotExist,
                    _ => LabelOperator::Unknown(operator),
                };
            }
            RequirementField::Values => {
                requirement.values = map.next_value_seed(TextsSeed(self.strings))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> LabelRequirement {
        self.requirement
    }
}
