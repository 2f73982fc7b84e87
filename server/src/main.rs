//! The server's executable: flags, the log, signals.

use std::io::Write;
use std::process::ExitCode;

use chat_server::config::{Command, Config};
use chat_server::{run, telemetry};
use clap::Parser;

fn main() -> ExitCode {
    let config = Config::parse();
    telemetry::start_log();
    raise_descriptor_limit();
    match start(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this can't be written, the exit status tells.
            let _ = writeln!(std::io::stderr(), "chat-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match config.command {
        Some(Command::RotateKey) => runtime.block_on(run::rotate_key(&config)),
        None => runtime.block_on(run::run(config, told_to_stop())),
    }
}

/// Ctrl-C, or what a service manager sends. Where neither can be heard, the server runs on.
async fn told_to_stop() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C can't be heard");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(error) => {
            tracing::warn!(%error, "SIGTERM can't be heard");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}

/// Each connection is a descriptor, and many systems start programs with 1,024.
#[cfg(unix)]
fn raise_descriptor_limit() {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => tracing::debug!(limit, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors stays as it was"),
    }
}

#[cfg(not(unix))]
fn raise_descriptor_limit() {}
