//! The log, to standard error, and the metrics.

mod log;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

pub use self::log::{LogFormat, start_log};

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
    metrics::describe_gauge!("chat_disk_free_bytes", "Bytes that are free on the disk with SQLite's files.");
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
