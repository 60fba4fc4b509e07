//! What is documented of the risks that are sets of requests; their data is in `rolecall-access`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rolecall_access::risk::{self, Risk};

use crate::{Category, RuleMeta};

/// The documentation of one risk.
struct Document {
    code: &'static str,
    rows: &'static [&'static str],
    text: &'static str,
}

static METAS: LazyLock<BTreeMap<&'static str, RuleMeta>> = LazyLock::new(|| {
    let documents: BTreeMap<&str, &Document> =
        DOCUMENTS.iter().map(|document| (document.code, document)).collect();
    // Of the variants of a code, the first one describes it.
    risk::all()
        .filter(|risk| risk::find(risk.code).is_some_and(|first| std::ptr::eq(first, *risk)))
        .map(|risk| {
            let document = documents.get(risk.code);
            let meta = RuleMeta {
                code: risk.code,
                name: risk.name,
                category: Category::Risk,
                severity: risk.severity,
                since: "0.1.0",
                versions: risk.versions,
                rows: document.map_or(&[], |document| document.rows),
                source: document.map_or("", |document| document.text),
            };
            (risk.code, meta)
        })
        .collect()
});

/// Returns the rules of all risks, sorted by code.
pub(crate) fn metas() -> impl Iterator<Item = &'static RuleMeta> {
    METAS.values()
}

/// Returns the rule of a risk of the catalogue.
pub(super) fn meta(risk: &Risk) -> Option<&'static RuleMeta> {
    METAS.get(risk.code)
}

const DOCUMENTS: &[Document] = &[
    Document { code: "RC501", rows: &["P01"], text: include_str!("docs/full-control.md") },
    Document {
        code: "RC502",
        rows: &["P02"],
        text: include_str!("docs/full-control-of-sensitive-kind.md"),
    },
    Document {
        code: "RC503",
        rows: &["P03"],
        text: include_str!("docs/one-verb-over-everything.md"),
    },
    Document { code: "RC510", rows: &["P10"], text: include_str!("docs/secret-reading.md") },
    Document { code: "RC511", rows: &["P11"], text: include_str!("docs/secret-listing.md") },
    Document { code: "RC512", rows: &["P12"], text: include_str!("docs/secret-writing.md") },
    Document { code: "RC514", rows: &["P14"], text: include_str!("docs/token-minting.md") },
    Document { code: "RC515", rows: &["P15"], text: include_str!("docs/pod-creation.md") },
    Document { code: "RC516", rows: &["P16"], text: include_str!("docs/workload-writing.md") },
    Document { code: "RC517", rows: &["P17"], text: include_str!("docs/pod-changing.md") },
    Document { code: "RC518", rows: &["P18"], text: include_str!("docs/exec-into-pods.md") },
    Document { code: "RC519", rows: &["P19"], text: include_str!("docs/attaching-to-pods.md") },
    Document { code: "RC520", rows: &["P20"], text: include_str!("docs/ephemeral-containers.md") },
    Document { code: "RC521", rows: &["P21"], text: include_str!("docs/port-forwarding.md") },
    Document { code: "RC522", rows: &["P22"], text: include_str!("docs/log-deletion.md") },
    Document { code: "RC523", rows: &["P23"], text: include_str!("docs/pod-status-writing.md") },
    Document { code: "RC524", rows: &["P24"], text: include_str!("docs/pod-stealing.md") },
    Document { code: "RC525", rows: &["P25"], text: include_str!("docs/node-proxy.md") },
    Document { code: "RC526", rows: &["P26"], text: include_str!("docs/node-changing.md") },
    Document { code: "RC527", rows: &["P27"], text: include_str!("docs/role-writing.md") },
    Document { code: "RC528", rows: &["P28"], text: include_str!("docs/role-escalation.md") },
    Document { code: "RC529", rows: &["P29"], text: include_str!("docs/role-binding.md") },
    Document { code: "RC530", rows: &["P30"], text: include_str!("docs/binding-writing.md") },
    Document { code: "RC531", rows: &["P31"], text: include_str!("docs/binding-extension.md") },
    Document { code: "RC532", rows: &["P32"], text: include_str!("docs/impersonation.md") },
    Document {
        code: "RC533",
        rows: &["P33"],
        text: include_str!("docs/constrained-impersonation.md"),
    },
    Document { code: "RC534", rows: &["P34"], text: include_str!("docs/certificate-approval.md") },
    Document { code: "RC535", rows: &["P35"], text: include_str!("docs/certificate-signing.md") },
    Document {
        code: "RC536",
        rows: &["P36"],
        text: include_str!("docs/admission-webhook-writing.md"),
    },
    Document {
        code: "RC537",
        rows: &["P37"],
        text: include_str!("docs/admission-policy-writing.md"),
    },
    Document { code: "RC538", rows: &["P38"], text: include_str!("docs/crd-writing.md") },
    Document { code: "RC539", rows: &["P39"], text: include_str!("docs/namespace-changing.md") },
    Document { code: "RC540", rows: &["P40"], text: include_str!("docs/volume-creation.md") },
    Document { code: "RC541", rows: &["P41"], text: include_str!("docs/storage-writing.md") },
    Document { code: "RC542", rows: &["P42"], text: include_str!("docs/traffic-writing.md") },
    Document { code: "RC543", rows: &["P43"], text: include_str!("docs/gateway-writing.md") },
    Document {
        code: "RC544",
        rows: &["P44"],
        text: include_str!("docs/service-status-writing.md"),
    },
    Document { code: "RC545", rows: &["P45"], text: include_str!("docs/configmap-writing.md") },
    Document { code: "RC546", rows: &["P46"], text: include_str!("docs/dns-writing.md") },
    Document { code: "RC547", rows: &["P47"], text: include_str!("docs/aws-auth-writing.md") },
    Document { code: "RC548", rows: &["P48"], text: include_str!("docs/event-deletion.md") },
    Document { code: "RC549", rows: &["P49"], text: include_str!("docs/workload-deletion.md") },
    Document { code: "RC550", rows: &["P50"], text: include_str!("docs/gatekeeper-writing.md") },
    Document { code: "RC551", rows: &["P51"], text: include_str!("docs/kyverno-writing.md") },
    Document {
        code: "RC552",
        rows: &["P52"],
        text: include_str!("docs/operator-resource-writing.md"),
    },
    Document {
        code: "RC553",
        rows: &["P53"],
        text: include_str!("docs/azure-identity-exception.md"),
    },
    Document {
        code: "RC555",
        rows: &["P55"],
        text: include_str!("docs/privileged-pod-security-policy.md"),
    },
    Document {
        code: "RC559",
        rows: &["P36"],
        text: include_str!("docs/validating-webhook-writing.md"),
    },
    Document { code: "RC565", rows: &["P65"], text: include_str!("docs/unbounded-creation.md") },
    Document { code: "RC566", rows: &[], text: include_str!("docs/api-service-writing.md") },
    Document { code: "RC567", rows: &[], text: include_str!("docs/service-account-writing.md") },
    Document { code: "RC568", rows: &[], text: include_str!("docs/flow-control-writing.md") },
    Document { code: "RC569", rows: &[], text: include_str!("docs/access-oracle.md") },
    Document { code: "RC570", rows: &[], text: include_str!("docs/scaling.md") },
];
