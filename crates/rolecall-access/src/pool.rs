//! Caches that tasks of different threads use one after the other.

use std::sync::Mutex;

/// Values that are filled while they are used, at most one for each thread at a time.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Self { idle: Mutex::new(Vec::new()) }
    }

    /// Runs a task with an idle value, or else with a new one.
    pub(crate) fn with<R>(&self, create: impl FnOnce() -> T, task: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut value = idle.unwrap_or_else(create);
        let result = task(&mut value);
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(value);
        }
        result
    }
}
