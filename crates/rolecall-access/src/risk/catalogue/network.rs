//! Traffic.

use crate::Severity;
use crate::risk::Risk;
use crate::risk::ask::Asks;

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC542",
        name: "traffic-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(&["create", "update", "patch"], "", &["services", "endpoints"]),
            Asks::new(&["create", "update", "patch"], "networking.k8s.io", &["ingresses"]),
            // Without a policy, all traffic is allowed.
            Asks::new(
                &["create", "update", "patch", "delete", "deletecollection"],
                "networking.k8s.io",
                &["networkpolicies"],
            ),
            Asks::cluster(&["create", "update", "patch"], "networking.k8s.io", &["ingressclasses"]),
            Asks::new(&["create", "update", "patch"], "discovery.k8s.io", &["endpointslices"]),
        ]],
        may: "intercept or open network traffic",
        fix: "remove unneeded verbs, or limit them with `resourceNames`, unless it routes traffic",
        ..Risk::BASE
    },
    Risk {
        code: "RC543",
        name: "gateway-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[
            Asks::new(
                &["create", "update", "patch", "delete", "deletecollection"],
                "gateway.networking.k8s.io",
                &["gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes"],
            ),
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "gateway.networking.k8s.io",
                &["gatewayclasses"],
            ),
        ]],
        may: "redirect traffic that enters the cluster",
        fix: "remove unneeded verbs, unless it is the gateway's controller",
        ..Risk::BASE
    },
    Risk {
        code: "RC544",
        name: "service-status-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[Asks::new(&["update", "patch"], "", &["services/status"])]],
        may: "take over traffic to any address",
        fix: "remove the rule, unless it is a load balancer's controller",
        ..Risk::BASE
    },
];
