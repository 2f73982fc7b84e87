//! Why a sign-up, a sign-in or a change of an account fails.

use chat_shared::{NameError, Username};

use super::{InviteError, NewPasswordError, PictureError, SigningKeyError};
use chat_server_store::StoreError;

/// Why the accounts can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("the password hash does not work: {0}")]
    Hash(String),
    #[error("the store's registration is `{0}`, which this version does not know")]
    Registration(String),
}

/// Why no account was made. Each but the last two is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error("This username is reserved or looks like one that is: choose another one")]
    Reserved,
    #[error("Username already exists")]
    Taken,
    /// The set-up link was used before, under this name, and no account came of it.
    #[error("The set-up was begun as {0}: sign up with that username")]
    SetUpBegun(Username),
    #[error("You need an invite to sign up on this server: ask its admin for an invite link")]
    InviteNeeded,
    #[error(transparent)]
    Invite(#[from] InviteError),
    #[error("Sign-up is closed on this server: ask its admin")]
    Closed,
    #[error("too many passwords are being checked")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("Invalid username or password")]
    Invalid,
    /// The error after a right password only, so that nobody else learns of the ban.
    #[error("You are banned from this server")]
    Banned,
    /// The error after a right password only.
    #[error("Your account is deactivated: ask an admin of this server")]
    Deactivated,
    #[error("too many passwords are being checked")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Not ours, revoked, or expired.
    #[error("the token does not open a session")]
    Invalid,
    #[error("the session's owner is banned")]
    Banned,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordChangeError {
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error("the old password is another one")]
    Wrong,
    #[error("too many passwords are being checked")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a link gave no new password.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    #[error("This link was used, has expired or does not exist: ask for another one")]
    Invalid,
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error("too many passwords are being checked")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why someone has no other picture.
#[derive(Debug, thiserror::Error)]
pub enum AvatarError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why somebody was not made an admin, or stays one.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("No user is named {0}")]
    NoSuchUser(Username),
    /// The one who would do it is no admin.
    #[error("Only an admin may do that")]
    NotAdmin,
    #[error("{0} is a bot, and bots can't be admins: name a person")]
    Bot(Username),
    #[error(
        "There are {} admins, as many as a server has: take the right from one first",
        chat_server_store::ADMINS_MAX
    )]
    TooMany,
    #[error("{0} is deactivated: reactivate the account first")]
    Deactivated(Username),
    #[error("{0} is the only admin: make somebody else an admin first")]
    Last(Username),
    #[error(
        "{0} is an admin because the server was started with --admin {0}: start it without that first"
    )]
    Named(Username),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account was not deactivated, or is not active again.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("No user is named {0}")]
    NoSuchUser(Username),
    #[error("{0} is an admin: take the admin's right first")]
    Admin(Username),
    #[error(transparent)]
    Store(#[from] StoreError),
}
