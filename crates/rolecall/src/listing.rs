//! The order, groups and limits of lists, the same for every command that lists.
//!
//! ```text
//! items -> [ sort ] -> [ group ] -> [ limit ] -> groups, and the number of groups left out
//! ```
//!
//! Exit codes are decided by all items, before anything is left out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use rolecall_check::Severity;
use rolecall_rbac::Origin;

use crate::error::{CommandError, Hint};
use crate::words;

/// The options of commands that list.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Listing")]
pub(crate) struct ListOptions {
    /// Order of the list [default: the most severe first, then the widest reach]
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Order>,
    /// Combine the rows of tables that have this in common
    #[arg(long, value_enum, value_name = "KEY")]
    group_by: Option<GroupKey>,
    #[command(flatten)]
    pub(crate) size: SizeOptions,
}

/// The options for the size of a list.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Listing")]
pub(crate) struct SizeOptions {
    /// Show at most N entries, or N groups; 0 shows all [default: 40 for tables on a
    /// terminal without a pager]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print only the totals, with the worst subjects, in at most 40 lines
    #[arg(long)]
    pub(crate) summary: bool,
}

impl SizeOptions {
    /// Rejects a summary in a format that has none.
    pub(crate) fn check(self, is_laid_out: impl FnOnce() -> bool) -> Result<(), CommandError> {
        if !self.summary || is_laid_out() {
            return Ok(());
        }
        Err(CommandError::usage("`--summary` is a table, which this output format does not have")
            .with_hint(Hint::pass("-o table", "print the summary")))
    }

    /// Returns the number of entries that a table shows, out of all.
    pub(crate) fn of_table(self, room: Room, all: usize) -> usize {
        let default = (room == Room::Terminal).then_some(ON_A_TERMINAL);
        match self.limit.or(default) {
            None | Some(0) => all,
            Some(limit) => all.min(limit),
        }
    }

    /// Returns the number of records that a format for programs contains, out of all.
    pub(crate) fn of_records(self, all: usize) -> usize {
        match self.limit {
            None | Some(0) => all,
            Some(limit) => all.min(limit),
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The most severe first, then the widest reach, then by name
    Severity,
    /// Those that affect the most subjects, Pods or namespaces first
    Reach,
    /// By file and line
    Location,
    /// By name
    Name,
}

/// The key by which rows are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GroupKey {
    Rule,
    Subject,
    Object,
    Namespace,
    /// Do not combine rows
    None,
}

/// The properties that decide about the order and the groups of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The severity, if it has one.
    pub(crate) severity: Option<Severity>,
    /// The number of subjects, Pods or namespaces that it concerns.
    pub(crate) reach: usize,
    /// The code, role or kind of change.
    pub(crate) rule: String,
    /// The subject in SUBJECT notation.
    pub(crate) subject: String,
    /// The object, such as a binding.
    pub(crate) object: String,
    /// The namespace; empty for everywhere.
    pub(crate) namespace: String,
    /// The file and line.
    pub(crate) place: (String, u32),
}

/// The part of a list that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arranged<T> {
    /// The groups in order; without `--group-by`, each has one item.
    pub(crate) groups: Vec<Vec<T>>,
    /// The number of groups that are left out.
    pub(crate) omitted: usize,
}

/// The room for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// A terminal without a pager, on which long tables scroll away.
    Terminal,
    /// A file, a pipe or a pager.
    Unlimited,
}

/// The number of groups that a terminal shows.
const ON_A_TERMINAL: usize = 40;

impl ListOptions {
    /// Arranges items for a table.
    pub(crate) fn arrange<T>(
        &self,
        room: Room,
        items: Vec<T>,
        keys: impl Fn(&T) -> Keys,
    ) -> Arranged<T> {
        self.arrange_within(|all| self.size.of_table(room, all), items, keys)
    }

    /// Arranges items without severity and reach, which stay in their order unless another one is
    /// requested, so that their keys are rarely needed.
    pub(crate) fn arrange_equals<T>(
        &self,
        room: Room,
        items: Vec<T>,
        keys: impl Fn(&T) -> Keys,
    ) -> Arranged<T> {
        if self.sort.is_some() {
            return self.arrange(room, items, keys);
        }
        if !self.is_flat() {
            return Self::limited(|all| self.size.of_table(room, all), self.grouped(items, &keys));
        }
        let shown = self.size.of_table(room, items.len());
        let omitted = items.len() - shown;
        let groups = items.into_iter().take(shown).map(|item| vec![item]).collect();
        Arranged { groups, omitted }
    }

    /// Arranges items like [`Self::arrange`], with a cheaper function for their severity and reach,
    /// so that their keys are rarely needed.
    pub(crate) fn arrange_weighed<T>(
        &self,
        room: Room,
        mut items: Vec<T>,
        weight: impl Fn(&T) -> (Option<Severity>, usize),
        keys: impl Fn(&T) -> Keys,
    ) -> Arranged<T> {
        if self.sort.is_none() {
            items.sort_by_key(|item| Reverse(weight(item)));
        }
        self.arrange_equals(room, items, keys)
    }

    /// Returns whether each row shows one item.
    pub(crate) fn is_flat(&self) -> bool {
        matches!(self.group_by, None | Some(GroupKey::None))
    }

    /// Returns whether items stay in their order, each alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.sort.is_none() && self.is_flat()
    }

    /// Returns whether the command decides which rows it combines.
    pub(crate) fn combines_by_default(&self) -> bool {
        self.group_by.is_none()
    }

    /// Sorts and limits items for a format that programs read, in which each item is a record.
    pub(crate) fn records<T>(&self, items: Vec<T>, keys: impl Fn(&T) -> Keys) -> (Vec<T>, usize) {
        let mut items = self.sorted(items, &keys);
        let shown = self.size.of_records(items.len());
        let omitted = items.len() - shown;
        items.truncate(shown);
        (items, omitted)
    }

    /// Sorts and limits items like [`Self::records`], which stay in their order unless another one is
    /// requested.
    pub(crate) fn records_of_equals<T>(
        &self,
        items: Vec<T>,
        keys: impl Fn(&T) -> Keys,
    ) -> (Vec<T>, usize) {
        if self.sort.is_some() {
            return self.records(items, keys);
        }
        let omitted = items.len() - self.size.of_records(items.len());
        (items.into_iter().take(self.size.of_records(usize::MAX)).collect(), omitted)
    }

    fn arrange_within<T>(
        &self,
        shown: impl Fn(usize) -> usize,
        items: Vec<T>,
        keys: impl Fn(&T) -> Keys,
    ) -> Arranged<T> {
        let items = self.sorted(items, &keys);
        Self::limited(shown, self.grouped(items, &keys))
    }

    fn limited<T>(shown: impl Fn(usize) -> usize, mut groups: Vec<Vec<T>>) -> Arranged<T> {
        let shown = shown(groups.len());
        let omitted = groups.len() - shown;
        groups.truncate(shown);
        Arranged { groups, omitted }
    }

    /// Sorts items; without an order, those of equal severity keep their order.
    fn sorted<T>(&self, mut items: Vec<T>, keys: &impl Fn(&T) -> Keys) -> Vec<T> {
        match self.sort {
            None => items.sort_by_cached_key(|item| {
                let Keys { severity, reach, .. } = keys(item);
                Reverse((severity, reach))
            }),
            Some(Order::Severity) => items.sort_by_cached_key(|item| {
                let keys = keys(item);
                (Reverse((keys.severity, keys.reach)), names(keys))
            }),
            Some(Order::Reach) => items.sort_by_cached_key(|item| {
                let keys = keys(item);
                (Reverse(keys.reach), names(keys))
            }),
            Some(Order::Location) => items.sort_by_cached_key(|item| keys(item).place),
            Some(Order::Name) => items.sort_by_cached_key(|item| names(keys(item))),
        }
        items
    }

    /// Groups items, in the order of the first item of each group.
    fn grouped<T>(&self, items: Vec<T>, keys: &impl Fn(&T) -> Keys) -> Vec<Vec<T>> {
        let Some(group_by) = self.group_by.filter(|key| *key != GroupKey::None) else {
            return items.into_iter().map(|item| vec![item]).collect();
        };
        let mut groups: Vec<Vec<T>> = Vec::new();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        for item in items {
            let key = group_by.of(keys(&item));
            let position = *positions.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(position) {
                group.push(item);
            }
        }
        groups
    }
}

impl GroupKey {
    fn of(self, keys: Keys) -> String {
        match self {
            Self::Rule => keys.rule,
            Self::Subject => keys.subject,
            Self::Object => keys.object,
            Self::Namespace => keys.namespace,
            Self::None => String::new(),
        }
    }
}

/// The names of an item, by which items of equal weight are sorted.
fn names(keys: Keys) -> (String, String, String, String, (String, u32)) {
    let Keys { rule, subject, object, namespace, place, .. } = keys;
    (subject, object, namespace, rule, place)
}

impl<T> Arranged<T> {
    /// Returns the line about groups that are left out.
    pub(crate) fn omission(&self) -> Option<String> {
        omission(self.omitted)
    }
}

/// Returns the file and line of an object, to sort by location.
pub(crate) fn place(origin: &Origin) -> (String, u32) {
    match origin {
        Origin::File { path, line } => (path.to_string(), *line),
        Origin::Cluster | Origin::Default => (String::new(), 0),
    }
}

/// Returns the line about a number of entries that are left out.
pub(crate) fn omission(omitted: usize) -> Option<String> {
    (omitted > 0).then(|| format!("{omitted} more; use --limit 0 to show all"))
}

/// Returns the total of a list, such as `418 subjects in 60 namespaces, through 96 bindings`.
pub(crate) fn totals(counts: &[(usize, &str)]) -> String {
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, noun)| words::count(*count, noun)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(item: &(u8, u8, u8)) -> Keys {
        let (severity, subject, object) = *item;
        Keys {
            severity: Severity::ALL.get(usize::from(severity)).copied(),
            reach: usize::from(object),
            rule: severity.to_string(),
            subject: subject.to_string(),
            object: object.to_string(),
            namespace: (subject / 2).to_string(),
            place: (object.to_string(), u32::from(subject)),
        }
    }

    fn options() -> impl Strategy<Value = ListOptions> {
        let orders = [
            None,
            Some(Order::Severity),
            Some(Order::Reach),
            Some(Order::Location),
            Some(Order::Name),
        ];
        let groups = [
            GroupKey::Rule,
            GroupKey::Subject,
            GroupKey::Object,
            GroupKey::Namespace,
            GroupKey::None,
        ];
        (prop::sample::select(orders.to_vec()), prop::sample::select(groups.to_vec())).prop_map(
            |(sort, group_by)| ListOptions {
                sort,
                group_by: Some(group_by),
                size: SizeOptions::default(),
            },
        )
    }

    proptest! {
        #[test]
        fn groups_contain_every_item_once(
            items in prop::collection::vec((0u8..7, 0u8..9, 0u8..5), 0..60),
            options in options(),
        ) {
            let arranged = options.arrange_within(|all| all, items.clone(), keys);
            let mut found: Vec<_> = arranged.groups.iter().flatten().copied().collect();
            let (mut records, omitted) = options.records(items.clone(), keys);
            let mut items = items;
            items.sort_unstable();
            found.sort_unstable();
            records.sort_unstable();
            prop_assert_eq!((&found, arranged.omitted, omitted), (&items, 0, 0));
            prop_assert_eq!(&records, &items);
            for group in &arranged.groups {
                let of = |item: &(u8, u8, u8)| options.group_by.unwrap().of(keys(item));
                prop_assert!(group.iter().all(|item| of(item) == of(&group[0])));
            }
        }

        #[test]
        fn a_limit_shows_the_first_groups_and_counts_the_others(
            items in prop::collection::vec((0u8..7, 0u8..9, 0u8..5), 0..60),
            options in options(),
            limit in 0usize..20,
        ) {
            let all = options.arrange_within(|all| all, items.clone(), keys);
            let size = SizeOptions { limit: Some(limit), summary: false };
            let some = options.arrange_within(|all| size.of_records(all), items, keys);
            prop_assert_eq!(some.groups.len() + some.omitted, all.groups.len());
            let shown = if limit == 0 { all.groups.len() } else { limit.min(all.groups.len()) };
            prop_assert_eq!(&some.groups[..], &all.groups[..shown]);
        }
    }

    #[test]
    fn the_most_severe_come_first() {
        let items = vec![(1, 0, 0), (4, 1, 0), (4, 0, 3), (0, 2, 9)];
        let arranged = ListOptions::default().arrange_within(|all| all, items, keys);
        assert_eq!(arranged.groups.concat(), [(4, 0, 3), (4, 1, 0), (1, 0, 0), (0, 2, 9)]);
    }
}
