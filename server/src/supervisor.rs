//! Tells systemd (`Type=notify`) when the server is ready, that it is alive, and when it stops.
//!
//! Without systemd, or under another supervisor, these functions do nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;

/// The shortest time between two signs of life.
const BEAT_MIN: Duration = Duration::from_millis(10);

/// The server can be connected to.
pub fn tell_ready() {
    tell(&[NotifyState::Ready]);
}

/// The server is stopping.
pub fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells the watchdog that tasks run, twice as often as it asks for. Ends at once where there is no
/// watchdog.
pub async fn run_watchdog() {
    let Some(timeout) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut beats = tokio::time::interval((timeout / 2).max(BEAT_MIN));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd could not be notified");
    }
}
