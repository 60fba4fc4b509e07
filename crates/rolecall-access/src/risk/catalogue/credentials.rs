//! Secrets, tokens and the ServiceAccounts behind them.

use super::{CHANGE, WRITE};
use crate::Severity::{Critical, High, Info, Low, Medium};
use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;

pub(super) const RISKS: &[Risk] = &[
    Risk::new(510, "secret-reading", High, Medium)
        .takes_over()
        .implied_by(&[502, 511])
        .needed_by_controllers(Controllers::AtHome)
        .needs(&[&[Asks::new(&["get"], "", &["secrets"])]])
        .may("read any Secret whose name they know")
        .fix("limit the rule with `resourceNames`, or mount the required Secrets"),
    Risk::new(511, "secret-listing", High, Medium)
        .takes_over()
        .implied_by(&[502])
        .needed_by_controllers(Controllers::AtHome)
        .needs(&[&[Asks::new(&["list", "watch"], "", &["secrets"])]])
        .may("read all Secrets at once")
        .fix("grant `get` on the required Secrets, limited by `resourceNames`"),
    Risk::new(512, "secret-writing", High, Medium)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::AtHome)
        .needs(&[&[Asks::new(CHANGE, "", &["secrets"])]])
        .may("write Secrets, and use them to create tokens if they can also read them")
        .fix("limit `update` and `patch` with `resourceNames`"),
    // The holders cannot read the Secrets that they create: if they can, broader risks are
    // reported.
    Risk::new(512, "secret-writing", High, Info)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::AtHome)
        .needs(&[&[Asks::new(&["create"], "", &["secrets"])]])
        .may("create Secrets, and use them to create tokens if they can also read them")
        .fix("remove `create`, unless the subject needs it"),
    Risk::new(514, "token-minting", Critical, High)
        .takes_over()
        .needs(&[&[Asks::new(&["create"], "", &["serviceaccounts/token"])]])
        .may("act as any ServiceAccount by requesting a token for it")
        .fix("limit the rule to the intended ServiceAccounts, with `resourceNames`"),
    Risk::new(567, "service-account-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[
            &[Asks::new(WRITE, "", &["serviceaccounts"])],
            &[Asks::new(&["create"], "", &["pods"])],
        ])
        .may("run Pods as ServiceAccounts that they created")
        .fix("remove the verbs that write `serviceaccounts`"),
];
