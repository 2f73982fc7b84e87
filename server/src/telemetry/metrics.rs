//! The process's metrics: their list, and how they become text for Prometheus.
//!
//! docs/operate.md has the same list; a test compares both with what a server shows.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

/// How often what histograms have gathered is summed up, also where nobody asks for metrics.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Seconds that a write of the store took, as the upper ends of a histogram's parts.
const WRITE_SECONDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Events that a write of the store has, likewise; a room stores at most 64 at once.
const BATCH_EVENTS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Commands that were rejected, by the error's code.
pub(crate) const COMMANDS_REJECTED: &str = "chat_commands_rejected_total";
/// Connections that the server closed, by the close code.
pub(crate) const CLOSES: &str = "chat_closes_total";
/// Messages that were stored.
pub(crate) const MESSAGES: &str = "chat_messages_total";
/// The time of writes of the log.
pub(crate) const WRITE_TIME: &str = "chat_store_write_seconds";
/// The events of writes of the log.
pub(crate) const BATCH_SIZE: &str = "chat_store_batch_events";

/// Gauges and what they count, in the order of their names.
const GAUGES: [(&str, &str); 10] = [
    ("chat_accounts", "Accounts that exist."),
    (
        "chat_build_info",
        "1; the label names the version of the server.",
    ),
    ("chat_connections", "WebSocket connections."),
    ("chat_database_bytes", "Bytes of SQLite's files."),
    (
        "chat_disk_free_bytes",
        "Bytes that are free on the disk with SQLite's files.",
    ),
    (
        "chat_disk_low",
        "Whether new messages are refused because the disk is almost full.",
    ),
    ("chat_rooms_loaded", "Rooms in memory."),
    ("chat_send_queue_bytes", "Bytes waiting in all send queues."),
    ("chat_store_failing", "Whether the store failed last."),
    ("chat_tasks", "Tasks of the runtime."),
];

/// Counters and what they count, in the order of their names.
const COUNTERS: [(&str, &str); 10] = [
    (
        CLOSES,
        "WebSocket connections that the server closed, by code.",
    ),
    (COMMANDS_REJECTED, "Commands that were rejected, by code."),
    (
        "chat_http_connections_closed_total",
        "HTTP connections closed because there were too many.",
    ),
    ("chat_http_requests_total", "HTTP requests answered."),
    (
        "chat_logins_failed_total",
        "Sign-ins with a wrong username or password.",
    ),
    ("chat_logins_total", "Sign-ins since the start."),
    (MESSAGES, "Messages stored since the start."),
    ("chat_password_hashes_total", "Password hashes computed."),
    ("chat_registrations_total", "Accounts made since the start."),
    (
        "chat_store_failures_total",
        "Failures of the store since the start.",
    ),
];

/// Histograms and what they measure.
const HISTOGRAMS: [(&str, &str, &[f64]); 2] = [
    (
        BATCH_SIZE,
        "Events stored with one write of a room.",
        &BATCH_EVENTS,
    ),
    (
        WRITE_TIME,
        "Seconds that one write of a room took.",
        &WRITE_SECONDS,
    ),
];

/// The process's metrics; one set for all servers in it.
pub fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            let recorder = builder().build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder has the metrics; /metrics stays empty");
            }
            describe();
            handle
        })
        .clone()
}

fn builder() -> PrometheusBuilder {
    let mut builder = PrometheusBuilder::new();
    for (name, _, ends) in HISTOGRAMS {
        let matcher = Matcher::Full(name.to_owned());
        builder = match builder.set_buckets_for_metric(matcher, ends) {
            Ok(builder) => builder,
            Err(error) => unreachable!("{name} has parts: {error}"),
        };
    }
    builder
}

/// Describes all, and begins those counters at 0 that have no label: a counter that only appears with
/// its first count has no rate.
fn describe() {
    for (name, help) in GAUGES {
        metrics::describe_gauge!(name, help);
    }
    for (name, help) in COUNTERS {
        metrics::describe_counter!(name, help);
    }
    for (name, help, _) in HISTOGRAMS {
        metrics::describe_histogram!(name, help);
    }
    let labelled = [CLOSES, COMMANDS_REJECTED, "chat_http_requests_total"];
    for (name, _) in COUNTERS {
        if !labelled.contains(&name) {
            metrics::counter!(name).absolute(0);
        }
    }
    metrics::gauge!("chat_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Collector::default().describe();
}

/// What Prometheus reads, with the process's own figures as of now.
pub fn render(handle: &PrometheusHandle) -> String {
    Collector::default().collect();
    handle.render()
}

/// Sums up what histograms have gathered until the server ends, so that this does not grow.
pub async fn run_upkeep(handle: PrometheusHandle) {
    let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        interval.tick().await;
        handle.run_upkeep();
    }
}
