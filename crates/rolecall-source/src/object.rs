//! Single objects of other programs, such as the Pods of a reflector.

use rolecall_rbac::InventoryBuilder;
use rolecall_yaml::Position;
use serde::Serialize;

use crate::decode::{Decoder, Place};
use crate::problem::{Problem, ProblemKind};

/// Adds an object of a server to an inventory, as if the cluster had been read.
///
/// The object is anything that serializes as Kubernetes does, with `apiVersion` and `kind`: a type
/// of k8s-openapi, a `kube::core::DynamicObject`, a custom resource or JSON. Pods and the objects
/// that create them become workloads. Kinds without an effect on access are ignored. `From`
/// conversions exist for the types of RBAC; Pods use the reader of manifests, so that all sources
/// agree on tokens, variables and volumes.
///
/// # Errors
///
/// Returns the first problem of an object that cannot be serialized or read. Then the builder gets
/// a gap instead of the object, and answers that depend on it are unknown.
pub fn add_object(
    builder: &mut InventoryBuilder,
    object: &impl Serialize,
) -> Result<(), Box<Problem>> {
    let place = Place::Cluster;
    let broken = |error: serde_json::Error| {
        let message = format!("the object is not JSON: {error}");
        Box::new(place.problem(Position::default(), ProblemKind::BrokenDocument, message))
    };
    let text = serde_json::to_string(object).map_err(broken)?;
    let mut decoder = Decoder::new(&place, "default");
    decoder.json(&text, None, Position::default()).map_err(broken)?;
    builder.append(decoder.batch.builder);
    match decoder.batch.problems.into_iter().next() {
        Some(problem) => Err(Box::new(problem)),
        None => Ok(()),
    }
}
