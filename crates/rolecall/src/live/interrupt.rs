//! Ctrl-C: what waits for a server minds it; everywhere else it ends the program.
//!
//! To listen for it once takes its usual effect away for good. So one thread listens, from the
//! first connection on, and what is only computed or printed can still be stopped.

use std::future::Future;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::exit::Exit;

static LISTENER: Once = Once::new();
static MINDING: AtomicUsize = AtomicUsize::new(0);
static INTERRUPTED: Notify = Notify::const_new();

/// Begins to listen; until the listener is up, Ctrl-C has its usual effect.
pub(super) fn listen() {
    LISTENER.call_once(|| {
        thread::spawn(|| {
            let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if MINDING.load(Ordering::SeqCst) == 0 {
                        process::exit(Exit::Interrupted.code().into());
                    }
                    INTERRUPTED.notify_waiters();
                }
            });
        });
    });
}

/// Waits for Ctrl-C, which ends nothing else for as long as this future lives.
pub(super) fn interrupted() -> impl Future<Output = ()> {
    let notified = INTERRUPTED.notified();
    let minding = Minding::new();
    async move {
        notified.await;
        drop(minding);
    }
}

struct Minding;

impl Minding {
    fn new() -> Self {
        MINDING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Minding {
    fn drop(&mut self) {
        MINDING.fetch_sub(1, Ordering::SeqCst);
    }
}
