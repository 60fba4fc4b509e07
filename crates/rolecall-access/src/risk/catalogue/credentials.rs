//! Secrets, tokens and the ServiceAccounts behind them.

use crate::Severity;
use crate::risk::Risk;
use crate::risk::ask::Asks;

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC510",
        name: "secret-reading",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["get"], "", &["secrets"])]],
        may: "read any Secret whose name they know",
        fix: "limit the rule with `resourceNames`, or mount the required Secrets",
        ..Risk::BASE
    },
    Risk {
        code: "RC511",
        name: "secret-listing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["list", "watch"], "", &["secrets"])]],
        may: "read all Secrets at once",
        fix: "grant `get` on the required Secrets, limited by `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC512",
        name: "secret-writing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["update", "patch"], "", &["secrets"])]],
        may: "write Secrets, and create tokens with them if they can read them",
        fix: "limit `update` and `patch` with `resourceNames`",
        ..Risk::BASE
    },
    // They cannot read what they make: where they can, other risks say so.
    Risk {
        code: "RC512",
        name: "secret-writing",
        severity: Severity::High,
        in_namespace: Severity::Info,
        needs: &[&[Asks::new(&["create"], "", &["secrets"])]],
        may: "create Secrets, and create tokens with them if they can read them",
        fix: "remove `create`, unless that is needed",
        ..Risk::BASE
    },
    Risk {
        code: "RC514",
        name: "token-minting",
        severity: Severity::Critical,
        in_namespace: Severity::High,
        needs: &[&[Asks::new(&["create"], "", &["serviceaccounts/token"])]],
        may: "act as any ServiceAccount by requesting a token for it",
        fix: "limit the rule to the intended ServiceAccounts, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC567",
        name: "service-account-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[
            &[Asks::new(&["create", "update", "patch"], "", &["serviceaccounts"])],
            &[Asks::new(&["create"], "", &["pods"])],
        ],
        may: "run Pods as ServiceAccounts that they created",
        fix: "split the permissions between holders",
        ..Risk::BASE
    },
];
