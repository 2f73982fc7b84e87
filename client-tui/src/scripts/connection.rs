//! The identity and the connection of a script command.

use std::future::Future;
use std::time::Duration;

use chat_shared::client::{
    Accounts, Client, ClientConfig, CloseReason, CommandError, Event, Events, InviteCode,
    ServerUrl, connect,
};
use chat_shared::protocol::{ServerFrame, Welcome};
use tokio::time::{Instant, timeout_at};

use super::{Failure, Status, Timeout};
use crate::config::PasswordSource;
use crate::messages;
use crate::net::CLIENT_NAME;
use crate::storage::Storage;
use crate::update::Password;

/// The server, the user and where their password and session are.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) server: ServerUrl,
    pub(crate) user: Option<String>,
    pub(crate) secret: PasswordSource,
    pub(crate) storage: Storage,
    /// The invite that a new account is made with.
    pub(crate) invite: Option<InviteCode>,
}

impl Identity {
    /// The token of the saved session, or of a new one if a password is configured.
    async fn token(&self) -> Result<String, Failure> {
        let user = self.name()?;
        match self.storage.token(&self.server, user)? {
            Some(token) => Ok(token),
            None => self.sign_in().await,
        }
    }

    pub(super) fn name(&self) -> Result<&str, Failure> {
        let server = &self.server;
        self.user.as_deref().ok_or_else(|| {
            let why = messages::sign_in::no_saved_sign_in(server);
            Failure::WithStatus(Status::NotSignedIn, why)
        })
    }

    fn has_password(&self) -> Result<bool, Failure> {
        Ok(self.secret.read()?.is_some())
    }

    pub(super) async fn sign_in(&self) -> Result<String, Failure> {
        let (user, server) = (self.name()?, &self.server);
        let Some(password) = self.secret.read()? else {
            let why = messages::sign_in::how_to_sign_in(user, server);
            return Err(Failure::WithStatus(Status::NotSignedIn, why));
        };
        let accounts = Accounts::new(server.clone());
        let session = accounts.sign_in(user, &password.0).await?;
        self.storage
            .save(server, session.username.as_str(), &session.token)?;
        Ok(session.token)
    }

    /// Signs in and saves the session for the next run.
    pub(crate) async fn sign_in_with(&self, password: &Password) -> anyhow::Result<String> {
        let user = self.user.as_deref().unwrap_or_default();
        let accounts = Accounts::new(self.server.clone());
        let session = accounts.sign_in(user, &password.0).await?;
        let name = session.username.as_str();
        self.storage.save(&self.server, name, &session.token)?;
        Ok(session.token)
    }
}

/// A welcomed connection. It drops the frames that arrive while it waits for an answer, and
/// remembers why the connection was lost.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) welcome: Welcome,
    deadline: Instant,
    timeout: Timeout,
    why: Option<String>,
}

impl Connection {
    pub(super) async fn open(who: &Identity, timeout: Timeout) -> Result<Self, Failure> {
        let deadline = Instant::now() + Duration::from_secs(timeout.seconds);
        let token = who.token().await?;
        match Self::with_token(who, token, deadline, timeout).await {
            // The saved session has ended; the password starts a new one.
            Err(Failure::WithStatus(Status::NotSignedIn, _)) if who.has_password()? => {
                let token = who.sign_in().await?;
                Self::with_token(who, token, deadline, timeout).await
            }
            Err(Failure::WithStatus(Status::NotSignedIn, why)) => {
                // The token no longer works; the next sign-in replaces the file, so a failure to
                // remove it is harmless.
                let _ = who.storage.forget(&who.server, who.name()?);
                Err(Failure::WithStatus(Status::NotSignedIn, why))
            }
            other => other,
        }
    }

    async fn with_token(
        who: &Identity,
        token: String,
        deadline: Instant,
        timeout: Timeout,
    ) -> Result<Self, Failure> {
        let config = ClientConfig::new(who.server.clone(), token).client_name(CLIENT_NAME);
        let (client, mut events) = connect(config);
        let mut why = None;
        loop {
            match timeout_at(deadline, events.next()).await {
                Err(_) => return Err(late(&who.server.to_string(), timeout, why.as_deref())),
                Ok(Some(Event::Connected(welcome))) => {
                    return Ok(Self {
                        client,
                        events,
                        welcome,
                        deadline,
                        timeout,
                        why: None,
                    });
                }
                Ok(Some(Event::Disconnected { reason, .. })) => why = Some(reason),
                Ok(Some(Event::Closed(reason))) => return Err(CommandError::Closed(reason).into()),
                Ok(Some(_)) => {}
                Ok(None) => return Err(CommandError::Closed(CloseReason::ByClient).into()),
            }
        }
    }

    /// Waits for `work` until the timeout. `on` sees each frame that arrives meanwhile.
    pub(super) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, CommandError>>,
        mut on: impl FnMut(&ServerFrame),
    ) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                answer = &mut work => return Ok(answer?),
                event = self.events.next() => match event {
                    Some(Event::Disconnected { reason, .. }) => self.why = Some(reason),
                    Some(Event::Connected(_)) => self.why = None,
                    Some(Event::Frame(frame)) => on(&frame),
                    Some(_) => {}
                    // The connection is closed; the answer says why.
                    None => return Ok(work.await?),
                },
                () = tokio::time::sleep_until(self.deadline) => {
                    return Err(late(messages::scripts::THE_SERVER, self.timeout, self.why.as_deref()));
                }
            }
        }
    }

    /// Like [`Self::during`], ignoring frames.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<T, Failure> {
        self.during(work, |_| {}).await
    }

    /// Starts the timeout again.
    pub(super) fn renew_timeout(&mut self) {
        self.deadline = Instant::now() + Duration::from_secs(self.timeout.seconds);
    }

    /// Closes the connection, so that others see the user leave at once.
    pub(super) async fn close(self) {
        drop(self.events);
        self.client.close().await;
    }
}

fn late(server: &str, timeout: Timeout, why: Option<&str>) -> Failure {
    let text = messages::scripts::no_answer(server, timeout.seconds, why);
    Failure::WithStatus(Status::Unreachable, text)
}
