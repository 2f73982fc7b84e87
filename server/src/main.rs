//! The server's executable: the allocator, flags, the log, signals.

use std::io::Write;
use std::process::ExitCode;

use chat_server::config::{self, Command, Config, ConfigAction, ReadError};
use chat_server::{admin, descriptors, maintenance, run, telemetry};

/// Gives freed memory back to the system within seconds, from a thread of its own. glibc's allocator
/// keeps most of what 500 hostile connections made the server take: docs/design/allocator.md.
#[cfg(all(unix, target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Threads for everything that blocks: files of the page, reads of the store, password hashes and
/// pictures. While all are busy, more work waits. Without a bound there would be a thread for each
/// piece of work that comes while the others wait for a core: over 500 on a busy machine, and the
/// runtime's workers would wait for the lock that these share.
const BLOCKING_THREADS_MAX: usize = 16;

fn main() -> ExitCode {
    let config = match config::read(std::env::args_os().collect()) {
        Ok(config) => config,
        Err(ReadError::Usage(error)) => error.exit(),
        Err(error) => return failed(&error),
    };
    telemetry::start_log(config.log_format, &config.log_level);
    descriptors::raise_limit();
    match start(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    // Where even this can't be written, the exit status tells.
    let _ = writeln!(std::io::stderr(), "chat-server: {error}");
    ExitCode::FAILURE
}

fn start(mut config: Config) -> anyhow::Result<()> {
    config::check_environment(|name| std::env::var_os(name))?;
    config.read_secrets(std::env::var_os("CREDENTIALS_DIRECTORY"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()?;
    match &config.command {
        Some(Command::Backup { file }) => maintenance::back_up(&config, file),
        Some(Command::Restore { file }) => runtime.block_on(maintenance::restore(&config, file)),
        Some(Command::RenewLog) => runtime.block_on(maintenance::renew_log(&config)),
        Some(Command::Admin(args)) => runtime.block_on(admin::run(&config, args)),
        Some(Command::RotateKey) => runtime.block_on(maintenance::rotate_key(&config)),
        Some(Command::Config {
            action: ConfigAction::Check,
        }) => maintenance::check_config(&config),
        None => runtime.block_on(run::run(config, stop_signal())),
    }
}

/// Ctrl-C, or what a service manager sends. Where neither can be heard, the server runs on.
async fn stop_signal() {
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
