//! The log, to standard error, and the metrics.

mod log;
mod metrics;

pub use self::log::{LogFormat, LogLevel, set_log_level, start_log};
pub(crate) use self::metrics::{BATCH_SIZE, CLOSES, COMMANDS_REJECTED, MESSAGES, WRITE_TIME};
pub use self::metrics::{metrics, render, run_upkeep};
