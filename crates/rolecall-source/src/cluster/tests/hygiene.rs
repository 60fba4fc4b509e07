use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::connect::TOKEN;
use super::double::{Double, Reply};
use crate::cluster::{Needs, Progress, RequestError};

/// Keeps all log output, of any level and library.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for &Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut &*self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        writeln!(self.0.lock().unwrap(), "{}", event.metadata().target()).unwrap();
        event.record(&mut &*self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_log_and_no_error_shows_a_credential() {
    let log = Everything::default();
    // With only one subscriber, callsites that other tests' threads register first would never
    // reach it.
    let _second = Dispatch::new(log.clone());
    let _guard = tracing::subscriber::set_default(log.clone());
    tracing::callsite::rebuild_interest_cache();
    let mut errors: Vec<RequestError> = Vec::new();
    for reply in [
        Reply::text(200, "text/html", "<html>"),
        Reply::failure(401, "Unauthorized", "Unauthorized"),
        Reply::failure(429, "TooManyRequests", "slow down"),
        Reply::text(200, "", "").cut_after(0),
    ] {
        let double = Double::start(move |_, _| reply.clone()).await;
        let cluster = double.cluster().await;
        errors.extend(cluster.discover().await.err());
        let loaded = cluster.load(&Needs::everything(), &Arc::new(Progress::default())).await;
        let mut log = log.0.lock().unwrap();
        writeln!(log, "{loaded:?}").unwrap();
        assert!(
            double.seen().iter().all(|seen| seen.headers.iter().any(|(_, v)| v.contains(TOKEN)))
        );
    }
    assert_eq!(errors.len(), 4);
    let log = log.0.lock().unwrap();
    // Make sure that the log contains the interesting messages.
    assert!(log.contains("GET /api: 401") && log.contains("hyper"), "{log}");
    assert!(!format!("{errors:?}").contains(TOKEN));
    assert!(!log.contains(TOKEN), "{log}");
}
