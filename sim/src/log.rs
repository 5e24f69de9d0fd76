//! The log of a run: every line with its host and its simulated time.
//!
//! What the replicas write at the level that production runs with is kept of every run, for operators are judged by
//! (see [`crate::operators`]); it is a few lines, and what is below that level costs nothing. Nothing in a run may depend
//! on the log: the fingerprint is the same whatever is kept.

use crate::{simulator, world::hosts};
use serde::Serialize;
use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
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

/// What production logs: `info` and above (`server/src/main.rs`).
const PRODUCTION: Level = Level::INFO;

/// What was logged on this thread.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    /// What the filter lets through; nothing without one.
    pub(crate) filtered: Vec<LogLine>,
    /// What the replicas wrote, as production would have it.
    pub(crate) by_replicas: Vec<LogLine>,
}

/// Runs something and keeps what it logs on this thread.
///
/// # Errors
/// The filter is not understood; then nothing was run.
pub(crate) fn captured<R>(filter: Option<&str>, work: impl FnOnce() -> R) -> Result<(R, Logged), LogFilterError> {
    let (lines, by_replicas) = (Lines::default(), ByReplicas::default());
    let result = match filter {
        None => tracing::subscriber::with_default(by_replicas.clone(), work),
        Some(filter) => {
            let parsed = EnvFilter::builder().parse(filter).map_err(|error| LogFilterError {
                filter: filter.to_owned(),
                why: error.to_string(),
            })?;
            let subscriber = tracing_subscriber::registry()
                .with(Capture(lines.clone()).with_filter(parsed))
                .with(by_replicas.clone().with_filter(LevelFilter::from_level(PRODUCTION)));
            tracing::subscriber::with_default(subscriber, work)
        }
    };
    let (filtered, by_replicas) = (lines.take(), by_replicas.0.take());
    Ok((result, Logged { filtered, by_replicas }))
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<LogLine>>>);

impl Lines {
    fn push(&self, host: Option<String>, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let line = LogLine {
            at_ms: simulator::current_ms().unwrap_or_default(),
            host: host.unwrap_or_else(|| "-".to_owned()),
            level: event.metadata().level().as_str(),
            text: text.finish(),
        };
        self.0.lock().expect("nobody panics while holding the log").push(line);
    }

    fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics while holding the log"))
    }
}

struct Capture(Lines);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.push(simulator::current_host(), event);
    }
}

/// Takes what the replicas write: beside another layer, or alone, which costs less than a registry of spans.
#[derive(Clone, Default)]
struct ByReplicas(Lines);

impl ByReplicas {
    fn hear(&self, event: &Event<'_>) {
        let host = simulator::current_host();
        if host.as_deref().is_some_and(|host| hosts::REPLICAS.contains(&host)) {
            self.0.push(host, event);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ByReplicas {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.hear(event);
    }
}

impl Subscriber for ByReplicas {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= PRODUCTION
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(PRODUCTION))
    }
    fn event(&self, event: &Event<'_>) {
        self.hear(event);
    }
    // Spans are not told apart: no line says in which it was written.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
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
