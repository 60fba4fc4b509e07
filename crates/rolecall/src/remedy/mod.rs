//! Advice about denied requests: `rolecall fix` commands that work as printed, or the reason why
//! there are none.

mod command;
mod correct;
mod effect;
mod judge;
mod sense;

use std::collections::BTreeSet;

use rolecall_rbac::{Identity, Request};

pub(crate) use self::command::{Wanted, fix_command, rule_commands};
pub(crate) use self::effect::useless;
pub(crate) use self::judge::{Allowance, Approved, Judge, dead};
use crate::advice::Advice;
use crate::cli::Options;
use crate::resolved::label;

/// The maximum number of remarks.
const MOST_REMARKS: usize = 5;

impl Advice {
    /// Returns the advice about requests of an identity, which the commands name with `--for`.
    pub(crate) fn about<'a>(
        judge: &Judge<'_>,
        identity: &Identity,
        requests: impl IntoIterator<Item = &'a Request>,
        options: &Options,
    ) -> Self {
        let approved = judge.approve(identity, requests);
        let commands = command::fix_commands(&label(identity), &approved.requests, options);
        approved.into_advice(commands)
    }

    /// Returns the advice about requests of a user that is not known, with a placeholder for it.
    pub(crate) fn of_someone<'a>(
        judge: &Judge<'_>,
        placeholder: &str,
        requests: impl IntoIterator<Item = &'a Request>,
        options: &Options,
    ) -> Self {
        let approved = judge.approve(&Identity::user(placeholder), requests);
        let commands = command::fix_commands(placeholder, &approved.requests, options);
        approved.into_advice(commands)
    }
}

impl Approved {
    /// Returns the advice with the commands for these requests.
    pub(crate) fn into_advice(self, commands: Vec<String>) -> Advice {
        let mut remarks = self.useless;
        if !commands.is_empty() {
            remarks.extend(self.risks);
        }
        let mut said = BTreeSet::new();
        remarks.retain(|remark| said.insert(remark.clone()));
        if let Some(more) = remarks.len().checked_sub(MOST_REMARKS).filter(|more| *more > 0) {
            remarks.truncate(MOST_REMARKS);
            remarks.push(format!("and {more} more such remarks"));
        }
        Advice { commands, fit: self.fit, remarks }
    }
}
