//! The audit: sign-ins, failed ones, and changes of passwords, roles, bans and rights, kept for a
//! while in the store.
//!
//! The code that does such a thing reports it by [`Accounts::audit`], which waits for nothing: entries
//! go through a bounded queue to one task that stores them. A name that failed to sign in is in an entry
//! only if somebody has it, because it may be a password.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chat_server_rules::RoomScope;
use chat_server_store::{AuditClass, AuditEntry, AuditId, SharedStore, StoreError};
use chat_shared::protocol::AuditInfo;
use chat_shared::{RoomName, Username};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::{Accounts, as_ms, now_ms};
use crate::network::ClientNetwork;

/// Entries that wait to be stored. When there are more, new ones are lost and the log says so.
const WAITING_MAX: usize = 4_096;

/// Places of these that are kept free for changes and sign-ins. Failed sign-ins and what happens in
/// people's own rooms, which anybody can do often, take none of them.
const WAITING_RESERVE: usize = WAITING_MAX / 2;

/// Entries that are stored at a time.
const AT_ONCE_MAX: usize = 100;

/// Bytes of randomness in an entry's id.
const ID_BYTES: usize = 4;

/// Numbers this process's entries, so that those of one millisecond are in their order.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    SignUp,
    SignIn,
    SignInFailed,
    PasswordChanged,
    PasswordReset,
    ResetLink,
    InviteLink,
    RevokeInvite,
    Create,
    Deactivate,
    Reactivate,
    EndSessions,
    Erase,
    MakeAdmin,
    UnmakeAdmin,
    Role,
    Kick,
    Ban,
    Unban,
    Mute,
    Unmute,
}

impl AuditAction {
    /// The name on the wire and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::ResetLink => "reset_link",
            Self::InviteLink => "invite_link",
            Self::RevokeInvite => "revoke_invite",
            Self::Create => "create",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::EndSessions => "end_sessions",
            Self::Erase => "erase",
            Self::MakeAdmin => "make_admin",
            Self::UnmakeAdmin => "unmake_admin",
            Self::Role => "role",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
        }
    }

    /// Whether this is what a room's moderators do to people.
    fn is_moderation(self) -> bool {
        matches!(
            self,
            Self::Role | Self::Kick | Self::Ban | Self::Unban | Self::Mute | Self::Unmute
        )
    }
}

/// Something to be kept in the audit.
#[derive(Debug, Clone)]
pub struct Audited {
    action: AuditAction,
    by: Option<Username>,
    username: Option<Username>,
    room: Option<RoomName>,
    from: Option<ClientNetwork>,
    detail: Option<String>,
}

impl Audited {
    /// `by` is who did it, or `None` for the operator or somebody who is not known.
    pub fn new(action: AuditAction, by: Option<&Username>) -> Self {
        Self {
            action,
            by: by.cloned(),
            username: None,
            room: None,
            from: None,
            detail: None,
        }
    }

    /// The account that it was done to, if there is one.
    #[must_use]
    pub fn to<'a>(self, username: impl Into<Option<&'a Username>>) -> Self {
        let username = username.into().cloned();
        Self { username, ..self }
    }

    /// The room that it was done in.
    #[must_use]
    pub fn in_room(self, room: &RoomName) -> Self {
        let room = Some(room.clone());
        Self { room, ..self }
    }

    /// Where the client is.
    #[must_use]
    pub fn from(self, from: Option<ClientNetwork>) -> Self {
        Self { from, ..self }
    }

    /// More about it, such as the new role.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { detail, ..self }
    }

    /// Which bound this counts for. What the operator does in a room (`by` is `None`) is a change.
    fn class(&self) -> AuditClass {
        let is_owned = |room: &RoomName| !RoomScope::of(room).has_everyone();
        match self.action {
            AuditAction::SignUp | AuditAction::SignIn => AuditClass::SignIn,
            AuditAction::SignInFailed => AuditClass::Failure,
            action
                if action.is_moderation()
                    && self.by.is_some()
                    && self.room.as_ref().is_some_and(is_owned) =>
            {
                AuditClass::Room
            }
            _ => AuditClass::Change,
        }
    }

    fn entry(self) -> Result<AuditEntry, getrandom::Error> {
        let ts = now_ms();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let random = super::token::random_bytes::<ID_BYTES>()?;
        let random = data_encoding::HEXLOWER.encode(&random);
        Ok(AuditEntry {
            id: AuditId::new(ts, &format!("{number:08x}{random}")),
            class: self.class(),
            ts,
            action: self.action.name().to_owned(),
            by: self.by,
            username: self.username,
            room: self.room,
            from: self.from.map(|from| from.to_string()),
            detail: self.detail,
        })
    }
}

/// An entry as admins read it.
pub fn audit_info(entry: AuditEntry) -> AuditInfo {
    AuditInfo {
        entry: entry.id.0,
        ts: entry.ts,
        action: entry.action,
        by: entry.by,
        username: entry.username,
        room: entry.room,
        from: entry.from,
        detail: entry.detail,
    }
}

/// The way to the task that stores entries. The task ends with its last clone.
#[derive(Debug)]
pub(super) struct AuditWriter(mpsc::Sender<Message>);

/// The queue has no place for an entry.
struct TooManyWait;

#[derive(Debug)]
enum Message {
    Entry(Box<AuditEntry>),
    /// Answers once everything before it is stored.
    Flush(oneshot::Sender<()>),
}

impl AuditWriter {
    /// Starts the task.
    pub(super) fn start(store: SharedStore) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write(store, receiver));
        Self(sender)
    }

    /// Queues an entry, unless the queue has no place for one of its class. Calls at the same time may
    /// go into [`WAITING_RESERVE`] by one entry each.
    fn add(&self, entry: Box<AuditEntry>) -> Result<(), TooManyWait> {
        let may_use_reserve = match entry.class {
            AuditClass::Failure | AuditClass::Room => false,
            AuditClass::SignIn | AuditClass::Change => true,
        };
        if !may_use_reserve && self.0.capacity() <= WAITING_RESERVE {
            return Err(TooManyWait);
        }
        match self.0.try_send(Message::Entry(entry)) {
            Err(TrySendError::Full(_)) => Err(TooManyWait),
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }
}

async fn write(store: SharedStore, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    let mut is_failing = false;
    while receiver.recv_many(&mut messages, AT_ONCE_MAX).await > 0 {
        let (mut entries, mut flushes) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Entry(entry) => entries.push(*entry),
                Message::Flush(flush) => flushes.push(flush),
            }
        }
        if !entries.is_empty() {
            let stored = store.add_audit(entries).await;
            match (&stored, is_failing) {
                (Err(error), false) => tracing::error!(%error, "entries of the audit are lost"),
                (Ok(()), true) => tracing::info!("the audit is stored again"),
                _ => {}
            }
            is_failing = stored.is_err();
        }
        for flush in flushes {
            // The caller that waited may have gone.
            let _ = flush.send(());
        }
    }
}

impl Accounts {
    /// Keeps something in the audit, without waiting for that.
    pub fn audit(&self, audited: Audited) {
        let entry = match audited.entry() {
            Ok(entry) => Box::new(entry),
            Err(error) => return tracing::error!(%error, "an entry of the audit is lost"),
        };
        if self.0.audit.add(entry).is_err() {
            tracing::warn!("an entry of the audit is lost: too many wait");
        }
    }

    /// Waits until everything is stored that was audited before.
    pub async fn flush_audit(&self) {
        let (flush, flushed) = oneshot::channel();
        if self.0.audit.0.send(Message::Flush(flush)).await.is_ok() {
            let _ = flushed.await;
        }
    }

    /// The newest entries of the audit older than `before`, `limit` at most, and whether there are
    /// more.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn audit_page(
        &self,
        before: Option<String>,
        limit: usize,
    ) -> Result<(Vec<AuditEntry>, bool), StoreError> {
        self.flush_audit().await;
        let before = before.map(AuditId);
        let mut entries = self.0.store.audit(before.as_ref(), limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok((entries, more))
    }

    /// Removes entries of the audit that are older than `kept_for`.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn purge_audit(&self, kept_for: Duration) -> Result<(), StoreError> {
        let before = now_ms().saturating_sub(as_ms(kept_for));
        self.0.store.purge_audit(before).await
    }
}
