//! The API of the test server: authenticates by token and authorizes with RBAC.

use std::collections::BTreeMap;

use rolecall_rbac::{
    Authorizer, Catalog, Identity, Request, ResourceRequest, ServedResource, Text,
};
use serde_json::{Value, json};

use super::http::{Received, Reply};

/// A cluster's objects and its authorizer.
pub(super) struct Api {
    pub(super) objects: Vec<Value>,
    pub(super) authorizer: Authorizer,
    pub(super) catalog: Catalog,
}

/// The components of a request path.
struct Place<'a> {
    group: &'a str,
    namespace: &'a str,
    resource: &'a str,
    name: &'a str,
    subresource: &'a str,
}

impl Api {
    /// Responds to a request.
    pub(super) fn answer(&self, received: &Received) -> Reply {
        let Some(caller) = authenticate(received) else {
            return Reply::failure(401, "Unauthorized", "Unauthorized");
        };
        let identity = match self.impersonate(received, caller) {
            Ok(identity) => identity,
            Err(refused) => return refused,
        };
        let Some(place) = Place::parse(&received.path) else {
            return self.answer_path(received, &identity);
        };
        let verb = match (&*received.method, place.name.is_empty()) {
            ("GET", true) => "list",
            ("GET", false) => "get",
            ("POST", _) => "create",
            _ => "patch",
        };
        let request = Request::resource(verb, place.request());
        if let Some(refused) = self.refuse(&identity, &request) {
            return refused;
        }
        match (place.resource, verb) {
            (resource, "create") if resource.ends_with("reviews") => {
                self.review(&place, &identity, received)
            }
            ("namespaces", "get") => self.namespace(&place),
            (_, "list") => self.list(&place),
            (_, "get") if place.subresource == "log" => Reply {
                status: 200,
                body: "Error from server (Forbidden): pods is forbidden: User \
                    \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"pods\" in API group \"\" \
                    in the namespace \"default\"\n"
                    .to_owned(),
            },
            (_, "patch") if received.query.contains("dryRun=All") => {
                Reply { status: 200, body: received.body.clone() }
            }
            (_, "get") if place.subresource.is_empty() => self.get(&place),
            _ => Reply::not_found(),
        }
    }

    fn get(&self, place: &Place<'_>) -> Reply {
        let name = place.name.replace("%3A", ":").replace("%2B", "+");
        let is_meant = |object: &&Value| object["metadata"]["name"] == *name;
        self.objects_at(place).and_then(|mut objects| objects.find(is_meant)).map_or_else(
            || {
                let text = format!("{} \"{}\" not found", place.resource, place.name);
                Reply::failure(404, "NotFound", &text)
            },
            Reply::json,
        )
    }

    fn answer_path(&self, received: &Received, identity: &Identity) -> Reply {
        let verb = received.method.to_lowercase();
        if let Some(refused) = self.refuse(identity, &Request::path(verb, &*received.path)) {
            return refused;
        }
        match &*received.path {
            "/version" => {
                Reply::json(&json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0"}))
            }
            "/api" => self.discovery(|group| group.is_empty()),
            "/apis" => self.discovery(|group| !group.is_empty()),
            _ => Reply::not_found(),
        }
    }

    fn discovery(&self, is_wanted: impl Fn(&str) -> bool) -> Reply {
        let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let resources = self.catalog.resources().iter();
        for resource in resources.filter(|it| !it.is_virtual && is_wanted(&it.group)) {
            groups.entry(&resource.group).or_default().push(discovered(resource));
        }
        let items: Vec<Value> = groups
            .into_iter()
            .map(|(group, resources)| {
                json!({"metadata": {"name": group},
                    "versions": [{"version": "v1", "freshness": "Current", "resources": resources}]})
            })
            .collect();
        Reply::json(&json!({"kind": "APIGroupDiscoveryList", "items": items}))
    }

    fn list(&self, place: &Place<'_>) -> Reply {
        let (Some(served), Some(objects)) =
            (self.catalog.get(place.group, place.resource), self.objects_at(place))
        else {
            return Reply::not_found();
        };
        let items: Vec<&Value> = objects.collect();
        Reply::json(&json!({"kind": format!("{}List", served.kind), "apiVersion": "v1",
            "metadata": {"resourceVersion": "7"}, "items": items}))
    }

    /// Returns the objects of a resource in a namespace; `None` if the resource is not served.
    fn objects_at<'a>(&'a self, place: &Place<'a>) -> Option<impl Iterator<Item = &'a Value>> {
        let served = self.catalog.get(place.group, place.resource)?;
        let (group, within) = (place.group, place.namespace);
        let is_there = move |object: &&Value| {
            let version = object["apiVersion"].as_str().unwrap();
            let object_group = version.split_once('/').map_or("", |(group, _)| group);
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            object_group == group
                && object["kind"] == *served.kind
                && (within.is_empty() || namespace == within)
        };
        Some(self.objects.iter().filter(is_there))
    }

    /// Returns a namespace that contains objects or exists in every cluster.
    fn namespace(&self, place: &Place<'_>) -> Reply {
        let (name, object) = (place.name, self.get(place));
        let is_in = |object: &Value| object["metadata"]["namespace"] == name;
        if object.status == 404 && (name == "default" || self.objects.iter().any(is_in)) {
            return Reply::json(&json!({"kind": "Namespace", "metadata": {"name": name}}));
        }
        object
    }

    fn review(&self, place: &Place<'_>, identity: &Identity, received: &Received) -> Reply {
        let mut review: Value = serde_json::from_str(&received.body).unwrap();
        let spec = review["spec"].clone();
        let texts = |value: &Value| -> Vec<Text> {
            let texts = value.as_array().into_iter().flatten();
            texts.map(|text| text.as_str().unwrap().into()).collect()
        };
        review["status"] = match place.resource {
            "selfsubjectreviews" => {
                json!({"userInfo": {"username": &*identity.user, "groups": strings(&identity.groups)}})
            }
            "selfsubjectrulesreviews" => {
                let namespace = spec["namespace"].as_str().unwrap();
                self.rules(identity, namespace)
            }
            _ => {
                let subject = match place.resource {
                    "selfsubjectaccessreviews" => identity.clone(),
                    _ => Identity {
                        user: spec["user"].as_str().unwrap_or_default().into(),
                        groups: texts(&spec["groups"]),
                        ..Identity::default()
                    },
                };
                let decision = self.authorizer.authorize(&subject, &asked(&spec));
                json!({"allowed": decision.verdict.is_allowed(), "reason": decision.reason()})
            }
        };
        Reply::json(&review)
    }

    fn rules(&self, identity: &Identity, namespace: &str) -> Value {
        let review = self.authorizer.rules_for(identity, namespace);
        let (urls, resources): (Vec<_>, Vec<_>) =
            review.rules.iter().map(|of| of.rule).partition(|rule| rule.resources.is_empty());
        let resources: Vec<Value> = resources
            .iter()
            .map(|rule| {
                json!({"verbs": strings(&rule.verbs), "apiGroups": strings(&rule.api_groups),
                    "resources": strings(&rule.resources),
                    "resourceNames": strings(&rule.resource_names)})
            })
            .collect();
        let urls: Vec<Value> = urls
            .iter()
            .map(|rule| {
                json!({"verbs": strings(&rule.verbs),
                    "nonResourceURLs": strings(&rule.non_resource_urls)})
            })
            .collect();
        json!({"resourceRules": resources, "nonResourceRules": urls, "incomplete": false})
    }

    fn impersonate(&self, received: &Received, caller: Identity) -> Result<Identity, Reply> {
        let Some(user) = received.headers("impersonate-user").next() else { return Ok(caller) };
        let (mut identity, groups): (_, Vec<&str>) =
            (Identity::user(user), received.headers("impersonate-group").collect());
        if !groups.is_empty() && identity.as_service_account().is_some() {
            identity.groups = vec!["system:authenticated".into()];
        }
        let (resource, namespace, name) = match identity.as_service_account() {
            Some(account) => ("serviceaccounts", account.namespace, account.name),
            None => ("users", "", user),
        };
        let mut asked = vec![(resource, namespace.to_owned(), name.to_owned())];
        asked.extend(groups.iter().map(|group| ("groups", String::new(), (*group).to_owned())));
        for (resource, namespace, name) in asked {
            let target = ResourceRequest {
                namespace: namespace.into(),
                resource: resource.into(),
                name: name.into(),
                ..ResourceRequest::default()
            };
            if let Some(refused) = self.refuse(&caller, &Request::resource("impersonate", target)) {
                return Err(refused);
            }
        }
        Ok(groups.into_iter().fold(identity, Identity::with_group))
    }

    /// Returns the refusal if RBAC does not allow the request.
    fn refuse(&self, identity: &Identity, request: &Request) -> Option<Reply> {
        if self.authorizer.authorize(identity, request).verdict.is_allowed() {
            return None;
        }
        let (verb, user) = (&request.verb, &identity.user);
        let (subject, what) = match &request.target {
            rolecall_rbac::Target::Path(path) => ("", format!("path \"{path}\"")),
            rolecall_rbac::Target::Resource(target) => {
                let scope = match &*target.namespace {
                    "" => "at the cluster scope".to_owned(),
                    namespace => format!("in the namespace \"{namespace}\""),
                };
                let (group, resource) = (&target.group, target.combined());
                (
                    &*target.resource,
                    format!("resource \"{resource}\" in API group \"{group}\" {scope}"),
                )
            }
        };
        let message = format!("forbidden: User \"{user}\" cannot {verb} {what}");
        let subject = if subject.is_empty() { "" } else { &format!("{subject} is ") };
        Some(Reply::failure(403, "Forbidden", &format!("{subject}{message}")))
    }
}

/// Returns the identity of the token, or the anonymous one.
fn authenticate(received: &Received) -> Option<Identity> {
    let Some(credential) = received.headers("authorization").next() else {
        let mut anonymous = Identity::user("system:anonymous");
        anonymous.groups = vec!["system:unauthenticated".into()];
        return Some(anonymous);
    };
    let user = super::user_of(credential.strip_prefix("Bearer ")?)?;
    let identity = Identity::user(&user);
    Some(if user == "admin" { identity.with_group("system:masters") } else { identity })
}

fn asked(spec: &Value) -> Request {
    let text = |value: &Value| Text::from(value.as_str().unwrap_or_default());
    let path = &spec["nonResourceAttributes"];
    if !path.is_null() {
        return Request::path(text(&path["verb"]), text(&path["path"]));
    }
    let resource = &spec["resourceAttributes"];
    let target = ResourceRequest {
        namespace: text(&resource["namespace"]),
        group: text(&resource["group"]),
        resource: text(&resource["resource"]),
        subresource: text(&resource["subresource"]),
        name: text(&resource["name"]),
    };
    Request::resource(text(&resource["verb"]), target)
}

fn discovered(resource: &ServedResource) -> Value {
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|it| json!({"subresource": &*it.name, "verbs": strings(&it.verbs)}))
        .collect();
    json!({"resource": &*resource.resource, "responseKind": {"kind": &*resource.kind},
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": &*resource.singular, "verbs": strings(&resource.verbs),
        "shortNames": strings(&resource.short_names), "subresources": subresources})
}

fn strings(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| &**text).collect()
}

impl<'a> Place<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        parts.next()?;
        let mut parts: Vec<&str> = parts.collect();
        let namespace = match &*parts {
            ["namespaces", namespace, _, ..] => {
                let namespace = *namespace;
                parts.drain(..2);
                namespace
            }
            _ => "",
        };
        let mut parts = parts.into_iter();
        Some(Self {
            group,
            namespace,
            resource: parts.next()?,
            name: parts.next().unwrap_or_default(),
            subresource: parts.next().unwrap_or_default(),
        })
    }

    fn request(&self) -> ResourceRequest {
        ResourceRequest {
            namespace: self.namespace.into(),
            group: self.group.into(),
            resource: self.resource.into(),
            subresource: self.subresource.into(),
            name: self.name.into(),
        }
    }
}
