//! Admission, custom APIs and the protection of the API server.

use super::{ADMISSION, CHANGE, CHANGE_OR_DELETE, DELETE, WRITE, WRITE_OR_DELETE};
use crate::Severity::{Critical, High, Medium};
use crate::Versions;
use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;

pub(super) const RISKS: &[Risk] = &[
    Risk::new(536, "admission-webhook-writing", Critical, Critical)
        .takes_over()
        .needs(&[&[Asks::cluster(WRITE, ADMISSION, &["mutatingwebhookconfigurations"])]])
        .may("read and change every object that is created or updated")
        .fix("limit the rule to the holder's own configurations, with `resourceNames`"),
    Risk::new(537, "admission-policy-writing", High, High)
        .needs(&[&[Asks::cluster(
            WRITE_OR_DELETE,
            ADMISSION,
            &[
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ],
        )]])
        .may("change or disable admission policies")
        .fix("limit the rule to the holder's own policies, with `resourceNames`"),
    Risk::new(538, "crd-writing", Medium, Medium)
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[Asks::cluster(
            CHANGE_OR_DELETE,
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
        )]])
        .may("change or delete custom resources with all their objects")
        .fix("limit the rule with `resourceNames`"),
    Risk::new(539, "namespace-changing", High, Medium)
        .needs(&[&[Asks::new(CHANGE, "", &["namespaces"])]])
        .may("relax the Pod security and network policies of Namespaces")
        .fix("remove the verbs, unless it manages Namespaces"),
    Risk::new(550, "gatekeeper-writing", High, High)
        .needs(&[&[
            Asks::cluster(WRITE_OR_DELETE, "templates.gatekeeper.sh", &["constrainttemplates"]),
            Asks::cluster(
                WRITE_OR_DELETE,
                "mutations.gatekeeper.sh",
                &["assign", "assignmetadata", "modifyset"],
            ),
            Asks::new(WRITE_OR_DELETE, "config.gatekeeper.sh", &["configs"]),
        ]])
        .may("disable Gatekeeper's policies")
        .fix("remove the verbs"),
    Risk::new(551, "kyverno-writing", High, Medium)
        .needs(&[&[
            Asks::new(WRITE_OR_DELETE, "kyverno.io", &["policies"]),
            Asks::cluster(WRITE_OR_DELETE, "kyverno.io", &["clusterpolicies"]),
        ]])
        .may("disable Kyverno's policies")
        .fix("remove the verbs"),
    Risk::new(555, "privileged-pod-security-policy", High, Medium)
        .versions(Versions { from: None, before: Some(25) })
        .needs(&[&[
            Asks::new(&["use"], "policy", &["podsecuritypolicies"]),
            Asks::new(&["use"], "extensions", &["podsecuritypolicies"]),
            Asks::new(&["use"], "policy", &["podsecuritypolicies"]).only(&["privileged"]),
        ]])
        .may("create privileged Pods, if a policy allows it")
        .fix("limit the rule to the intended policies, with `resourceNames`"),
    Risk::new(559, "validating-webhook-writing", High, High)
        .implied_by(&[536])
        .needs(&[&[
            Asks::cluster(WRITE_OR_DELETE, ADMISSION, &["validatingwebhookconfigurations"]),
            Asks::cluster(DELETE, ADMISSION, &["mutatingwebhookconfigurations"]),
        ]])
        .may("read and reject the changes of others, or disable validation")
        .fix("limit the rule to the holder's own configurations, with `resourceNames`"),
    Risk::new(566, "api-service-writing", High, High)
        .needs(&[&[Asks::cluster(WRITE, "apiregistration.k8s.io", &["apiservices"])]])
        .may("replace the API server for an API group")
        .fix("limit the rule to the holder's own APIServices, with `resourceNames`"),
    Risk::new(568, "flow-control-writing", Medium, Medium)
        .needs(&[&[Asks::cluster(
            WRITE_OR_DELETE,
            "flowcontrol.apiserver.k8s.io",
            &["flowschemas", "prioritylevelconfigurations"],
        )]])
        .may("delay or block the requests of others")
        .fix("remove the verbs"),
];
