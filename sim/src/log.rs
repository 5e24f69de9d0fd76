//! The log of a run: every line with its host and its simulated time.
//!
//! A run without a log costs nothing: no subscriber is there, and `tracing` is off. Nothing in a
//! run may depend on the log: the fingerprint is the same with and without.

use crate::simulator;
use serde::Serialize;
use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{EnvFilter, Layer, layer::Context, layer::SubscriberExt, registry::LookupSpan};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Whose process wrote it; `-` outside of every host.
    pub host: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`.
    pub level: &'static str,
    /// The message and its fields.
    pub text: String,
}

/// What is logged unless a filter says otherwise: the service and the world, without the chatter.
pub const FILTER_DEFAULT: &str = "warn,idp=debug,sim=info,scenarios=info";

/// A filter that `tracing` does not understand.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {filter:?} is not understood: {why}. Write it like `warn,idp=debug`")]
pub struct LogFilterError {
    /// As given.
    pub filter: String,
    /// What is wrong.
    pub why: String,
}

/// Runs something and keeps what it logs on this thread.
///
/// # Errors
/// The filter is not understood; then nothing was run.
pub fn captured<R>(filter: Option<&str>, work: impl FnOnce() -> R) -> Result<(R, Vec<LogLine>), LogFilterError> {
    let filter = filter.unwrap_or(FILTER_DEFAULT);
    let parsed = EnvFilter::builder().parse(filter).map_err(|error| LogFilterError {
        filter: filter.to_owned(),
        why: error.to_string(),
    })?;
    let lines = Arc::new(Mutex::new(vec![]));
    let subscriber = tracing_subscriber::registry().with(Capture { lines: lines.clone() }.with_filter(parsed));
    let result = tracing::subscriber::with_default(subscriber, work);
    let lines = std::mem::take(&mut *lines.lock().expect("nobody panics while holding the log"));
    Ok((result, lines))
}

struct Capture {
    lines: Arc<Mutex<Vec<LogLine>>>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let line = LogLine {
            at_ms: simulator::current_ms().unwrap_or_default(),
            host: simulator::current_host().map_or_else(|| "-".to_owned(), Into::into),
            level: event.metadata().level().as_str(),
            text: text.finish(),
        };
        self.lines
            .lock()
            .expect("nobody panics while holding the log")
            .push(line);
    }
}

/// The message, then the fields in their order.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(self) -> String {
        self.message + &self.fields
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("text can be written to memory");
    }
}
