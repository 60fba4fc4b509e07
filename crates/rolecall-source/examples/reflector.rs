//! Answers from reflectors of kube-runtime instead of reading the cluster for each question.
//!
//! ```sh
//! cargo run -p rolecall-source --example reflector
//! ```

use std::fmt::Debug;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use rolecall_rbac::{
    Authorizer, InventoryBuilder, NamespaceSelection, Request, ResourceRequest, Workload,
};
use serde::de::DeserializeOwned;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::try_default().await?;
    let roles = watch::<Role>(&client);
    let cluster_roles = watch::<ClusterRole>(&client);
    let role_bindings = watch::<RoleBinding>(&client);
    let cluster_role_bindings = watch::<ClusterRoleBinding>(&client);
    roles.wait_until_ready().await?;
    cluster_roles.wait_until_ready().await?;
    let pods = watch::<Pod>(&client);
    pods.wait_until_ready().await?;
    role_bindings.wait_until_ready().await?;
    cluster_role_bindings.wait_until_ready().await?;

    // The stores change with the cluster. An authorizer answers for one moment, so a program builds
    // a new one after changes.
    let mut builder = InventoryBuilder::new();
    roles.state().iter().for_each(|role| builder.role((&**role).into()));
    cluster_roles.state().iter().for_each(|role| builder.role((&**role).into()));
    role_bindings.state().iter().for_each(|binding| builder.binding((&**binding).into()));
    cluster_role_bindings.state().iter().for_each(|binding| builder.binding((&**binding).into()));
    for pod in pods.state() {
        rolecall_source::add_object(&mut builder, &*pod)?;
    }
    let authorizer = Authorizer::new(builder.build());

    let secrets = ResourceRequest { resource: "secrets".into(), ..ResourceRequest::default() };
    let request = Request::resource("get", secrets);
    for holder in authorizer.who_can(&request, &NamespaceSelection::Each).holders {
        let subject = holder.grant.subject;
        println!("{} {} {}", subject.kind.as_str(), subject.namespace, subject.name);
        let pods = authorizer.inventory().workloads_in(&subject.namespace).iter();
        let uses = |pod: &&Workload| {
            pod.pods.iter().any(|spec| spec.service_account_name() == &*subject.name)
        };
        pods.filter(uses).for_each(|pod| println!("  used by Pod {}", pod.metadata.name));
    }
    Ok(())
}

/// Keeps a store of all objects of a kind up to date.
fn watch<K>(client: &Client) -> Store<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let changes = watcher(Api::<K>::all(client.clone()), watcher::Config::default());
    let changes = changes.default_backoff().reflect(writer);
    tokio::spawn(changes.for_each(|change| async move {
        if let Err(error) = change {
            eprintln!("warning: {error}");
        }
    }));
    store
}
