//! The requests that rows ask about, and the rules that allow them.

mod resource;

use std::borrow::Cow;
use std::collections::HashMap;

use rolecall_rbac::{PolicyRule, Request, ResourceRequest, Text};
use rustc_hash::FxBuildHasher;

use crate::names::Names;
use Resource as R;
use Verb as V;
use resource::TABLE;
pub(crate) use resource::{CUSTOM, Resource, Verb, WORKLOADS};

/// The number of verbs.
const VERBS: usize = 10;

/// The mode in which a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    /// As oneself.
    Direct,
    /// As an impersonated ServiceAccount, with rights that are limited to some verbs.
    Account,
    /// As an impersonated user, with such rights.
    User,
    /// As an impersonated node, with such rights.
    Node,
}

impl Mode {
    /// The modes of constrained impersonation.
    pub(crate) const LIMITED: [Self; 3] = [Self::Account, Self::User, Self::Node];

    /// Returns the mode's name in verbs.
    fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "",
            Self::Account => "serviceaccount",
            Self::User => "user-info",
            Self::Node => "arbitrary-node",
        }
    }
}

/// The number of a need.
pub(crate) type NeedId = u16;

/// A verb on a resource, in a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Need {
    pub(crate) mode: Mode,
    pub(crate) resource: Resource,
    pub(crate) verb: Verb,
}

impl Need {
    /// Returns the need to make a request as oneself.
    pub(crate) const fn new(resource: Resource, verb: Verb) -> Self {
        Self { mode: Mode::Direct, resource, verb }
    }

    pub(crate) const fn id(self) -> NeedId {
        ((self.mode as usize * TABLE.len() + self.resource as usize) * VERBS + self.verb as usize)
            as NeedId
    }

    /// Returns the bit of the resource of a need with this number.
    pub(crate) fn resource_bit(id: NeedId) -> u128 {
        let resource = TABLE.get(usize::from(id) / VERBS % TABLE.len());
        resource.map_or(0, |row| row.0.bit())
    }

    /// Returns the resource and verb of a need as oneself.
    pub(crate) fn direct(id: NeedId) -> Option<(Resource, Verb)> {
        let id = usize::from(id);
        let resource = TABLE.get(id / VERBS)?.0;
        Some((resource, Verb::ALL.get(id % VERBS).copied()?))
    }

    /// Returns whether a need with this number is only useful together with others that the same
    /// identity must meet.
    pub(crate) fn is_joint(id: NeedId) -> bool {
        let id = usize::from(id);
        let (mode, resource) = (id / VERBS / TABLE.len(), id / VERBS % TABLE.len());
        let resource = TABLE.get(resource).map(|row| row.0);
        mode != Mode::Direct as usize
            || resource.is_some_and(|resource| {
                matches!(
                    resource,
                    R::RoleBindings
                        | R::Roles
                        | R::ClusterRoles
                        | R::ClusterRoleBindings
                        | R::Approvals
                        | R::Signers
                        | R::Users
                        | R::Groups
                        | R::Accounts
                        | R::LimitedAccounts
                        | R::LimitedUsers
                        | R::LimitedGroups
                        | R::LimitedNodes
                )
            })
    }

    /// Returns the verb as rules write it.
    pub(crate) fn verb(self) -> Cow<'static, str> {
        let verb = match self.verb {
            V::Create => "create",
            V::Update => "update",
            V::Patch => "patch",
            V::Get => "get",
            V::List => "list",
            V::Watch => "watch",
            V::Bind => "bind",
            V::Escalate => "escalate",
            V::Approve => "approve",
            V::Impersonate => match self.resource {
                R::LimitedAccounts => "impersonate:serviceaccount",
                R::LimitedUsers | R::LimitedGroups => "impersonate:user-info",
                R::LimitedNodes => "impersonate:arbitrary-node",
                _ => "impersonate",
            },
        };
        match self.mode {
            Mode::Direct => verb.into(),
            mode => format!("impersonate-on:{}:{verb}", mode.as_str()).into(),
        }
    }

    /// Returns the request for the object of a name, which can be empty.
    pub(crate) fn request(self, namespace: &str, name: &str) -> Request {
        let (_, group, resource, subresource, _) = self.resource.row();
        let target = ResourceRequest {
            namespace: namespace.into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
        };
        Request::resource(&*self.verb(), target)
    }
}

/// Matches rules to needs.
#[derive(Clone, Debug)]
pub(crate) struct NeedIndex {
    /// The resources that count.
    counted: Vec<Resource>,
    /// The resources by the texts of rules that match them, without `*`.
    by_text: HashMap<String, Vec<Resource>, FxBuildHasher>,
}

/// The needs that one rule meets.
#[derive(Clone, Debug)]
pub(crate) struct RuleNeeds {
    /// The position of the rule in its role.
    pub(crate) rule: usize,
    /// The needs.
    pub(crate) needs: Box<[NeedId]>,
    /// The names for which it meets them.
    pub(crate) names: Names,
}

impl RuleNeeds {
    /// Returns whether the rule meets a need that must be met together with others by the same
    /// identity.
    pub(crate) fn is_joint(&self) -> bool {
        !self.names.any || self.needs.iter().any(|need| Need::is_joint(*need)) || self.applies()
    }

    /// Returns whether the rule allows one half of creating objects by server-side apply.
    fn applies(&self) -> bool {
        self.needs.iter().filter_map(|need| Need::direct(*need)).any(|(resource, verb)| {
            let has = |verb| self.needs.contains(&Need::new(resource, verb).id());
            match verb {
                Verb::Create => !has(Verb::Patch),
                Verb::Patch => !has(Verb::Create),
                _ => false,
            }
        })
    }
}

impl NeedIndex {
    /// Indexes the resources that count.
    pub(crate) fn new(counts: impl Fn(Resource) -> bool) -> Self {
        let mut by_text: HashMap<String, Vec<Resource>, FxBuildHasher> = HashMap::default();
        let mut counted = Vec::new();
        for (resource, _, plural, subresource, _) in TABLE {
            if !counts(resource) {
                continue;
            }
            counted.push(resource);
            if subresource.is_empty() {
                by_text.entry(plural.to_owned()).or_default().push(resource);
                continue;
            }
            by_text.entry(format!("{plural}/{subresource}")).or_default().push(resource);
            by_text.entry(format!("*/{subresource}")).or_default().push(resource);
        }
        Self { counted, by_text }
    }

    /// Returns the needs in some modes that a rule meets; `None` if it meets none.
    pub(crate) fn of(
        &self,
        rule: &PolicyRule,
        position: usize,
        modes: &[Mode],
    ) -> Option<RuleNeeds> {
        let has = |texts: &[Text], wanted: &str| texts.iter().any(|text| **text == *wanted);
        let mut resources: Vec<Resource> = Vec::new();
        if has(&rule.resources, "*") {
            resources.extend(&self.counted);
        } else {
            let found = rule.resources.iter().filter_map(|text| self.by_text.get(&**text));
            resources.extend(found.flatten().copied());
        }
        if resources.is_empty() {
            return None;
        }
        let (any_group, any_verb) = (has(&rule.api_groups, "*"), has(&rule.verbs, "*"));
        let mut needs = Vec::new();
        for resource in resources {
            let (_, group, _, _, verbs) = resource.row();
            if !any_group && !has(&rule.api_groups, group) {
                continue;
            }
            for mode in modes {
                for verb in verbs {
                    let need = Need { mode: *mode, resource, verb: *verb };
                    let is_asked = *mode == Mode::Direct || (*verb as usize) <= V::Watch as usize;
                    if is_asked && (any_verb || has(&rule.verbs, &need.verb())) {
                        needs.push(need.id());
                    }
                }
            }
        }
        needs.sort_unstable();
        needs.dedup();
        (!needs.is_empty()).then(|| RuleNeeds {
            rule: position,
            needs: needs.into(),
            names: Names::of(rule),
        })
    }
}

/// Returns whether a rule allows every verb on every resource in every group.
pub(crate) fn is_everything(rule: &PolicyRule) -> bool {
    let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
    star(&rule.verbs)
        && star(&rule.api_groups)
        && star(&rule.resources)
        && rule.resource_names.is_empty()
}
