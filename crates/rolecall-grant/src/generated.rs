//! Recognizes generated names. They change with the next rollout, release or run, and break grants
//! that are limited to them.

use std::fmt;

use rolecall_rbac::{Request, ResourceRequest, Target};

/// The generator of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generated {
    /// The Pods' controller, with a hash of their template or a random suffix.
    Pod,
    /// The CronJob controller, with the time of the run.
    Run,
    /// The Deployment, StatefulSet or DaemonSet controller, with a hash of the Pod template.
    TemplateHash,
    /// Helm, with the revision of the release.
    HelmRelease,
    /// The client that records an event, with the time.
    Event,
    /// Kustomize, with a hash of the content.
    ContentHash,
    /// The server, with a random suffix after `generateName`.
    Random,
    /// Any program, with a UUID or a hexadecimal hash.
    Unique,
}

impl Generated {
    /// Returns the generator of the name in a request; `None` if the name seems to be chosen by a
    /// person.
    ///
    /// Verbs that name the identity or role to act with refer to chosen objects.
    pub fn of(request: &Request) -> Option<Self> {
        let Target::Resource(target) = &request.target else { return None };
        let is_served = matches!(
            &*request.verb,
            "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "*"
        );
        if target.name.is_empty() || !is_served {
            return None;
        }
        of_object(target)
    }

    /// Returns whether the name of a request shows its generator beyond doubt. Only then is it safe to
    /// grant access to all names: a chosen name such as `backend-http2` can look random, too.
    pub(crate) fn is_certain(self, request: &Request) -> bool {
        let Target::Resource(target) = &request.target else { return false };
        match self {
            Self::Event | Self::HelmRelease => true,
            Self::Pod => split(&target.name)
                .and_then(|(owner, _)| split(owner).map(|(_, part)| (owner, part)))
                .is_some_and(|(owner, hash)| is_evident_hash(hash) || is_run(owner)),
            Self::TemplateHash => {
                split(&target.name).is_some_and(|(_, hash)| is_evident_hash(hash))
            }
            Self::Run | Self::ContentHash | Self::Random | Self::Unique => false,
        }
    }
}

fn of_object(target: &ResourceRequest) -> Option<Generated> {
    let name = &*target.name;
    match (&*target.group, &*target.resource) {
        ("" | "events.k8s.io", "events") => Some(Generated::Event),
        ("", "secrets" | "configmaps") if is_helm_release(name) => Some(Generated::HelmRelease),
        ("" | "metrics.k8s.io", "pods") => is_pod(name).then_some(Generated::Pod),
        ("batch", "jobs") if is_run(name) => Some(Generated::Run),
        ("apps" | "extensions", "replicasets" | "controllerrevisions") => split(name)
            .is_some_and(|(_, hash)| is_template_hash(hash))
            .then_some(Generated::TemplateHash),
        ("", "secrets" | "configmaps")
            if split(name).is_some_and(|(_, hash)| is_kustomize(hash)) =>
        {
            Some(Generated::ContentHash)
        }
        _ => None,
    }
    .or_else(|| anything(name))
}

/// Recognizes generated names of any kind of object.
fn anything(name: &str) -> Option<Generated> {
    let parts: Vec<&str> = name.split('-').collect();
    let is_hex = |part: &str, digits| part.len() == digits && part.bytes().all(is_hex_digit);
    let has_uuid = parts
        .windows(5)
        .any(|five| five.iter().zip([8, 4, 4, 4, 12]).all(|(part, digits)| is_hex(part, digits)));
    let ends_in_hash = parts.last().is_some_and(|last| {
        // Shorter ones can be words or dates.
        [32, 40, 64].iter().any(|digits| is_hex(last, *digits))
    });
    if has_uuid || ends_in_hash {
        return Some(Generated::Unique);
    }
    let (_, suffix) = split(name)?;
    let has = |of: fn(&u8) -> bool| suffix.as_bytes().iter().any(of);
    // A suffix without both can be an abbreviation or a number.
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    (is_random(suffix) && is_mixed).then_some(Generated::Random)
}

/// Returns whether a Pod's name looks like one from a ReplicaSet, DaemonSet, Job or other
/// controller.
fn is_pod(name: &str) -> bool {
    let Some((owner, suffix)) = split(name) else { return false };
    if !is_random(suffix) {
        return false;
    }
    let (has_hash, is_run) =
        (split(owner).is_some_and(|(_, hash)| is_template_hash(hash)), is_run(owner));
    has_hash || is_run || !WORDS.contains(&suffix)
}

/// Common name suffixes that consist of five consonants and digits.
const WORDS: [&str; 8] = ["html5", "httpd", "https", "mssql", "pgsql", "rtmps", "sftpd", "smtps"];

/// Splits a name at the last hyphen.
fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('-').filter(|(before, suffix)| !before.is_empty() && !suffix.is_empty())
}

/// Returns whether a text can be a server's five-letter random suffix: without vowels and without
/// digits that look like letters.
fn is_random(suffix: &str) -> bool {
    suffix.len() == 5 && suffix.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
}

/// Returns whether a text can be a Pod template hash: a 32-bit decimal number in encoded digits, or
/// in old releases in plain digits.
fn is_template_hash(hash: &str) -> bool {
    let is_encoded = hash.bytes().all(|byte| b"456789bcdf".contains(&byte));
    let is_number = hash.bytes().all(|byte| byte.is_ascii_digit());
    (6..=10).contains(&hash.len()) && (is_encoded || is_number)
}

/// Returns whether a text can hardly be anything but a Pod template hash; a number can be a date.
fn is_evident_hash(hash: &str) -> bool {
    let has = |of: fn(&u8) -> bool| hash.as_bytes().iter().any(of);
    hash.len() >= 8
        && is_template_hash(hash)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

/// Returns whether a name is the name of a CronJob's run, which ends with the minutes since 1970.
fn is_run(name: &str) -> bool {
    split(name).is_some_and(|(_, time)| {
        (8..=10).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Returns whether an object stores a revision of a Helm release.
fn is_helm_release(name: &str) -> bool {
    let Some(release) = name.strip_prefix("sh.helm.release.v1.") else { return false };
    release.rsplit_once(".v").is_some_and(|(_, revision)| {
        !revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Returns whether a text can be a hash suffix of Kustomize's generators.
fn is_kustomize(hash: &str) -> bool {
    hash.len() == 10 && hash.bytes().all(|byte| b"2456789bcdfghkmt".contains(&byte))
}

fn is_hex_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

impl fmt::Display for Generated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pod => "a controller generated the name of this Pod, and its replacement gets a different name",
            Self::Run => {
                "the CronJob controller generated the name of this run, and the next run gets a different name"
            }
            Self::TemplateHash => {
                "the name contains a hash of the Pod template, which every rollout changes"
            }
            Self::HelmRelease => "Helm stores each revision of a release under a different name",
            Self::Event => "events get their names from the time at which they are recorded",
            Self::ContentHash => {
                "Kustomize appends a hash of the content, which every change replaces"
            }
            Self::Random => "the name ends in a random suffix, like names from `generateName`",
            Self::Unique => "the name contains a generated identifier",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(resource: &str, name: &str) -> Option<Generated> {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        Generated::of(&Request::resource(
            "get",
            ResourceRequest {
                namespace: "shop".into(),
                group: group.into(),
                resource: resource.into(),
                name: name.into(),
                ..ResourceRequest::default()
            },
        ))
    }

    #[test]
    fn generated_names_are_distinguished_from_chosen_ones() {
        use Generated::*;
        for (resource, name, expected) in [
            ("pods", "web-7887448d46-4hjjv", Some(Pod)),
            ("pods.metrics.k8s.io", "web-7887448d46-4hjjv", Some(Pod)),
            ("pods", "web-1234567890-4hjjv", Some(Pod)),
            ("pods", "node-exporter-x7k2p", Some(Pod)),
            ("pods", "fluentd-qwrtz", Some(Pod)),
            ("pods", "backup-28912345-lzx9w", Some(Pod)),
            ("pods", "indexed-0-lzx9w", Some(Pod)),
            ("pods", "web-0", None),
            ("pods", "db-mysql", None),
            ("pods", "db-pgsql", None),
            ("pods", "web-https", None),
            ("pods", "kube-apiserver-node-1", None),
            ("pods", "debug", None),
            ("pods", "x7k2p", None),
            ("jobs.batch", "backup-28912345", Some(Run)),
            ("jobs.batch", "migrate-2024", None),
            ("replicasets.apps", "web-7887448d46", Some(TemplateHash)),
            ("controllerrevisions.apps", "db-5f7d9c8b6", Some(TemplateHash)),
            ("replicasets.apps", "web", None),
            ("secrets", "sh.helm.release.v1.rel.v7", Some(HelmRelease)),
            ("configmaps", "sh.helm.release.v1.my-app.v12", Some(HelmRelease)),
            ("secrets", "sh.helm.release.v1.rel", None),
            ("secrets", "default-token-x7k2p", Some(Random)),
            ("secrets", "app-env-5k9b7f8gm2", Some(ContentHash)),
            ("configmaps", "app-env-5k9b7f8gm2", Some(ContentHash)),
            ("secrets", "db-password", None),
            ("secrets", "tls-https", None),
            ("configmaps", "kube-root-ca.crt", None),
            ("events", "web.17a8f0c9d2b1e3f4", Some(Event)),
            ("events.events.k8s.io", "web", Some(Event)),
            ("endpointslices.discovery.k8s.io", "web-4hjjv", Some(Random)),
            ("persistentvolumes", "pvc-0e984f3b-1f3c-4d5e-8a9b-0c1d2e3f4a5b", Some(Unique)),
            ("leases.coordination.k8s.io", "op-9b2c4d6e-1f3c-4d5e-8a9b-0c1d2e3f4a5b", Some(Unique)),
            ("leases.coordination.k8s.io", "my-operator-lock", None),
            ("leases.coordination.k8s.io", "4f3c2b1a.example.com", None),
            (
                "volumeattachments.storage.k8s.io",
                "csi-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                Some(Unique),
            ),
            ("deployments.apps", "web-v2", None),
            ("namespaces", "team-a", None),
        ] {
            assert_eq!(of(resource, name), expected, "{resource} {name}");
        }
    }

    #[test]
    fn verbs_about_chosen_objects_keep_their_names() {
        for verb in ["impersonate", "bind", "escalate", "approve", "sign", "use"] {
            let target = ResourceRequest {
                resource: "serviceaccounts".into(),
                name: "build-x7k2p".into(),
                ..ResourceRequest::default()
            };
            assert_eq!(Generated::of(&Request::resource(verb, target)), None, "{verb}");
        }
    }
}
