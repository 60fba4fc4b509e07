//! The data that the server shows, and their state.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::{Notify, watch};

use crate::cli::Options;

/// One reading of the input.
pub(super) struct Data {
    /// The page.
    pub(super) page: Bytes,
    /// The options of questions, with the session.
    pub(super) options: Options,
    /// The time of the reading.
    pub(super) read: String,
    /// Whether something could not be read.
    pub(super) is_incomplete: bool,
}

/// The state of the data, as the page gets it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    /// Grows with each change of the state.
    change: u64,
    /// Grows with each change of the data.
    version: u64,
    /// The time of the reading.
    read: String,
    /// Whether the input is being read again.
    is_reading: bool,
    /// Why the input could not be read again.
    problem: Option<String>,
}

/// The data, which a new reading replaces.
pub(super) struct Served {
    data: Mutex<Arc<Data>>,
    status: watch::Sender<Status>,
    refresh: Notify,
}

impl Served {
    /// Starts with the data of the first reading.
    pub(super) fn new(data: Data) -> Self {
        let read = data.read.clone();
        let status = Status { change: 1, version: 1, read, is_reading: false, problem: None };
        Self {
            data: Mutex::new(Arc::new(data)),
            status: watch::Sender::new(status),
            refresh: Notify::new(),
        }
    }

    /// Returns the current page.
    pub(super) fn page(&self) -> Bytes {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).page.clone()
    }

    /// Returns the current data. The last copy must not be dropped in an asynchronous task, because a live
    /// session contains a runtime.
    pub(super) fn data(&self) -> Arc<Data> {
        Arc::clone(&self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the version that the next data get.
    pub(super) fn next_version(&self) -> u64 {
        self.status.borrow().version + 1
    }

    /// Shows the page that the input is being read.
    pub(super) fn start_reading(&self) {
        self.change(|status| status.is_reading = true);
    }

    /// Replaces the data, and makes pages load them.
    pub(super) fn replace(&self, data: Data) {
        let read = data.read.clone();
        let mut current = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = mem::replace(&mut *current, Arc::new(data));
        drop(current);
        drop(earlier);
        self.change(|status| {
            status.version += 1;
            status.read = read;
            status.is_reading = false;
            status.problem = None;
        });
    }

    /// Keeps the data, and shows the reason to the page.
    pub(super) fn keep(&self, problem: String) {
        self.change(|status| {
            status.is_reading = false;
            status.problem = Some(problem);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(|status| {
            change(status);
            status.change += 1;
        });
    }

    /// Waits for another state than the one that a page knows.
    pub(super) async fn changed(&self, since: u64) -> Option<Status> {
        let mut states = self.status.subscribe();
        let changed = states.wait_for(|status| status.change != since).await;
        changed.ok().map(|status| status.clone())
    }

    /// Returns the state.
    pub(super) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Asks for a new reading.
    pub(super) fn refresh(&self) {
        self.refresh.notify_one();
    }

    /// Waits until a page asks for a new reading.
    pub(super) async fn refreshed(&self) {
        self.refresh.notified().await;
    }
}
