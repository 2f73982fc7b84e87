//! What scripts use: one command, one task, an exit status. Data alone goes to standard output,
//! through [`Output`]; what went wrong goes to standard error.

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

/// Messages that `history` and `search` may be asked for.
const LIMIT_MAX: u32 = 100_000;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Script {
    /// Say something in a room, and wait until the server has stored it
    Send(Send),
    /// Tell what happens in one's rooms, line by line, until it is ended
    Tail(Tail),
    /// List the rooms one is in
    Rooms(Rooms),
    /// Print a room's newest messages, oldest first
    History(History),
    /// Print messages that hold all these words, newest first
    Search(Search),
    /// Make an account, and log in with it
    Register(Register),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Send {
    /// The room
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: RoomName,
    /// The message that this one answers
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<Seq>,
    /// Print the server's acknowledgement
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
    /// What to say; without it, or with -, what standard input holds
    text: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Tail {
    /// Only this room [default: all one is in]
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: Option<RoomName>,
    /// One JSON object a line, as on the wire
    #[arg(long)]
    json: bool,
    /// Begin with what came after this number; 0: with the room's first event
    #[arg(long, value_name = "SEQ", requires = "room")]
    since: Option<Seq>,
    /// End after so many lines
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Rooms {
    /// Every public room instead
    #[arg(long)]
    public: bool,
    /// One JSON object a line, as on the wire
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct History {
    /// The room
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: RoomName,
    /// Only messages before this number
    #[arg(long, value_name = "SEQ")]
    before: Option<Seq>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// One JSON object a line, as on the wire
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
    /// Only in this room
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: Option<RoomName>,
    /// Only what this person said
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// One JSON object a line, as on the wire
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Register {
    /// A bot's account: its messages say so, and its session lasts until it is revoked
    #[arg(long)]
    bot: bool,
}

#[derive(Debug, Clone, Copy, Args)]
struct Timeout {
    /// How long to wait for the server before giving up
    #[arg(long = "wait", value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

/// What the exit status says; `--help` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Failed = 1,
    Usage = 2,
    NotSignedIn = 3,
    Unreachable = 4,
    Refused = 5,
}

/// Listed at the end of `--help`.
pub(crate) const STATUS_HELP: &str = "\
Exit status of the commands for scripts:
  0  done
  1  failed otherwise
  2  wrong usage or configuration: an argument, a name, a text
  3  not signed in: no session, or a wrong password
  4  unreachable: the server did not answer in time
  5  refused by the server, which says why";

/// Why a script's command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Whoever read our output has gone, which is no failure of ours.
    #[error("")]
    OutputClosed,
    #[error("{1}")]
    WithStatus(Status, String),
}

/// Runs a command; what went wrong is told on standard error.
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
            // Where even this can't be written, the exit status tells.
            let _ = writeln!(
                io::stderr(),
                "chat-tui: {}",
                crate::text::sanitize(why.trim_end())
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

/// A name as the server has it, where it could be one.
fn username(text: &str) -> Username {
    Username::existing(text.trim().trim_start_matches('@'))
}
