//! Traffic.

use super::{CHANGE, GATEWAY, WRITE, WRITE_OR_DELETE};
use crate::Severity::{Info, Low, Medium};
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;
use crate::risk::{Program, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk::new(542, "traffic-writing", Medium, Info)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .purpose_of(&[
            Program::LoadBalancer,
            Program::Network,
            Program::Traffic,
            Program::Certificates,
        ])
        .needs(&[&[
            Asks::new(WRITE, "", &["services", "endpoints"]),
            Asks::new(WRITE, "networking.k8s.io", &["ingresses"]),
            // Without a policy, all traffic is allowed.
            Asks::new(WRITE_OR_DELETE, "networking.k8s.io", &["networkpolicies"]),
            Asks::cluster(WRITE, "networking.k8s.io", &["ingressclasses"]),
            Asks::new(WRITE, "discovery.k8s.io", &["endpointslices"]),
        ]])
        .may("intercept or allow network traffic")
        .fix("remove unneeded verbs, or limit them with `resourceNames`, unless it routes traffic"),
    Risk::new(543, "gateway-writing", Medium, Low)
        .needed_by_controllers(Controllers::Anywhere)
        .purpose_of(&[Program::Traffic, Program::Certificates])
        .needs(&[&[
            Asks::new(
                WRITE_OR_DELETE,
                GATEWAY,
                &["gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes"],
            ),
            Asks::cluster(WRITE_OR_DELETE, GATEWAY, &["gatewayclasses"]),
        ]])
        .may("redirect traffic that enters the cluster")
        .fix("remove unneeded verbs, unless it is the gateway's controller"),
    Risk::new(544, "service-status-writing", Medium, Low)
        .needed_by_controllers(Controllers::Anywhere)
        .purpose_of(&[Program::LoadBalancer, Program::Network, Program::Traffic])
        .needs(&[&[Asks::new(CHANGE, "", &["services/status"])]])
        .may("intercept traffic to any address")
        .fix("remove the rule, unless it is a load balancer's controller"),
];
