//! The log of a run: every line with its host and its simulated time.
//!
//! The lines that the service's processes write at production's log level are kept for every run, because operators
//! depend on them (see [`crate::operators`]). These are a few lines, and lines below that level cost nothing. Nothing
//! in a run may depend on the log: the fingerprint is the same whatever is kept.

use crate::simulator;
use serde::Serialize;
use std::{
    cell::RefCell,
    fmt::{self, Write},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};
use tracing_subscriber::filter::Targets;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The host whose process wrote it; `-` outside of every host.
    pub host: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`.
    pub level: &'static str,
    /// The message and its fields.
    pub text: String,
}

/// A log filter that `tracing` does not understand.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {filter:?} is not understood: {why}. Write it like `warn,shop=debug`")]
pub struct LogFilterError {
    /// The filter as given.
    pub filter: String,
    /// Why it is not understood.
    pub why: String,
}

/// The lowest level that production logs.
const PRODUCTION: Level = Level::INFO;

/// The lines that a run wrote on this thread.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    /// Lines that the filter accepts; none without a filter.
    pub(crate) filtered: Vec<LogLine>,
    /// Lines of the service's processes at production's level.
    pub(crate) by_service: Vec<LogLine>,
}

/// Runs `work` and captures the log that it writes on this thread. `service` are the hosts of the service's processes.
///
/// # Errors
/// The filter is not understood; then `work` was not run.
pub(crate) fn captured<R>(
    filter: Option<&str>,
    service: &[String],
    work: impl FnOnce() -> R,
) -> Result<(R, Logged), LogFilterError> {
    let parse = |filter: &str| {
        filter.parse::<Targets>().map_err(|error| LogFilterError {
            filter: filter.to_owned(),
            why: error.to_string(),
        })
    };
    let guard = Guard::begin(filter.map(parse).transpose()?, service.to_vec());
    let is_ours = *INSTALLED.get_or_init(|| tracing::subscriber::set_global_default(LogCapture).is_ok());
    let result = match is_ours {
        true => work(),
        false => tracing::subscriber::with_default(LogCapture, work), // another program has installed its own log
    };
    Ok((result, guard.end()))
}

static INSTALLED: OnceLock<bool> = OnceLock::new();

thread_local! {
    static CAPTURE: RefCell<Option<Capture>> = const { RefCell::new(None) };
}

/// The filters of this thread, and the lines captured so far.
struct Capture {
    filter: Option<Targets>,
    service: Vec<String>,
    logged: Logged,
}

/// The only subscriber of the process; it asks the current thread which lines it wants. With one subscriber for each
/// thread that begins and ends a run, lines would be lost: when a line is reached for the first time and there is only
/// one subscriber, tracing-core 0.1 asks only that of the current thread whether the line is wanted, and remembers the
/// answer for all threads.
struct LogCapture;

impl Subscriber for LogCapture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_wanted = |capture: &Capture| capture.wants(metadata) || *metadata.level() <= PRODUCTION;
        // Spans are ignored: no line says in which span it was written.
        let wanted = || CAPTURE.with(|capture| capture.try_borrow().ok()?.as_ref().map(is_wanted));
        metadata.is_event() && wanted().unwrap_or(false)
    }
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        let verbose = VERBOSE.load(Ordering::SeqCst);
        Some(if verbose == 0 {
            PRODUCTION.into()
        } else {
            LevelFilter::TRACE
        })
    }
    fn event(&self, event: &Event<'_>) {
        CAPTURE.with(|capture| {
            // It is already borrowed if formatting a line's value writes to the log itself.
            if let Ok(mut capture) = capture.try_borrow_mut()
                && let Some(capture) = capture.as_mut()
            {
                capture.record(event);
            }
        });
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl Capture {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let filter = self.filter.as_ref();
        filter.is_some_and(|filter| filter.would_enable(metadata.target(), metadata.level()))
    }

    fn record(&mut self, event: &Event<'_>) {
        let metadata = event.metadata();
        let host = simulator::current_host();
        let is_service = host.as_ref().is_some_and(|host| self.service.contains(host));
        // The second engine logs what it does for a host, on that host.
        let is_engine = metadata.target().starts_with("turmoil");
        let by_service = is_service && !is_engine && *metadata.level() <= PRODUCTION;
        let wanted = self.wants(metadata);
        if !by_service && !wanted {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let line = LogLine {
            at_ms: simulator::current_ms().unwrap_or_default(),
            host: host.unwrap_or_else(|| "-".to_owned()),
            level: metadata.level().as_str(),
            text: text.finish(),
        };
        if by_service {
            self.logged.by_service.push(line.clone());
        }
        if wanted {
            self.logged.filtered.push(line);
        }
    }
}

/// Number of threads that capture more than production's level. As long as it is 0, other lines cost nothing.
static VERBOSE: AtomicUsize = AtomicUsize::new(0);
static COUNTING: Mutex<()> = Mutex::new(());

/// Captures the log of this thread until it ends or is dropped.
struct Guard {
    before: Option<Capture>,
    is_verbose: bool,
}

impl Guard {
    fn begin(filter: Option<Targets>, service: Vec<String>) -> Guard {
        let is_verbose = filter.is_some();
        if is_verbose {
            count(|verbose| verbose + 1);
        }
        let capture = Capture {
            filter,
            service,
            logged: Logged::default(),
        };
        Guard {
            before: CAPTURE.replace(Some(capture)),
            is_verbose,
        }
    }

    fn end(self) -> Logged {
        let capture =
            CAPTURE.with_borrow_mut(|capture| capture.as_mut().map(|capture| std::mem::take(&mut capture.logged)));
        capture.unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        CAPTURE.set(self.before.take());
        if self.is_verbose {
            count(|verbose| verbose - 1);
        }
    }
}

fn count(change: fn(usize) -> usize) {
    let _one_at_a_time = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let verbose = VERBOSE.load(Ordering::SeqCst);
    VERBOSE.store(change(verbose), Ordering::SeqCst);
    if (verbose == 0) != (change(verbose) == 0) {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// The text of a line: the message, then the fields in their order.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn say(what: &str) {
        tracing::debug!(what, "said");
    }

    fn capture(filter: &str, what: &str) -> Vec<String> {
        let ((), logged) = captured(Some(filter), &[], || say(what)).unwrap();
        logged.filtered.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn each_thread_hears_itself_and_as_much_as_it_wants_to() {
        say("before anybody listens"); // reached for the first time where nobody wants it
        std::thread::scope(|scope| {
            let loud: Vec<_> = ["one", "two"]
                .map(|what| scope.spawn(move || (0..200).map(|_| capture("sim=debug", what)).collect::<Vec<_>>()))
                .into();
            let quiet = scope.spawn(|| (0..200).map(|_| capture("sim=info", "three")).collect::<Vec<_>>());
            let deaf = scope.spawn(|| (0..200).for_each(|_| say("to nobody")));
            for (thread, what) in loud.into_iter().zip(["one", "two"]) {
                let lines = thread.join().unwrap();
                assert!(
                    lines.iter().all(|lines| *lines == [format!("said what={what}")]),
                    "{lines:?}"
                );
            }
            assert!(quiet.join().unwrap().iter().all(Vec::is_empty));
            deaf.join().unwrap();
        });
    }

    #[test]
    fn without_a_filter_only_the_service_is_kept() {
        let ((), logged) = captured(None, &[], || tracing::error!("nobody's")).unwrap();
        assert_eq!((logged.filtered.len(), logged.by_service.len()), (0, 0));
    }

    #[test]
    fn a_filter_that_makes_no_sense_runs_nothing() {
        let error = captured(Some("sim=loud"), &[], || unreachable!("it was not understood")).map(|_: ((), _)| ());
        assert!(error.unwrap_err().to_string().contains("sim=loud"));
    }
}
