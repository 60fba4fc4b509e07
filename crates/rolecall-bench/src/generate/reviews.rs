//! Generates SubjectAccessReviews about a generated cluster.

use std::io::{self, Write};

use serde_json::json;

use super::cluster::{RESOURCES, Shape, VERBS, namespace, service_account};
use super::{Preset, Random};

/// Writes `count` reviews as JSON lines, mostly of ServiceAccounts about their own namespace.
pub fn write(writer: &mut dyn Write, preset: Preset, seed: u64, count: usize) -> io::Result<()> {
    let shape = Shape::of(preset);
    let mut random = Random::new(seed ^ 0x5eed);
    for _ in 0..count {
        let (home, name) = service_account(&shape, random.below(shape.service_accounts));
        let asked =
            if random.one_in(4) { namespace(random.below(shape.namespaces)) } else { home.clone() };
        let (group, resources) =
            RESOURCES.get(random.below(RESOURCES.len())).copied().unwrap_or_default();
        let resource = random.pick(resources);
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{home}:{name}"),
                "groups": [
                    "system:serviceaccounts",
                    format!("system:serviceaccounts:{home}"),
                    "system:authenticated",
                ],
                "resourceAttributes": {
                    "namespace": asked, "verb": random.pick(&VERBS), "group": group,
                    "resource": resource, "subresource": subresource,
                },
            },
        });
        serde_json::to_writer(&mut *writer, &review)?;
        writer.write_all(b"\n")?;
    }
    Ok(())
}
