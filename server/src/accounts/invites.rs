//! Invites: codes by which people sign up, each with a count, an expiry and who made it.
//!
//! A code is 128 random bits. The store has only its hash, which also names the invite in lists, and
//! counts the uses ([`chat_server_store::CodeStore`]).

use chat_server_store::{Code, CodeId, CodeKind, CodeUse, KeptCode, StoreError};
use chat_shared::protocol::InviteInfo;
use chat_shared::{RoomName, TimestampMs, Username};
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::token::random_bytes;
use super::{Accounts, AuditAction, Audited, now_ms};

/// Bytes of randomness in a code.
const CODE_BYTES: usize = 16;

/// Bytes of a code's hash that name it.
const ID_BYTES: usize = 16;

/// A code in text: it lets somebody in, and is neither logged nor stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretCode(String);

impl SecretCode {
    fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(HEXLOWER.encode(&random_bytes::<CODE_BYTES>()?)))
    }

    /// The code, for the link that is shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretCode(…)")
    }
}

/// The name under which the store has a code. A code is read in any case.
pub(super) fn id_of(code: &str) -> CodeId {
    let hash = digest(&SHA256, code.trim().to_ascii_lowercase().as_bytes());
    CodeId(HEXLOWER.encode(&hash.as_ref()[..ID_BYTES]))
}

/// What a new invite is to be.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// Who makes it; `None` for the operator.
    pub by: Option<Username>,
    /// How many people can sign up by it.
    pub uses: u32,
    /// How long it works, in milliseconds.
    pub for_ms: u64,
    /// The room that the newcomers join.
    pub room: Option<RoomName>,
}

/// Why no code was made.
#[derive(Debug, thiserror::Error)]
pub enum NewCodeError {
    #[error("there are as many codes as a server keeps")]
    TooMany,
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an invite lets nobody in. Each is a sentence for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    #[error("This invite does not exist or was revoked: ask for another one")]
    Unknown,
    #[error("This invite has expired: ask for another one")]
    Expired,
    #[error("This invite was used as often as it can be: ask for another one")]
    UsedUp,
}

impl Accounts {
    /// Makes an invite. The code is returned once and can't be read again.
    ///
    /// # Errors
    /// [`NewCodeError`].
    pub async fn make_invite(&self, new: NewInvite) -> Result<(SecretCode, Code), NewCodeError> {
        let now = now_ms();
        let code = Code {
            id: CodeId(String::new()),
            kind: CodeKind::Invite,
            by: new.by,
            created: now,
            expires: now.saturating_add(new.for_ms),
            uses: new.uses,
            room: new.room,
            account: None,
            epoch: None,
        };
        let made = self.make_code(code).await?;
        let (by, id) = (made.1.by.as_ref(), &made.1.id.0);
        let audited = Audited::new(AuditAction::InviteLink, by);
        self.audit(audited.detail(format!("invite {id}")));
        Ok(made)
    }

    /// Gives a code a secret and keeps it.
    pub(super) async fn make_code(&self, code: Code) -> Result<(SecretCode, Code), NewCodeError> {
        let secret = SecretCode::random()?;
        let id = id_of(secret.expose());
        let code = Code { id, ..code };
        match self.0.store.add_code(code.clone()).await? {
            true => Ok((secret, code)),
            false => Err(NewCodeError::TooMany),
        }
    }

    /// The invites that have not expired, the newest first.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn invites(&self) -> Result<Vec<KeptCode>, StoreError> {
        let now = now_ms();
        let mut invites = self.0.store.codes(CodeKind::Invite).await?;
        invites.retain(|invite| invite.code.expires > now);
        Ok(invites)
    }

    /// Ends an invite: nobody gets a use of it once this returns. Returns whether there was one. `by`
    /// is the admin who ends it, or `None` for the operator.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn revoke_invite(&self, by: Option<&Username>, id: &str) -> Result<bool, StoreError> {
        let id = CodeId(id.to_owned());
        let removed = self.0.store.remove_code(CodeKind::Invite, &id).await?;
        if removed {
            let audited = Audited::new(AuditAction::RevokeInvite, by);
            self.audit(audited.detail(format!("invite {}", id.0)));
        }
        Ok(removed)
    }

    /// Looks whether an invite would let somebody in now, and takes nothing.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn check_invite(&self, code: &str) -> Result<Result<(), InviteError>, StoreError> {
        let found = self.0.store.code(CodeKind::Invite, &id_of(code)).await?;
        Ok(found
            .ok_or(InviteError::Unknown)
            .and_then(|kept| check(&kept, now_ms())))
    }

    /// Removes codes that have expired.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn purge_codes(&self) -> Result<(), StoreError> {
        self.0.store.purge_codes(now_ms()).await
    }
}

/// An invite as admins see it. Lists show the operator as `server`, which no new account is named.
pub fn invite_info(kept: KeptCode) -> InviteInfo {
    let KeptCode { code, used } = kept;
    InviteInfo {
        invite: code.id.0,
        by: code.by.unwrap_or_else(|| Username::existing("server")),
        created: code.created,
        expires: code.expires,
        uses: code.uses,
        used,
        room: code.room,
    }
}

pub(super) fn check(kept: &KeptCode, now: TimestampMs) -> Result<(), InviteError> {
    if kept.code.expires <= now {
        return Err(InviteError::Expired);
    }
    match kept.used < kept.code.uses {
        true => Ok(()),
        false => Err(InviteError::UsedUp),
    }
}

/// The code whose use was taken, or why there is none.
pub(super) fn taken(used: CodeUse) -> Result<Code, InviteError> {
    match used {
        CodeUse::Taken(code) => Ok(code),
        CodeUse::Unknown => Err(InviteError::Unknown),
        CodeUse::Expired => Err(InviteError::Expired),
        CodeUse::UsedUp => Err(InviteError::UsedUp),
    }
}
