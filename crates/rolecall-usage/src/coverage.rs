//! The coverage of logs: the period and its gaps, levels, formats, and unreadable lines.

use std::collections::BTreeMap;

use rolecall_rbac::Text;

use crate::time::{HOUR, Micros};

/// The kind of log that an event comes from, which decides what the log leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The API server's own log or webhook.
    Native,
    /// EKS, in CloudWatch.
    Eks,
    /// GKE, Cloud Logging, admin activity: no reads.
    GkeActivity,
    /// GKE, Cloud Logging, data access.
    GkeDataAccess,
    /// AKS, category kube-audit.
    AksKubeAudit,
    /// AKS, category kube-audit-admin: no get and no list.
    AksKubeAuditAdmin,
    /// OpenShift.
    OpenShift,
}

impl Source {
    /// All sources.
    pub const ALL: [Self; 7] = [
        Self::Native,
        Self::Eks,
        Self::GkeActivity,
        Self::GkeDataAccess,
        Self::AksKubeAudit,
        Self::AksKubeAuditAdmin,
        Self::OpenShift,
    ];

    /// Returns the word for the source.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Eks => "eks",
            Self::GkeActivity => "gke-activity",
            Self::GkeDataAccess => "gke-data-access",
            Self::AksKubeAudit => "aks-kube-audit",
            Self::AksKubeAuditAdmin => "aks-kube-audit-admin",
            Self::OpenShift => "openshift",
        }
    }

    /// Returns the source with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }

    /// Returns whether the log contains the verb.
    pub fn shows(self, verb: &str) -> bool {
        match self {
            Self::GkeActivity => !matches!(verb, "get" | "list" | "watch"),
            Self::AksKubeAuditAdmin => !matches!(verb, "get" | "list"),
            _ => true,
        }
    }
}

/// The coverage of logs. All numbers are sums, so they do not depend on order or grouping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The events of each source.
    pub sources: BTreeMap<Source, u64>,
    /// The events of each audit level.
    pub levels: BTreeMap<Text, u64>,
    /// The events of each hour since 1970.
    pub hours: BTreeMap<i64, u64>,
    /// The first time.
    pub first: Option<Micros>,
    /// The last time.
    pub last: Option<Micros>,
    /// Events at which a request had arrived, which do not count.
    pub received: u64,
    /// Events with a decision of the authorizers.
    pub decided: u64,
    /// Records that are not audit events of the API server.
    pub other: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Files that end inside a line, which is normal for a log that is still written.
    pub truncated: u64,
    /// The hour and the number of its events that are not in `hours` yet.
    pub(crate) recent: (i64, u64),
    /// The source and level, and the number of events that are not in `sources` and `levels` yet.
    pub(crate) recent_source: Option<(Source, Text, u64)>,
}

impl Coverage {
    /// Returns the number of events.
    pub fn events(&self) -> u64 {
        self.sources.values().sum()
    }

    /// Counts events of one time.
    pub(crate) fn events_at(
        &mut self,
        number: u64,
        source: Source,
        level: &str,
        time: Option<Micros>,
    ) {
        match &mut self.recent_source {
            Some((same, same_level, count)) if *same == source && **same_level == *level => {
                *count += number;
            }
            _ => {
                self.settle();
                self.recent_source = Some((source, level.into(), number));
            }
        }
        let Some(time) = time else { return };
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(Some(time));
        let hour = time.div_euclid(HOUR);
        if self.recent.0 != hour {
            self.settle_hour();
            self.recent.0 = hour;
        }
        self.recent.1 += number;
    }

    fn settle_hour(&mut self) {
        let (hour, count) = std::mem::take(&mut self.recent);
        if count > 0 {
            *self.hours.entry(hour).or_default() += count;
        }
    }

    /// Moves the recent counts to the others.
    pub(crate) fn settle(&mut self) {
        self.settle_hour();
        if let Some((source, level, count)) = self.recent_source.take() {
            *self.sources.entry(source).or_default() += count;
            if !level.is_empty() {
                *self.levels.entry(level).or_default() += count;
            }
        }
    }

    /// Adds what other logs cover.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.settle();
        self.settle();
        for (source, count) in other.sources {
            *self.sources.entry(source).or_default() += count;
        }
        for (level, count) in other.levels {
            *self.levels.entry(level).or_default() += count;
        }
        for (hour, count) in other.hours {
            *self.hours.entry(hour).or_default() += count;
        }
        self.first = match (self.first, other.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.last = self.last.max(other.last);
        self.received += other.received;
        self.decided += other.decided;
        self.other += other.other;
        self.unreadable += other.unreadable;
        self.truncated += other.truncated;
    }

    /// Returns whether at least one source contains the verb.
    pub fn shows(&self, verb: &str) -> bool {
        self.sources.keys().any(|source| source.shows(verb))
    }

    /// Returns the hours without any event between the first and the last one, as `(first, length)`
    /// of each run.
    pub fn gaps(&self) -> Vec<(i64, i64)> {
        let hours: Vec<i64> = self.hours.keys().copied().collect();
        let pairs = hours.iter().zip(hours.iter().skip(1));
        pairs
            .filter(|(one, next)| **next - **one > 1)
            .map(|(one, next)| (one + 1, next - one - 1))
            .collect()
    }
}
