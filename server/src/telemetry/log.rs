//! The log: to standard error, as lines for people, JSON, or lines with a priority for journald.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::OnceLock;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

/// The form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// A time, a level, a sentence and its fields.
    #[default]
    Text,
    /// One JSON object a line, with `timestamp`, `level`, `message` and the fields.
    Json,
    /// As `text` without the time, behind a priority such as `<4>`: journald has a time of its own and
    /// takes the priority from the line.
    Journald,
}

/// What is in the log, as RUST_LOG says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl Default for LogLevel {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl FromStr for LogLevel {
    type Err = String;

    /// An empty text is the default.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        EnvFilter::try_new(text).map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Changes the level of the log, once the log was started.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts the log.
pub fn start_log(format: LogFormat, level: &LogLevel) {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&level.0));
    // If a log was started before, that one stays.
    let _ = FILTER.set(handle);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false);
    let lines = match format {
        LogFormat::Text => lines
            .with_ansi(!no_color && std::io::stderr().is_terminal())
            .boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Journald => lines
            .with_ansi(false)
            .event_format(Prioritized::new())
            .boxed(),
    };
    let log = tracing_subscriber::registry().with(filter).with(lines);
    if log.try_init().is_err() {
        tracing::debug!("another log is running already");
    }
}

/// Changes what is in the log from now on. Without a log nothing happens.
pub fn set_log_level(level: &LogLevel) {
    let Some(filter) = FILTER.get() else { return };
    if let Err(error) = filter.reload(EnvFilter::new(&level.0)) {
        tracing::warn!(%error, "the level of the log was not changed");
    }
}

/// Writes the priority of syslog, which journald takes from the beginning of a line, then the line.
struct Prioritized(Format<Full, ()>);

impl Prioritized {
    fn new() -> Self {
        let line = Format::default().without_time();
        Self(line.with_level(false).with_target(false))
    }
}

impl<S, N> FormatEvent<S, N> for Prioritized
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// The priority of syslog.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}
