//! The command line of `chat-server admin`: its subcommands, and where their acts are carried out.

#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;

use chat_server_store::SharedStore;
use chat_shared::limits::INVITE_FOR_S_DEFAULT;

use super::act::{Act, Answer, Messages, Outcome};
use super::executor::{DAY_S, Executor};
use super::output;
#[cfg(unix)]
use super::socket;
use crate::accounts::{Accounts, change_reports};
use crate::config::Config;
use crate::hub::{SystemEnvironment, account_log};
use crate::run::{StartError, account_options, open_hub, open_store_beside};

/// Entries of the audit that are printed.
const AUDIT_ENTRIES_DEFAULT: usize = 100;

/// The arguments of `chat-server admin`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct AdminArgs {
    /// Print JSON for scripts: one object a line
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: AdminCommand,
}

/// The subjects of acts.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum AdminCommand {
    /// List, create, deactivate and reset accounts, end their sessions, make admins
    #[command(subcommand)]
    People(PeopleCommand),
    /// List rooms, and hand them over
    #[command(subcommand)]
    Rooms(RoomsCommand),
    /// List, make and end the links by which people sign up
    #[command(subcommand)]
    Invites(InvitesCommand),
    /// Print how much the store keeps
    Storage,
    /// Print who signed in and who changed what, the newest first
    Audit {
        /// Entries at most
        #[arg(long, value_name = "N", default_value_t = AUDIT_ENTRIES_DEFAULT)]
        limit: usize,
    },
}

/// Acts on accounts. A username may be in any case.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum PeopleCommand {
    /// List the accounts by name
    List {
        /// Only those with this text in the username or the display name
        search: Option<String>,
    },
    /// Create an account, and print a link by which its owner sets the password
    Create {
        /// The new username
        name: String,
        /// Make it a bot's account
        #[arg(long)]
        bot: bool,
    },
    /// Refuse sign-ins of an account and end its sessions; its name stays taken
    Deactivate {
        /// The username
        name: String,
    },
    /// Let the owner of a deactivated account sign in again
    Reactivate {
        /// The username
        name: String,
    },
    /// Print a link by which the owner of an account sets a new password once, within a day
    Reset {
        /// The username
        name: String,
    },
    /// List the sessions of an account, or end them all
    Sessions {
        /// The username
        name: String,
        /// End them
        #[arg(long)]
        end: bool,
    },
    /// Remove an account, its profile and sign-in data permanently; its name is never given out again
    Erase {
        /// The username
        name: String,
        /// What happens to what the owner wrote
        #[arg(long, value_enum)]
        messages: Messages,
    },
    /// Make a person an admin
    MakeAdmin {
        /// The username
        name: String,
    },
    /// Take the admin's right from a person; the last admin keeps it
    UnmakeAdmin {
        /// The username
        name: String,
    },
}

/// Acts on rooms.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum RoomsCommand {
    /// List public and private rooms by name
    List {
        /// Only those with this text in the name or the topic
        search: Option<String>,
    },
    /// Make a person the only owner of a room, and a member if they are none
    HandOver {
        /// The room
        room: String,
        /// The username
        name: String,
    },
}

impl From<RoomsCommand> for Act {
    fn from(command: RoomsCommand) -> Self {
        match command {
            RoomsCommand::List { search } => Self::Rooms {
                search: search.unwrap_or_default(),
                after: String::new(),
            },
            RoomsCommand::HandOver { room, name } => Self::HandOver {
                room: room.trim_start_matches('#').to_owned(),
                username: name,
            },
        }
    }
}

/// Acts on invite links.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum InvitesCommand {
    /// List the links that have not expired
    List,
    /// Make a link and print it; it can't be shown again
    Create {
        /// People who can sign up by it
        #[arg(long, value_name = "N", default_value_t = 1)]
        uses: u32,
        /// Days for which it works
        #[arg(long, value_name = "N", default_value_t = INVITE_FOR_S_DEFAULT / DAY_S)]
        days: u64,
    },
    /// End a link: nobody signs up by it any more
    Revoke {
        /// Its name in the list
        invite: String,
    },
}

impl From<InvitesCommand> for Act {
    fn from(command: InvitesCommand) -> Self {
        match command {
            InvitesCommand::List => Self::Invites,
            InvitesCommand::Create { uses, days } => Self::MakeInvite {
                uses,
                for_s: days.saturating_mul(DAY_S),
            },
            InvitesCommand::Revoke { invite } => Self::RevokeInvite { invite },
        }
    }
}

impl From<PeopleCommand> for Act {
    fn from(command: PeopleCommand) -> Self {
        match command {
            PeopleCommand::List { search } => Self::People {
                search: search.unwrap_or_default(),
                after: String::new(),
            },
            PeopleCommand::Create {
                name: username,
                bot,
            } => Self::Create { username, bot },
            PeopleCommand::Deactivate { name: username } => Self::Deactivate { username },
            PeopleCommand::Reactivate { name: username } => Self::Reactivate { username },
            PeopleCommand::Reset { name: username } => Self::Reset { username },
            PeopleCommand::Sessions {
                name: username,
                end: false,
            } => Self::Sessions { username },
            PeopleCommand::Sessions {
                name: username,
                end: true,
            } => Self::EndSessions { username },
            PeopleCommand::Erase {
                name: username,
                messages,
            } => Self::Erase { username, messages },
            PeopleCommand::MakeAdmin { name: username } => Self::MakeAdmin { username },
            PeopleCommand::UnmakeAdmin { name: username } => Self::UnmakeAdmin { username },
        }
    }
}

impl From<AdminCommand> for Act {
    fn from(command: AdminCommand) -> Self {
        match command {
            AdminCommand::People(command) => command.into(),
            AdminCommand::Rooms(command) => command.into(),
            AdminCommand::Invites(command) => command.into(),
            AdminCommand::Storage => Self::Storage,
            AdminCommand::Audit { limit } => Self::Audit {
                before: None,
                limit,
            },
        }
    }
}

/// Why an act was not carried out, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AdminError(String);

/// Carries out the acts of a command and prints their outcomes.
///
/// # Errors
/// One sentence for the operator. If the act was carried out in part, the sentence says so; if the
/// server gave no answer, the act may have been carried out.
pub async fn run(config: &Config, args: &AdminArgs) -> anyhow::Result<()> {
    config.check()?;
    let target = Target::find(config).await?;
    let done = ask_all(&target, args.command.clone().into(), args.json).await;
    target.close().await;
    done
}

/// Carries out an act; of a list, all pages.
async fn ask_all(target: &Target, mut act: Act, json: bool) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    loop {
        let outcome = target.ask(&act).await?.map_err(AdminError)?;
        let next = next_page(act, &outcome);
        outcomes.push(outcome);
        match next {
            Some(next) => act = next,
            None => break,
        }
    }
    Ok(output::print(&outcomes, json)?)
}

/// The act that lists what comes behind a page, if there is more.
fn next_page(act: Act, page: &Outcome) -> Option<Act> {
    match (act, page) {
        (Act::People { search, .. }, Outcome::People { next, .. }) => {
            let after = next.clone()?;
            Some(Act::People { search, after })
        }
        (Act::Rooms { search, .. }, Outcome::Rooms { next, .. }) => {
            let after = next.clone()?;
            Some(Act::Rooms { search, after })
        }
        (Act::Audit { limit, .. }, Outcome::Audit { entries, more }) => {
            let limit = limit - entries.len().min(limit);
            let before = Some(entries.last()?.entry.clone());
            (*more && limit > 0).then_some(Act::Audit { before, limit })
        }
        _ => None,
    }
}

/// Where acts are carried out.
enum Target {
    /// By the server that listens at this socket.
    #[cfg(unix)]
    Server(PathBuf),
    /// Here, on the store of a server that does not run, or of servers that share a MongoDB.
    Store {
        executor: Executor,
        store: SharedStore,
    },
}

impl Target {
    async fn find(config: &Config) -> anyhow::Result<Self> {
        #[cfg(unix)]
        if let Some(path) = config.admin_socket()?
            && socket::is_served(&path).await?
        {
            return Ok(Self::Server(path));
        }
        let (store, place) = open_store_beside(config).await?;
        let (reporter, changes) = change_reports();
        // Servers that share a database run beside this command. SQLite's directory is its own.
        if store.kind() != "sqlite" {
            tokio::spawn(account_log::append_all(Arc::clone(&store), changes));
        }
        let options = account_options(config, false);
        let accounts = Accounts::open_for_operator(Arc::clone(&store), options, reporter).await;
        let accounts = accounts.map_err(|error| StartError::Accounts {
            place: place.clone(),
            error,
        })?;
        let environment = Arc::new(SystemEnvironment);
        let hub = open_hub(&store, &accounts, environment, &place).await?;
        let address = config.public_url.as_ref().map(|url| format!("{url:?}"));
        let executor = Executor::new(hub, address);
        Ok(Self::Store { executor, store })
    }

    async fn ask(&self, act: &Act) -> anyhow::Result<Answer> {
        match self {
            #[cfg(unix)]
            Self::Server(path) => Ok(socket::ask(path, act).await?),
            Self::Store { executor, .. } => Ok(executor.run(act.clone()).await),
        }
    }

    async fn close(self) {
        match self {
            #[cfg(unix)]
            Self::Server(_) => {}
            Self::Store { executor, store } => {
                executor.finish().await;
                store.close().await;
            }
        }
    }
}
