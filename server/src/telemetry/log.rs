//! The log: to standard error, as lines for people, JSON, or lines with a priority for journald.

use std::fmt;
use std::io::IsTerminal;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

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

/// Starts the log. RUST_LOG chooses what is in it.
pub fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match format {
        LogFormat::Text => log
            .with_ansi(!no_color && std::io::stderr().is_terminal())
            .try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Journald => log.with_ansi(false).event_format(Prioritized::new()).try_init(),
    };
    if started.is_err() {
        tracing::debug!("another log is running already");
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
