//! The HTTP requests about accounts: sign up, sign in, sessions, password, picture.

mod call;
mod error;

pub(crate) use call::bearer;
pub use error::HttpError;

use hyper::Method;
use hyper::body::Bytes;

use self::call::Call;
use super::tls::Trust;
use super::{InviteCode, RootCertificateError, ServerUrl, texts};
use crate::codec::encode;
use crate::limits::AVATAR_BYTES_MAX;
use crate::protocol::http::{
    Answer, Credentials, Me, NewAvatar, NewPassword, ResetPassword, SessionInfo, Sessions, SignedIn,
};

/// The HTTP requests about accounts of one server.
#[derive(Debug, Clone)]
pub struct Accounts {
    server: ServerUrl,
    trust: Trust,
    invite: Option<InviteCode>,
}

impl Accounts {
    /// Makes requests to `server`.
    pub fn new(server: ServerUrl) -> Self {
        Self {
            server,
            trust: Trust::default(),
            invite: None,
        }
    }

    /// Signs up with an invite: its code, or the link with the code. It counts for
    /// [`Accounts::register`] and [`Accounts::register_bot`].
    #[must_use]
    pub fn invite(mut self, code_or_link: &str) -> Self {
        self.invite = Some(InviteCode::of(code_or_link));
        self
    }

    /// Also trusts the certificates in `pem`, as [`super::ClientConfig::root_certificate`] does.
    ///
    /// # Errors
    /// [`RootCertificateError`] where `pem` holds no usable certificate.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self, RootCertificateError> {
        self.trust.add_pem(pem)?;
        Ok(self)
    }

    /// Creates an account for a person.
    ///
    /// # Errors
    /// [`HttpError::NameTaken`], [`HttpError::Refused`] if the name or the password is not
    /// allowed, [`HttpError::NoInvite`] if the server lets in only people with an invite, or
    /// [`HttpError::Forbidden`] if it lets nobody in.
    pub async fn register(&self, username: &str, password: &str) -> Result<(), HttpError> {
        self.new_account(username, password, false).await
    }

    /// Creates an account for a bot. Its messages are marked as a bot's, and its sessions last
    /// until they are revoked.
    ///
    /// # Errors
    /// As [`Accounts::register`].
    pub async fn register_bot(&self, username: &str, password: &str) -> Result<(), HttpError> {
        self.new_account(username, password, true).await
    }

    async fn new_account(
        &self,
        username: &str,
        password: &str,
        bot: bool,
    ) -> Result<(), HttpError> {
        let invite = self.invite.as_ref().map(|code| code.expose().to_owned());
        let body = credentials(username, password, bot, invite);
        self.call(Call::post("/register", None, body))
            .await
            .map(|_: Answer| ())
    }

    /// Signs in: starts a session. Its token is for [`super::ClientConfig::new`].
    ///
    /// # Errors
    /// [`HttpError::WrongPassword`], also if there is no such account; [`HttpError::Forbidden`] if
    /// the user is banned from the server.
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<SignedIn, HttpError> {
        let body = credentials(username, password, false, None);
        match self.call(Call::post("/login", None, body)).await {
            // Without a token there is no session to be signed out of.
            Err(HttpError::NotSignedIn(said)) => Err(HttpError::WrongPassword(said)),
            other => other,
        }
    }

    /// Signs out: ends a session and its connections.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`] if the session has ended already.
    pub async fn log_out(&self, token: &str) -> Result<(), HttpError> {
        self.call(Call::post("/logout", Some(token), "{}".to_owned()))
            .await
            .map(|_: Answer| ())
    }

    /// Returns the account that the token belongs to.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`].
    pub async fn me(&self, token: &str) -> Result<Me, HttpError> {
        self.call(Call::new(Method::GET, "/me", Some(token))).await
    }

    /// Changes the password. Every other session of the user ends.
    ///
    /// # Errors
    /// [`HttpError::Refused`] if the new password is not allowed, [`HttpError::WrongPassword`] if
    /// the old one is wrong.
    pub async fn password(&self, token: &str, old: &str, new: &str) -> Result<(), HttpError> {
        let body = encode(&NewPassword {
            old: old.to_owned(),
            new: new.to_owned(),
        });
        match self.call(Call::post("/password", Some(token), body)).await {
            Ok(Answer { .. }) => Ok(()),
            Err(HttpError::Forbidden(said)) => Err(HttpError::WrongPassword(said)),
            Err(error) => Err(error),
        }
    }

    /// Sets a new password by a link that the server's admin made, or by the code in it. The link
    /// works once, and all sessions of the user end.
    ///
    /// # Errors
    /// [`HttpError::Refused`] if the new password is not allowed, [`HttpError::Forbidden`] if the link
    /// does not work.
    pub async fn reset_password(&self, code_or_link: &str, new: &str) -> Result<(), HttpError> {
        let body = encode(&ResetPassword {
            code: InviteCode::of(code_or_link).expose().to_owned(),
            password: new.to_owned(),
        });
        self.call(Call::post("/reset", None, body))
            .await
            .map(|_: Answer| ())
    }

    /// Returns the user's sessions, the newest first.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`].
    pub async fn sessions(&self, token: &str) -> Result<Vec<SessionInfo>, HttpError> {
        self.call(Call::new(Method::GET, "/sessions", Some(token)))
            .await
            .map(|it: Sessions| it.sessions)
    }

    /// Ends the user's session with this [`SessionInfo::id`], and its connections.
    ///
    /// # Errors
    /// [`HttpError::Refused`] if there is no such session.
    pub async fn revoke(&self, token: &str, id: &str) -> Result<(), HttpError> {
        // Ids are made by the server of letters and digits; nothing else is put into a path.
        if id.is_empty()
            || !id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        {
            return Err(HttpError::Refused(texts::NOT_A_SESSION_ID.to_owned()));
        }
        let path = format!("/sessions/{id}");
        self.call(Call::new(Method::DELETE, &path, Some(token)))
            .await
            .map(|_: Answer| ())
    }

    /// Sets the user's picture, a PNG, JPEG, WebP or GIF, and returns its path on the server.
    ///
    /// # Errors
    /// [`HttpError::Refused`] if it is no such picture or is too big.
    pub async fn avatar(&self, token: &str, picture: Vec<u8>) -> Result<String, HttpError> {
        let Some(content_type) = picture_type(&picture) else {
            return Err(HttpError::Refused(texts::NOT_A_PICTURE.to_owned()));
        };
        if picture.len() > AVATAR_BYTES_MAX {
            return Err(HttpError::Refused(texts::picture_too_big()));
        }
        let call = Call {
            content_type,
            body: Bytes::from(picture),
            ..Call::new(Method::PUT, "/avatar", Some(token))
        };
        self.call(call).await.map(|it: NewAvatar| it.avatar)
    }
}

/// The media type of a picture, by how it begins.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

fn credentials(username: &str, password: &str, bot: bool, invite: Option<String>) -> String {
    encode(&Credentials {
        username: username.to_owned(),
        password: password.to_owned(),
        bot,
        invite,
    })
}

/// [`Accounts::register`] at `server`.
///
/// # Errors
/// As there.
pub async fn register(server: &ServerUrl, username: &str, password: &str) -> Result<(), HttpError> {
    Accounts::new(server.clone())
        .register(username, password)
        .await
}

/// [`Accounts::register_bot`] at `server`.
///
/// # Errors
/// As there.
pub async fn register_bot(
    server: &ServerUrl,
    username: &str,
    password: &str,
) -> Result<(), HttpError> {
    Accounts::new(server.clone())
        .register_bot(username, password)
        .await
}

/// [`Accounts::sign_in`] at `server`.
///
/// # Errors
/// As there.
pub async fn sign_in(
    server: &ServerUrl,
    username: &str,
    password: &str,
) -> Result<SignedIn, HttpError> {
    Accounts::new(server.clone())
        .sign_in(username, password)
        .await
}

/// [`Accounts::log_out`] at `server`.
///
/// # Errors
/// As there.
pub async fn log_out(server: &ServerUrl, token: &str) -> Result<(), HttpError> {
    Accounts::new(server.clone()).log_out(token).await
}

/// [`Accounts::me`] at `server`.
///
/// # Errors
/// As there.
pub async fn me(server: &ServerUrl, token: &str) -> Result<Me, HttpError> {
    Accounts::new(server.clone()).me(token).await
}
