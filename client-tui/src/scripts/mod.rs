//! The subcommands for scripts: one task each, with an exit status.
//!
//! Only data goes to standard output, through [`Output`]; errors go to standard error. The comments
//! on the arguments below are their `--help` texts.

mod connection;
mod cursors;
mod lists;
mod output;
mod register;
mod send;
mod tail;

use std::io::{self, Write};
use std::process::ExitCode;

use chat_shared::client::{CloseReason, CommandError, HttpError};
use chat_shared::{RoomName, Seq, Username};
use clap::{Args, Subcommand};

pub(crate) use connection::Identity;
use output::Output;

use crate::messages::program::line;

/// The most messages that `history` and `search` print.
const LIMIT_MAX: u32 = 100_000;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Script {
    /// Send a message and wait until the server has stored it
    Send(Send),
    /// Print events of your rooms as they happen, until interrupted
    Tail(Tail),
    /// List your rooms
    Rooms(Rooms),
    /// Print a room's newest messages, oldest first
    History(History),
    /// Print messages that contain all these words, newest first
    Search(Search),
    /// Create an account and sign in with it
    Register(Register),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Send {
    /// The room to send to
    #[arg(long, value_name = "ROOM", value_parser = room)]
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    room: Option<RoomName>,
    /// The user to send a direct message to
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// The number of the message to reply to
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<Seq>,
    /// Print the server's acknowledgement as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
    /// The text; without it, or with -, standard input is sent
    text: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Tail {
    /// Print only this room [default: all your rooms]
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: Option<RoomName>,
    /// Print one JSON object per line, as on the wire
    #[arg(long)]
    json: bool,
    /// Start after this event number; 0 starts with the room's first event
    #[arg(long, value_name = "SEQ", requires = "room")]
    since: Option<Seq>,
    /// Stop after N lines
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Rooms {
    /// List every public room instead
    #[arg(long)]
    public: bool,
    /// Print one JSON object per line, as on the wire
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct History {
    /// The room to read
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: RoomName,
    /// Print only messages before this number
    #[arg(long, value_name = "SEQ")]
    before: Option<Seq>,
    /// Print at most N messages
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// Print one JSON object per line, as on the wire
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Search {
    /// Words, and "phrases in quotes"
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Search only this room
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: Option<RoomName>,
    /// Search only messages of this user
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Print at most N messages
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// Print one JSON object per line, as on the wire
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Register {
    /// Create a bot: its messages are marked, and its session lasts until it is revoked
    #[arg(long)]
    bot: bool,
}

#[derive(Debug, Clone, Copy, Args)]
struct Timeout {
    /// Give up after this many seconds without an answer
    #[arg(long = "wait", value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

/// The exit status; `--help` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Failed = 1,
    Usage = 2,
    NotSignedIn = 3,
    Unreachable = 4,
    Refused = 5,
}

/// Printed at the end of `--help`.
pub(crate) const STATUS_HELP: &str = "\
Exit status of the commands for scripts:
  0  done
  1  failed otherwise
  2  wrong usage or configuration: an argument, a name, a text
  3  not signed in: no session, or a wrong password
  4  unreachable: the server did not answer in time
  5  refused by the server, which says why";

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The reader of our output is gone, which is not an error.
    #[error("")]
    OutputClosed,
    #[error("{1}")]
    WithStatus(Status, String),
}

/// Runs a command and reports a failure on standard error.
pub(crate) async fn run(script: Script, who: Identity) -> ExitCode {
    let mut out = Output::stdout();
    let ended = match script {
        Script::Send(args) => send::run(args, &who, &mut out).await,
        Script::Tail(args) => tail::run(args, &who, &mut out).await,
        Script::Rooms(args) => lists::rooms(args, &who, &mut out).await,
        Script::History(args) => lists::history(args, &who, &mut out).await,
        Script::Search(args) => lists::search(args, &who, &mut out).await,
        Script::Register(args) => register::run(args, &who).await,
    };
    match ended.and_then(|()| out.flush()) {
        Ok(()) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::WithStatus(status, why)) => {
            // If even this can't be written, the exit status says it.
            let _ = writeln!(
                io::stderr(),
                "{}",
                line(crate::text::sanitize(why.trim_end()))
            );
            ExitCode::from(status as u8)
        }
    }
}

fn room(text: &str) -> Result<RoomName, String> {
    let name = text.strip_prefix('#').unwrap_or(text);
    RoomName::parse(name).map_err(|error| error.to_string())
}

fn usage(why: impl Into<String>) -> Failure {
    Failure::WithStatus(Status::Usage, why.into())
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let status = match &error {
            CommandError::Text(_) | CommandError::Name(_) => Status::Usage,
            CommandError::Closed(CloseReason::NotSignedIn) => Status::NotSignedIn,
            CommandError::Refused(_) | CommandError::Closed(_) => Status::Refused,
            CommandError::Disconnected | CommandError::TimedOut => Status::Unreachable,
            _ => Status::Failed,
        };
        Self::WithStatus(status, error.to_string())
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let status = match &error {
            HttpError::Unreachable(_) | HttpError::TimedOut | HttpError::NotAChatServer(_) => {
                Status::Unreachable
            }
            HttpError::WrongPassword(_) | HttpError::NotSignedIn(_) => Status::NotSignedIn,
            _ => Status::Refused,
        };
        Self::WithStatus(status, error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::WithStatus(Status::Failed, format!("{error:#}"))
    }
}

/// A username as the server stores it.
fn username(text: &str) -> Username {
    Username::existing(text.trim().trim_start_matches('@'))
}
