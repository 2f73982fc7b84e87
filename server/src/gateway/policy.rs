//! The policy for an account across all rooms: quotas, memberships and blocks.
//!
//! A room decides a command by its own rules ([`chat_server_rules::decide()`]). The checks here concern
//! the accounts that the command names. A command that fails is handed to its room all the same,
//! with the reply: if its nonce is stored already, the room gives the first reply instead.

use chat_server_rules::Subject;
use chat_server_store::{QuotaLimits, QuotaUse};
use chat_shared::protocol::{Command, ErrorFrame};
use chat_shared::{RoomName, TimestampMs, Username};

use super::people::{self, LookupError};
use super::translate::Names;
use crate::hub::{Connection, Hub};
use crate::messages;

/// Rooms that one account creates in all, direct ones not counted.
const ROOMS_MADE_MAX: u64 = 500;

/// Rooms that one account creates on one day (UTC), direct ones not counted.
const ROOMS_MADE_PER_DAY_MAX: u64 = 50;

/// Invitations that one account gives on one day. An invitation takes effect at once, so that none
/// is ever open.
const INVITATIONS_PER_DAY_MAX: u64 = 200;

/// Direct rooms that one account starts on one day.
const DIRECT_ROOMS_PER_DAY_MAX: u64 = 50;

/// Rooms that an account is in.
const MEMBERSHIPS_MAX: usize = 500;

/// Rooms that an account is in, up to which others can add more. The rest is left for rooms that
/// the person chooses.
const MEMBERSHIPS_BY_OTHERS_MAX: usize = 400;

/// Milliseconds in a day. For its first day an account is new.
pub(super) const DAY_MS: TimestampMs = 24 * 60 * 60 * 1_000;

/// A new account has this part of each daily quota.
const NEW_ACCOUNT_PART: u64 = 5;

/// An action that a quota counts.
#[derive(Clone, Copy)]
enum Quota {
    Rooms,
    Invitations,
    DirectRooms,
}

impl Quota {
    /// The name under which the store counts it.
    fn key(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::Invitations => "invitations",
            Self::DirectRooms => "direct_rooms",
        }
    }

    fn limits(self, is_new: bool) -> QuotaLimits {
        let (today, in_all) = match self {
            Self::Rooms => (ROOMS_MADE_PER_DAY_MAX, ROOMS_MADE_MAX),
            Self::Invitations => (INVITATIONS_PER_DAY_MAX, u64::MAX),
            Self::DirectRooms => (DIRECT_ROOMS_PER_DAY_MAX, u64::MAX),
        };
        let part = if is_new { NEW_ACCOUNT_PART } else { 1 };
        QuotaLimits {
            today: today / part,
            in_all,
        }
    }
}

/// The account that gives a command, and what is checked for it.
pub(super) struct Policy<'a> {
    pub(super) hub: &'a Hub,
    pub(super) connection: &'a Connection,
    /// Whether quotas hold; blocks always do.
    pub(super) has_quotas: bool,
}

/// The reply to a command that is not allowed; `None` for one that is.
type Checked = Result<Option<ErrorFrame>, LookupError>;

impl Policy<'_> {
    /// Checks a command whose names are looked up. One that is limited is counted.
    pub(super) async fn check(&self, command: &Command, names: &Names) -> Checked {
        match command {
            Command::Send(send) => self.check_writing(&send.room).await,
            Command::Edit(edit) => self.check_writing(&edit.room).await,
            Command::React(react) => self.check_writing(&react.room).await,
            Command::Typing(typing) => self.check_writing(&typing.room).await,
            Command::Create(create) => self.check_create(&create.room).await,
            Command::Join(join) => self.check_join(&join.room).await,
            Command::Invite(_) => match &names.subject {
                Some(whom) => self.check_invite(whom).await,
                None => Ok(None),
            },
            Command::Dm(_) => match (&names.direct, &names.subject) {
                (Some(room), Some(with)) => self.check_direct(room, with).await,
                (None, _) | (_, None) => Ok(None),
            },
            // These reach no other person, and no quota counts them.
            Command::Delete(_)
            | Command::History(_)
            | Command::Events(_)
            | Command::Search(_)
            | Command::Read(_)
            | Command::Rooms(_)
            | Command::Members(_)
            | Command::Leave(_)
            | Command::Kick(_)
            | Command::Ban(_)
            | Command::Unban(_)
            | Command::Mute(_)
            | Command::Unmute(_)
            | Command::Role(_)
            | Command::Topic(_)
            | Command::Profile(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::InviteLink(_)
            | Command::InviteLinks(_)
            | Command::RevokeInvite(_)
            | Command::ResetLink(_)
            | Command::MakeAdmin(_)
            | Command::UnmakeAdmin(_)
            | Command::Audit(_)
            | Command::Resume(_)
            | Command::Ping => Ok(None),
        }
    }

    /// Checks a command that shows something to the members of a room.
    async fn check_writing(&self, room: &RoomName) -> Checked {
        match room.is_direct() {
            true => self.check_blocked(room).await,
            false => Ok(None),
        }
    }

    fn own(&self) -> &Username {
        &self.connection.identity.username
    }

    /// Quotas do not hold for admins.
    fn is_limited(&self) -> bool {
        self.has_quotas && !self.hub.accounts().is_admin(self.own())
    }

    /// The other person of a direct room may have blocked this one.
    async fn check_blocked(&self, room: &RoomName) -> Checked {
        let is_blocked = self.hub.is_blocked(room, self.own()).await?;
        Ok(is_blocked.then(messages::blocked))
    }

    async fn check_create(&self, room: &RoomName) -> Checked {
        // A room that exists makes no other; its name is taken, or this repeats its creation.
        if !self.is_limited() || self.hub.store().tip(room).await? > 0 {
            return Ok(None);
        }
        match self.check_memberships(self.own(), MEMBERSHIPS_MAX).await? {
            None => self.use_quota(Quota::Rooms).await,
            rejection => Ok(rejection),
        }
    }

    async fn check_join(&self, room: &RoomName) -> Checked {
        if !self.is_limited() {
            return Ok(None);
        }
        let rooms = self.hub.store().rooms_of(self.own()).await?;
        let is_full = rooms.len() >= MEMBERSHIPS_MAX && !rooms.contains(room);
        Ok(is_full.then(|| messages::in_too_many_rooms(None)))
    }

    async fn check_invite(&self, whom: &Subject) -> Checked {
        let (hub, whom) = (self.hub, &whom.username);
        if let Some(direct) = people::known_direct_room(hub, self.own(), whom).await?
            && hub.is_blocked(&direct, self.own()).await?
        {
            return Ok(Some(messages::blocked()));
        }
        if !self.is_limited() {
            return Ok(None);
        }
        match self
            .check_memberships(whom, MEMBERSHIPS_BY_OTHERS_MAX)
            .await?
        {
            None => self.use_quota(Quota::Invitations).await,
            rejection => Ok(rejection),
        }
    }

    async fn check_direct(&self, room: &RoomName, with: &Subject) -> Checked {
        let (store, with) = (self.hub.store(), &with.username);
        if store.tip(room).await? > 0 {
            return Ok(None);
        }
        if store.is_blocked(room, self.own()).await? {
            return Ok(Some(messages::blocked()));
        }
        if store.is_blocked(room, with).await? {
            return Ok(Some(messages::blocked_by_oneself(with)));
        }
        if !self.is_limited() {
            return Ok(None);
        }
        for (who, max) in [
            (self.own(), MEMBERSHIPS_MAX),
            (with, MEMBERSHIPS_BY_OTHERS_MAX),
        ] {
            if let Some(rejection) = self.check_memberships(who, max).await? {
                return Ok(Some(rejection));
            }
        }
        self.use_quota(Quota::DirectRooms).await
    }

    /// Commands that are under way at the same time may go over the limit by as many as the
    /// account's command rate lets through.
    async fn check_memberships(&self, who: &Username, max: usize) -> Checked {
        let count = self.hub.store().rooms_of(who).await?.len();
        let other = (who != self.own()).then_some(who);
        Ok((count >= max).then(|| messages::in_too_many_rooms(other)))
    }

    async fn use_quota(&self, quota: Quota) -> Checked {
        let (store, now) = (self.hub.store(), self.hub.now());
        let is_new = self.connection.identity.is_new(now);
        let (day, limits) = (now / DAY_MS, quota.limits(is_new));
        let counted = self.connection.use_quota(store, quota.key(), day, limits);
        let tomorrow = DAY_MS - now % DAY_MS;
        Ok(match counted.await? {
            QuotaUse::Counted => None,
            QuotaUse::SpentToday => Some(messages::quota_of_today_spent(limits.today, tomorrow)),
            QuotaUse::Spent => Some(messages::quota_spent(limits.in_all)),
        })
    }
}

#[cfg(test)]
mod tests;
