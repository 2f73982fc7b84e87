//! What an operator changes while the server runs: the certificate, and the level of the log.
//!
//! SIGHUP makes the server read the configuration and the certificate's files again. The server also
//! checks by itself whether the certificate's files were changed. A certificate that can't be used is
//! reported in the log, and the old one stays.

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Certificate, TlsError};
use crate::{config, telemetry};

/// How often the certificate's files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// Reloads the certificate when it is asked to and when its files were changed. Without a
/// certificate there is nothing to reload, and SIGHUP does no harm from this call on, even before
/// the future is polled.
pub fn run(certificate: Option<Arc<Certificate>>) -> impl Future<Output = ()> {
    reload_when_asked(certificate, Hangups::new())
}

async fn reload_when_asked(certificate: Option<Arc<Certificate>>, mut hangups: Hangups) {
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    loop {
        let is_asked = tokio::select! {
            () = hangups.next() => true,
            _ = look.tick() => false,
        };
        if is_asked {
            reload_log_level();
        }
        let Some(certificate) = certificate.clone() else {
            if is_asked {
                tracing::info!("SIGHUP: there is no certificate to reload");
            }
            continue;
        };
        let reading = tokio::task::spawn_blocking(move || reload(&certificate, is_asked));
        // A panic there is in the log already.
        let _ = reading.await;
    }
}

/// Takes the level of the log from the configuration as it is now. Flags and the environment of a
/// process do not change, so what is new comes from the file.
fn reload_log_level() {
    match config::read(std::env::args_os().collect()) {
        Ok(config) => {
            telemetry::set_log_level(&config.log_level);
            tracing::info!(level = %config.log_level, "SIGHUP: the log's level was read again");
        }
        Err(error) => {
            tracing::error!(%error, "SIGHUP: the configuration was not read again; all stays as it was");
        }
    }
}

fn reload(certificate: &Certificate, is_asked: bool) {
    let reloaded: Result<bool, TlsError> = match is_asked {
        true => certificate.reload().map(|()| true),
        false => certificate.reload_if_changed(),
    };
    match reloaded {
        Ok(true) => tracing::info!("the certificate was reloaded"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, "the certificate was not reloaded; the old one stays")
        }
    }
}

/// SIGHUP, which would end the process if nothing listened to it.
struct Hangups {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::warn!(%error, "SIGHUP can't be heard"))
            .ok();
        Self { signal }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
