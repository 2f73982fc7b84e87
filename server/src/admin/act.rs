//! The acts of an operator and their results, as they go through the socket: one line of JSON each.

use std::fmt;

use chat_shared::TimestampMs;
use chat_shared::protocol::{AuditInfo, InviteInfo, RoomKind};
use serde::{Deserialize, Serialize};

/// An act that an operator asks for. A username may be in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Lists accounts by name.
    People {
        /// Only accounts with this text in the username or the display name, in any case.
        #[serde(default)]
        search: String,
        /// Only accounts behind this name.
        #[serde(default)]
        after: String,
    },
    /// Makes an account, and a link by which its owner sets the password.
    Create {
        /// The new username.
        username: String,
        /// Whether it is a bot's.
        #[serde(default)]
        bot: bool,
    },
    /// Refuses sign-ins of an account and ends its sessions.
    Deactivate {
        /// The account.
        username: String,
    },
    /// Lets the owner of an account sign in again.
    Reactivate {
        /// The account.
        username: String,
    },
    /// Makes a link by which the owner of an account sets a new password.
    Reset {
        /// The account.
        username: String,
    },
    /// Lists the sessions of an account.
    Sessions {
        /// The account.
        username: String,
    },
    /// Ends all sessions of an account.
    EndSessions {
        /// The account.
        username: String,
    },
    /// Removes everything about an account but its name.
    Erase {
        /// The account.
        username: String,
        /// What happens to what its owner wrote.
        messages: Messages,
    },
    /// Makes a person an admin.
    MakeAdmin {
        /// The account.
        username: String,
    },
    /// Takes the admin's right from a person.
    UnmakeAdmin {
        /// The account.
        username: String,
    },
    /// Lists the invite links that have not expired.
    Invites,
    /// Makes an invite link.
    MakeInvite {
        /// How many people can sign up by it.
        uses: u32,
        /// How long it works, in seconds.
        for_s: u64,
    },
    /// Ends an invite link.
    RevokeInvite {
        /// The invite's name in the list.
        invite: String,
    },
    /// Lists rooms by name, direct ones left out.
    Rooms {
        /// Only rooms with this text in the name or the topic, in any case.
        #[serde(default)]
        search: String,
        /// Only rooms behind this name.
        #[serde(default)]
        after: String,
    },
    /// Makes a person the only owner of a room.
    HandOver {
        /// The room.
        room: String,
        /// The account.
        username: String,
    },
    /// Says how much is kept.
    Storage,
    /// Lists the audit, the newest entry first.
    Audit {
        /// Only entries older than this one.
        #[serde(default)]
        before: Option<String>,
        /// Entries at most; a page may hold fewer.
        limit: usize,
    },
}

impl Act {
    /// The act's name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::People { .. } => "people",
            Self::Create { .. } => "create",
            Self::Deactivate { .. } => "deactivate",
            Self::Reactivate { .. } => "reactivate",
            Self::Reset { .. } => "reset",
            Self::Sessions { .. } => "sessions",
            Self::EndSessions { .. } => "end_sessions",
            Self::Erase { .. } => "erase",
            Self::MakeAdmin { .. } => "make_admin",
            Self::UnmakeAdmin { .. } => "unmake_admin",
            Self::Invites => "invites",
            Self::MakeInvite { .. } => "make_invite",
            Self::RevokeInvite { .. } => "revoke_invite",
            Self::Rooms { .. } => "rooms",
            Self::HandOver { .. } => "hand_over",
            Self::Storage => "storage",
            Self::Audit { .. } => "audit",
        }
    }
}

/// Whether the messages of a person who is erased stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Messages {
    /// They stay, as those of a deleted user
    Keep,
    /// They are deleted in every room
    Delete,
}

/// The outcome of an act that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A page of accounts.
    People {
        /// The accounts, by name.
        people: Vec<Person>,
        /// The name behind which the next page begins; `None` on the last one.
        next: Option<String>,
    },
    /// The sessions of an account, the newest first.
    Sessions(Vec<SessionRow>),
    /// A page of the audit, the newest entry first.
    Audit {
        /// The entries.
        entries: Vec<AuditInfo>,
        /// Whether there are older ones.
        more: bool,
    },
    /// The invite links, the newest first.
    Invites(Vec<InviteInfo>),
    /// A page of rooms.
    Rooms {
        /// The rooms, by name.
        rooms: Vec<RoomRow>,
        /// The name behind which the next page begins; `None` on the last one.
        next: Option<String>,
    },
    /// How much is kept.
    Storage(StorageUse),
    /// Something else was done, as the sentence says.
    Done {
        /// A sentence for the operator.
        sentence: String,
    },
    /// An account was changed.
    Changed {
        /// A sentence for the operator.
        sentence: String,
        /// The account afterwards.
        person: Person,
    },
    /// A link was made.
    Link {
        /// A sentence for the operator.
        sentence: String,
        /// The link.
        link: Link,
    },
}

/// The answer to an act: its outcome, or a sentence that says why the act was not carried out, or not
/// to its end.
pub type Answer = Result<Outcome, String>;

/// An account as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The username.
    pub username: String,
    /// The display name.
    pub display_name: String,
    /// Whether the account is a bot's.
    pub bot: bool,
    /// Whether the account is an admin.
    pub admin: bool,
    /// Whether nobody can sign in to the account.
    pub deactivated: bool,
    /// Whether everything about the account but its name was removed.
    pub erased: bool,
    /// When the account was created, in milliseconds since 1970 UTC.
    pub created: TimestampMs,
    /// When the ban from the server ends, if there is one in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned_until: Option<TimestampMs>,
}

/// A sign-in as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The session's public id.
    pub id: String,
    /// When it began, in milliseconds since 1970 UTC.
    pub created: TimestampMs,
    /// When it ends if it is not used, in milliseconds since 1970 UTC; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<TimestampMs>,
}

/// A room as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRow {
    /// The name.
    pub room: String,
    /// Public or private.
    pub kind: RoomKind,
    /// The topic; empty for none.
    pub topic: String,
    /// How many members it has; of the lobby, all accounts.
    pub members: u64,
    /// Its owners, admins not counted.
    pub owners: Vec<String>,
    /// How many messages were sent in it, deleted ones included.
    pub messages: u64,
    /// When something last happened in it, in milliseconds since 1970 UTC.
    pub last: TimestampMs,
}

/// How much is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageUse {
    /// Which store it is: `sqlite` or `mongodb`.
    pub store: String,
    /// Bytes that the database takes, its indexes included.
    pub bytes: u64,
    /// Accounts, erased ones included.
    pub accounts: u64,
    /// Rooms, direct ones included.
    pub rooms: u64,
    /// Events in all rooms: messages, edits, joins and so on.
    pub events: u64,
}

/// A link that is shown once. It lets somebody in, so that it is never in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The account that it is for, if it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its path on the server.
    pub path: String,
    /// The whole link, where the server's address is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires: TimestampMs,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("username", &self.username)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
