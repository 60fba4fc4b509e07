//! Ctrl-C: code that waits for a server handles it; otherwise it ends the program.
//!
//! Listening once disables the default effect forever. So a thread listens from the first connection on,
//! and ends the program when nothing else handles it.

use std::future::Future;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::exit::Exit;

static LISTENER: Once = Once::new();
static HANDLERS: AtomicUsize = AtomicUsize::new(0);
static INTERRUPTED: Notify = Notify::const_new();

/// Starts the listener; until it is ready, Ctrl-C has its default effect.
pub(crate) fn listen() {
    LISTENER.call_once(|| {
        thread::spawn(|| {
            let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if HANDLERS.load(Ordering::SeqCst) == 0 {
                        process::exit(Exit::Interrupted.code().into());
                    }
                    INTERRUPTED.notify_waiters();
                }
            });
        });
    });
}

/// Waits for Ctrl-C, which does not end the program while this future exists.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let notified = INTERRUPTED.notified();
    let handler = Handler::new();
    async move {
        notified.await;
        drop(handler);
    }
}

/// While this exists, Ctrl-C does not end the program.
#[derive(Debug)]
pub(crate) struct Uninterrupted {
    _handler: Handler,
}

impl Uninterrupted {
    /// Leaves Ctrl-C to another program, such as a pager.
    pub(crate) fn new() -> Self {
        listen();
        Self { _handler: Handler::new() }
    }
}

#[derive(Debug)]
struct Handler;

impl Handler {
    fn new() -> Self {
        HANDLERS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        HANDLERS.fetch_sub(1, Ordering::SeqCst);
    }
}
