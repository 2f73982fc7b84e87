//! The lobby's special rules, in one place.
//!
//! Everybody who has an account is in the lobby, so its log has no membership events, it exists
//! before its first event, and a ban from it is a ban from the server. Why: `docs/design/lobby.md`.
//! Each of these differences is a method of [`RoomScope`]; other code asks the method, and not
//! whether a room has the lobby's name.

use chat_shared::RoomName;

/// How people become members of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomScope {
    /// The lobby: everybody who has an account.
    Everyone,
    /// Any other room: its members, by the events of its log.
    Members,
}

impl RoomScope {
    /// The scope of a room.
    pub fn of(room: &RoomName) -> Self {
        if room.is_lobby() {
            Self::Everyone
        } else {
            Self::Members
        }
    }

    /// Whether every account is a member, without an event that says so. Members are then counted
    /// and listed from the accounts.
    pub fn has_everyone(self) -> bool {
        self == Self::Everyone
    }

    /// Whether the room exists before its log has an event.
    pub fn exists_when_empty(self) -> bool {
        self == Self::Everyone
    }

    /// Whether the room is public, whatever its log says.
    pub fn is_always_public(self) -> bool {
        self == Self::Everyone
    }

    /// Whether people can leave the room or be removed from it.
    pub fn can_be_left(self) -> bool {
        self == Self::Members
    }

    /// Whether the server's admin owns the room. In other rooms they are a moderator.
    pub fn is_owned_by_admin(self) -> bool {
        self == Self::Everyone
    }

    /// Whether the room state lists only people with a role above [`Role::Member`].
    ///
    /// [`Role::Member`]: chat_shared::protocol::Role::Member
    pub fn lists_only_roles(self) -> bool {
        self == Self::Everyone
    }

    /// Whether a ban from the room is a ban from the server.
    pub fn bans_from_server(self) -> bool {
        self == Self::Everyone
    }

    /// Whether the room shows a line when a person comes online or goes offline.
    pub fn announces_presence(self) -> bool {
        self == Self::Everyone
    }
}
