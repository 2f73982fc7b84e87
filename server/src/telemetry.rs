//! The log, to standard error, and the metrics.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts the log. RUST_LOG chooses what is in it.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(!no_color && std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    if started.is_err() {
        tracing::debug!("another log is running already");
    }
}

/// The process's metrics; one set for all servers in it.
pub fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder has the metrics; /metrics stays empty");
            }
            describe();
            handle
        })
        .clone()
}

fn describe() {
    metrics::describe_gauge!("chat_accounts", "Accounts that exist.");
    metrics::describe_counter!("chat_http_requests_total", "HTTP requests answered.");
    metrics::describe_counter!(
        "chat_http_connections_closed_total",
        "HTTP connections closed because there were too many."
    );
    metrics::describe_counter!("chat_registrations_total", "Accounts made since the start.");
    metrics::describe_counter!("chat_logins_total", "Sign-ins since the start.");
    metrics::describe_counter!(
        "chat_logins_failed_total",
        "Sign-ins with a wrong username or password."
    );
    metrics::describe_counter!("chat_password_hashes_total", "Password hashes computed.");
}
