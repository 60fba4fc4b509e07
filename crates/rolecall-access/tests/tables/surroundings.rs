use rolecall_access::{Holder, Severity};
use rolecall_rbac::{
    Authorizer, Container, Identity, Inventory, Labels, Metadata, PodLines, PodSpec,
    ServiceAccount, Workload,
};
use rolecall_testing::cluster::cluster;

use crate::index::{engine, held, jane};
use crate::risks::rule;

/// A cluster in which an account runs an image, next to other objects.
fn running(image: &str, account: &str, objects: &str) -> Inventory {
    let (namespace, name) = account.split_once(':').unwrap();
    let mut builder = cluster(objects).into_builder();
    builder.workload(Workload {
        metadata: Metadata::new(namespace, "workload"),
        kind: "Deployment".into(),
        api_group: "apps".into(),
        owner: None,
        pods: [PodSpec {
            path: ".spec.template.spec".into(),
            service_account: name.into(),
            account_is_derived: false,
            annotations: Labels::default(),
            automount_token: None,
            token_volumes: Box::default(),
            containers: [Container {
                name: "main".into(),
                image: image.into(),
                command: [].into(),
                args: [].into(),
                init: false,
                covers_token_path: false,
                may_have_kubeconfig: false,
                env: Box::default(),
            }]
            .into(),
            node: "".into(),
            lines: PodLines::default(),
        }]
        .into(),
        mirror: false,
    });
    builder.build()
}

#[test]
fn a_risk_that_is_the_purpose_of_a_program_is_worth_knowing_only() {
    let app = Identity::service_account("ops", "app");
    for (image, rules, expected) in [
        ("acme/web", "create persistentvolumes", "RC540 high"),
        ("longhorn/manager", "create persistentvolumes", "RC540 info"),
        ("longhorn/manager", "get secrets", "RC510 high"),
        ("longhornio/x", "delete persistentvolumeclaims", "RC541 info"),
        ("metallb/speaker", "update services/status", "RC544 info"),
        ("metallb/speaker", "create services", "RC542 info"),
        ("metallb/speaker", "create persistentvolumes", "RC540 high"),
        ("calico/node", "update pods", "RC517 info"),
        ("calico/node", "patch pods/status", "RC523 info"),
        ("calico/node", "patch nodes/status", "RC526 info"),
        ("karpenter", "patch nodes; delete pods", "RC524 info; RC526 info; RC549 medium"),
        ("traefik", "create gateways.gateway.networking.k8s.io", "RC543 info"),
        ("cert-manager", "create gateways.gateway.networking.k8s.io", "RC543 info"),
        ("cert-manager", "update services/status", "RC544 medium"),
        // An operator's components write its objects.
        ("argocd", "create applications.argoproj.io", ""),
        ("kustomize-controller", "create applications.argoproj.io", ""),
        ("acme/web", "create applications.argoproj.io", "RC552 high"),
    ] {
        let objects = format!("ClusterRole r: {rules}\n b: r -> sa/ops:app");
        assert_eq!(held(running(image, "ops:app", &objects), &app), expected, "{image} {rules}");
        // The same for another account with the same name is the usual severity.
        let found = held(running(image, "other:app", &objects), &app);
        let usual = held(cluster(&objects), &app);
        assert_eq!(found, usual, "{image} {rules}");
    }
}

#[test]
fn every_image_of_a_program_is_recognized() {
    let app = Identity::service_account("ops", "app");
    let purpose = |rules: &str, image: &str| {
        let objects = format!("ClusterRole r: {rules}\n b: r -> sa/ops:app");
        held(running(image, "ops:app", &objects), &app)
    };
    for (rules, images, expected) in [
        (
            "create persistentvolumes",
            "csi cephcsi rook/ceph longhorn longhornio csi-provisioner efs-provisioner \
             external-provisioner hostpath-provisioner local-path-provisioner \
             local-volume-provisioner nfs-client-provisioner nfs-provisioner provisioner-localpv \
             storage-provisioner snapshot-controller topolvm openebs piraeus-operator portworx",
            "RC540 info",
        ),
        (
            "update services/status",
            "metallb kube-vip klipper-lb purelb openelb load-balancer-controller \
             cloud-controller-manager calico tigera/operator cilium/cilium cilium/operator flannel \
             weave-kube weave-npc antrea multus multus-cni kube-router kube-ovn ovn-kubernetes \
             amazon-k8s-cni ingress-nginx/controller nginx-ingress nginx-ingress-controller traefik \
             haproxy-ingress haproxytech/kubernetes-ingress contour envoyproxy/gateway \
             kong/gateway-operator kong/kubernetes-ingress-controller istio/pilot \
             linkerd/controller linkerd/policy-controller external-dns",
            "RC544 info",
        ),
        (
            "patch nodes",
            "cloud-controller-manager cluster-autoscaler karpenter node-problem-detector \
             node-feature-discovery machine-config-controller machine-config-daemon \
             machine-config-operator kured system-upgrade-controller",
            "RC526 info",
        ),
        (
            "create applications.argoproj.io",
            "argocd argoproj/argo-cd kustomize-controller helm-controller operator-framework/olm \
             olm-operator operator-lifecycle-manager",
            "",
        ),
    ] {
        for image in images.split_whitespace() {
            for written in [
                image.to_owned(),
                format!("quay.io/{image}:v1"),
                format!("registry.example.com:5000/mirror/{image}@sha256:abc"),
                format!("localhost/{image}"),
            ] {
                assert_eq!(purpose(rules, &written), expected, "{written}");
            }
            assert_ne!(purpose(rules, &format!("x{image}x")), expected, "x{image}x");
        }
    }
}

#[test]
fn writing_the_objects_of_a_powerful_operator_takes_over_the_cluster() {
    for (operator, objects, expected) in [
        // By image, wherever it runs.
        ("argocd", "ClusterRole op: * *.*\n o: op -> sa/ops:app", "RC552 critical in shop"),
        ("argocd", "ClusterRole op: get pods\n o: op -> sa/ops:app", "RC552 medium in shop"),
        ("argocd", "ClusterRole op: * *.*\n o: op -> sa/ops:app in ops", "RC552 medium in shop"),
        // By the name of its account.
        (
            "acme/web",
            "ClusterRole op: * *.*\n o: op -> sa/ops:argocd-server",
            "RC552 critical in shop",
        ),
        (
            "acme/web",
            "ClusterRole op: create pods\n o: op -> sa/argocd:server",
            "RC552 critical in shop",
        ),
        ("acme/web", "ClusterRole op: * *.*\n o: op -> sa/ops:myargocd", "RC552 medium in shop"),
        ("acme/web", "ClusterRole op: * *.*\n o: op -> user/argocd", "RC552 medium in shop"),
        // Another operator does not act on these objects.
        (
            "acme/web",
            "ClusterRole op: * *.*\n o: op -> sa/ops:helm-controller",
            "RC552 medium in shop",
        ),
        (
            "acme/web",
            "ClusterRole op: get secrets\n o: op -> sa/ops:argocd",
            "RC552 medium in shop",
        ),
        (
            "acme/web",
            "ClusterRole op: escalate clusterroles.rbac.authorization.k8s.io\n o: op -> sa/ops:argocd",
            "RC552 critical in shop",
        ),
    ] {
        let text = format!(
            "ClusterRole w: create applications.argoproj.io\n w: w -> user/jane in shop\n{objects}"
        );
        assert_eq!(
            held(running(operator, "ops:app", &text), &jane()),
            expected,
            "{operator} {objects}"
        );
    }
    for (rules, account, expected) in [
        ("create kustomizations.kustomize.toolkit.fluxcd.io", "kustomize-controller", "critical"),
        ("create helmreleases.helm.toolkit.fluxcd.io", "helm-controller", "critical"),
        ("create subscriptions.operators.coreos.com", "olm-operator", "critical"),
        ("create applicationsets.argoproj.io", "argocd", "critical"),
        // Argo Workflows is not Argo CD.
        ("create workflows.argoproj.io", "argocd", "high"),
        ("create taskruns.tekton.dev", "argocd", "high"),
        ("create helmreleases.helm.toolkit.fluxcd.io", "argocd", "high"),
    ] {
        let text = format!(
            "ClusterRole w: {rules}\n w: w -> user/jane\n ClusterRole op: * *.*\n o: op -> sa/ops:{account}"
        );
        assert_eq!(held(cluster(&text), &jane()), format!("RC552 {expected}"), "{rules} {account}");
    }
}

#[test]
fn what_a_controller_cannot_work_without_is_worth_knowing_only() {
    let app = Identity::service_account("ops", "app");
    let status = "update widgets/status.example.com";
    for (rules, binding, expected) in [
        (format!("{status}; update configmaps"), "", "RC545 info"),
        (format!("{status}; create services"), "", "RC542 info"),
        ("patch widgets/finalizers.example.com; update configmaps".to_owned(), "", "RC545 info"),
        ("* widgets/status.example.com; update configmaps".to_owned(), "", "RC545 info"),
        // These do not make a controller of custom resources.
        ("update configmaps".to_owned(), "", "RC545 medium"),
        ("get widgets/status.example.com; update configmaps".to_owned(), "", "RC545 medium"),
        ("update widgets.example.com; update configmaps".to_owned(), "", "RC545 medium"),
        ("update widgets/scale.example.com; update configmaps".to_owned(), "", "RC545 medium"),
        ("update deployments/status.apps; update configmaps".to_owned(), "", "RC545 medium"),
        ("update widgets/status.*; update configmaps".to_owned(), "", "RC545 medium"),
        // In its own namespace only.
        (format!("{status}; get secrets"), "", "RC510 high"),
        (format!("{status}; get secrets"), " in ops", "RC510 info in ops"),
        (format!("{status}; get secrets"), " in shop", "RC510 medium in shop"),
        // Grave risks stay.
        (format!("{status}; create pods"), "", "RC515 critical"),
        (format!("{status}; create pods"), " in ops", "RC515 info in ops"),
        (format!("{status}; patch nodes"), "", "RC526 high"),
    ] {
        let objects = format!("ClusterRole r: {rules}\n b: r -> sa/ops:app{binding}");
        assert_eq!(held(cluster(&objects), &app), expected, "{rules}{binding}");
    }
    // Not in `kube-system`, and not for users.
    let objects =
        format!("ClusterRole r: {status}; get secrets\n b: r -> sa/kube-system:app in kube-system");
    let system = Identity::service_account("kube-system", "app");
    assert_eq!(held(cluster(&objects), &system), "RC510 high in kube-system");
    let objects = format!("ClusterRole r: {status}; update configmaps\n b: r -> user/jane");
    assert_eq!(held(cluster(&objects), &jane()), "RC545 medium");
}

#[test]
fn a_risk_is_excused_only_if_all_its_holders_need_it() {
    let text = "ClusterRole c: update widgets/status.example.com
         ClusterRole r: update configmaps; create persistentvolumes
         c: c -> sa/ops:app
         a: r -> sa/ops:app, user/jane";
    let authorizer = Authorizer::new(running("longhorn/manager", "ops:app", text));
    let engine = engine(&authorizer);
    let app = Holder::of_identity(&Identity::service_account("ops", "app"));
    let user = Holder::of_identity(&jane());
    for (rules, usual, expected) in [
        ("update configmaps", Severity::Medium, Severity::Info),
        ("create persistentvolumes", Severity::High, Severity::Info),
    ] {
        let rule = rule(rules);
        let hits = engine.hits(&rule);
        for (holders, expected) in [
            (vec![], usual),
            (vec![app.clone()], expected),
            (vec![user.clone()], usual),
            (vec![app.clone(), user.clone()], usual),
        ] {
            let severity = engine.severity(&hits[0], None, &|| holders.clone());
            assert_eq!(severity, Some(expected), "{rules} {holders:?}");
        }
    }
}

#[test]
fn clusters_on_eks_have_a_risk_of_their_provider() {
    let text = "ClusterRole r: update configmaps\n b: r -> user/jane";
    let annotated = |key: &str| {
        let mut builder = cluster(text).into_builder();
        let metadata = Metadata {
            annotations: [(key.into(), "x".into())].into(),
            ..Metadata::new("shop", "web")
        };
        builder.service_account(ServiceAccount {
            metadata,
            automount_token: None,
            secrets: Default::default(),
        });
        builder.build()
    };
    let eks = annotated("eks.amazonaws.com/role-arn");
    assert_eq!(held(eks, &jane()), "RC545 medium; RC547 high");
    assert_eq!(held(annotated("azure.workload.identity/client-id"), &jane()), "RC545 medium");
    assert_eq!(held(cluster(text), &jane()), "RC545 medium");
}
