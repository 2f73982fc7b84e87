//! Carries out what [`crate::update`] wants of the server and turns the answers into events.
//!
//! [`Net`] is the only module that talks to the server while the chat runs. Each [`Effect`] becomes
//! one call of the SDK's [`Client`]; its result comes back through [`Net::next`] as an [`Event`].

use std::future::Future;
use std::time::Duration;

use chat_shared::RoomName;
use chat_shared::client::{
    Accounts, Client, ClientConfig, CommandError, Events, HttpError, InviteCode, ServerUrl, connect,
};
use chat_shared::protocol::http::SignedIn;
use chat_shared::protocol::{Create, HistoryPage, InviteLink, Rooms, Send};
use futures::FutureExt;
use tokio::sync::mpsc;

use crate::messages::sign_in::no_invite;
use crate::messages::{admin, chat as messages};
use crate::update::{
    AdminAction, Effect, Event, PAGE_LINES_MAX, PageRequest, Password, RoomAction,
};

/// Answers that wait to be handled.
const ANSWERS_MAX: usize = 256;

/// Members asked for at once.
const MEMBERS_PAGE: u32 = chat_shared::limits::LIST_LIMIT_MAX;

pub(crate) const CLIENT_NAME: &str = concat!("chat-tui/", env!("CARGO_PKG_VERSION"));

/// Reports of the network.
#[derive(Debug)]
pub(crate) enum NetEvent {
    Event(Event),
    SignedIn(SignedIn),
}

#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) server: ServerUrl,
    /// The invite that a new account is made with.
    invite: Option<InviteCode>,
    client: Option<Client>,
    events: Option<Events>,
    answers: mpsc::Sender<NetEvent>,
    answered: mpsc::Receiver<NetEvent>,
}

impl Net {
    pub(crate) fn new(server: ServerUrl, invite: Option<InviteCode>) -> Self {
        let (answers, answered) = mpsc::channel(ANSWERS_MAX);
        Self {
            server,
            invite,
            client: None,
            events: None,
            answers,
            answered,
        }
    }

    /// Connects with a session token. The SDK reconnects after every loss.
    pub(crate) fn connect(&mut self, token: String) {
        let config = ClientConfig::new(self.server.clone(), token).client_name(CLIENT_NAME);
        let (client, events) = connect(config);
        (self.client, self.events) = (Some(client), Some(events));
    }

    /// Returns the next answer or event; waits forever if nothing is under way. Cancel safe.
    pub(crate) async fn next(&mut self) -> NetEvent {
        let events = &mut self.events;
        let event = async {
            if let Some(some) = events {
                if let Some(event) = some.next().await {
                    return event;
                }
                *events = None;
            }
            std::future::pending().await
        };
        tokio::select! {
            event = event => NetEvent::Event(Event::Sdk(event)),
            Some(answer) = self.answered.recv() => answer,
        }
    }

    pub(crate) fn sign_in(&self, name: String, password: Password, sign_up: bool) {
        let mut accounts = Accounts::new(self.server.clone());
        if let Some(invite) = &self.invite {
            accounts = accounts.invite(invite.expose());
        }
        self.start(async move {
            let sign_in = async {
                if sign_up {
                    accounts.register(&name, &password.0).await?;
                }
                accounts.sign_in(&name, &password.0).await
            };
            match sign_in.await {
                Ok(signed_in) => NetEvent::SignedIn(signed_in),
                Err(HttpError::NoInvite(said)) => {
                    NetEvent::Event(Event::SignInFailed(no_invite(&said)))
                }
                Err(error) => NetEvent::Event(Event::SignInFailed(error.to_string())),
            }
        });
    }

    /// Starts the work of an effect that concerns the server; ignores every other effect.
    pub(crate) fn carry_out(&self, effect: Effect) {
        let Some(client) = self.client.clone() else {
            return;
        };
        match effect {
            Effect::Send {
                room,
                nonce,
                text,
                reply_to,
            } => self.event(async move {
                let message = Send {
                    room: room.clone(),
                    text,
                    nonce: nonce.clone(),
                    reply_to,
                };
                let result = client.submit(message).await;
                Event::Sent {
                    room,
                    nonce,
                    result,
                }
            }),
            Effect::FetchHistory(page) => self.event(async move {
                let result = history(&client, &page).await;
                Event::History { page, result }
            }),
            Effect::FetchMembers { room, after } => self.event(async move {
                let result = client.members(&room, after, Some(MEMBERS_PAGE)).await;
                Event::Members { room, result }
            }),
            // Nothing depends on the outcome of these.
            Effect::Typing(room) => self.spawn(async move {
                let _ = client.typing(&room).await;
            }),
            Effect::Read { room, seq } => self.spawn(async move {
                let _ = client.read(&room, seq).await;
            }),
            effect => self.carry_out_in_rooms(client, effect),
        }
    }

    /// The effects about rooms, searches and changes in a room.
    fn carry_out_in_rooms(&self, client: Client, effect: Effect) {
        match effect {
            Effect::Join(room) => self.event(async move {
                let result = client.join(&room).await;
                Event::Joined { room, result }
            }),
            Effect::Leave(room) => self.event(async move {
                let result = client.leave(&room).await;
                Event::Left { room, result }
            }),
            Effect::OpenDirect { username, text } => self.event(async move {
                let result = client.dm(&username).await;
                let what = messages::cant_write_to(&username);
                Event::Opened { what, text, result }
            }),
            Effect::Create {
                room,
                topic,
                private,
            } => self.event(async move {
                let what = messages::not_created(&room);
                let create = Create {
                    room,
                    topic,
                    private,
                    nonce: None,
                };
                let (text, result) = (None, client.create(create).await);
                Event::Opened { what, text, result }
            }),
            Effect::FindRooms(prefix) => self.event(async move {
                let which = Rooms {
                    prefix,
                    ..Rooms::default()
                };
                Event::RoomsFound(client.rooms(which).await)
            }),
            Effect::Search { search, number } => self.event(async move {
                let result = client.search(search).await;
                Event::Found { number, result }
            }),
            Effect::Administer(action) => {
                let server = self.server.clone();
                self.event(async move {
                    let result = administer(&client, &server, action).await;
                    Event::Administered(result)
                });
            }
            Effect::RoomAction { room, action } => self.event(async move {
                let result = perform(&client, &room, &action).await;
                Event::ActionDone {
                    room,
                    action,
                    result,
                }
            }),
            _ => {}
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + std::marker::Send + 'static) {
        tokio::spawn(work);
    }

    /// Drops the connection at once.
    pub(crate) fn disconnect(&mut self) {
        (self.client, self.events) = (None, None);
    }

    /// Closes the connection, so that others see the user leave at once.
    pub(crate) async fn close(&mut self) {
        self.events = None;
        if let Some(client) = self.client.take() {
            client.close().await;
        }
    }

    fn event(&self, work: impl Future<Output = Event> + std::marker::Send + 'static) {
        self.start(work.map(NetEvent::Event));
    }

    fn start(&self, work: impl Future<Output = NetEvent> + std::marker::Send + 'static) {
        let answers = self.answers.clone();
        let mut work = Box::pin(async move {
            // The receiver is gone once the program ends.
            let _ = answers.send(work.await).await;
        });
        // Poll once here and not in a task, so that messages are sent in the order in which they
        // were typed.
        if (&mut work).now_or_never().is_none() {
            tokio::spawn(work);
        }
    }
}

async fn history(client: &Client, page: &PageRequest) -> Result<HistoryPage, CommandError> {
    let limit = u32::try_from(PAGE_LINES_MAX).unwrap_or(u32::MAX);
    client.history(&page.room, page.kind, Some(limit)).await
}

async fn perform(
    client: &Client,
    room: &RoomName,
    action: &RoomAction,
) -> Result<(), CommandError> {
    match action {
        RoomAction::Edit { seq, text } => client.edit(room, *seq, text).await,
        RoomAction::Delete(seq) => client.delete(room, *seq).await,
        RoomAction::React { seq, emoji, on } => client.react(room, *seq, emoji.clone(), *on).await,
        RoomAction::Topic(topic) => client.topic(room, topic).await,
        RoomAction::Invite(who) => client.invite(room, who).await,
        RoomAction::Kick(who) => client.kick(room, who).await,
        RoomAction::Ban(who, for_s) => client.ban(room, who, for_s.map(Duration::from_secs)).await,
        RoomAction::Unban(who) => client.unban(room, who).await,
        RoomAction::Mute(who, for_s) => {
            client.mute(room, who, for_s.map(Duration::from_secs)).await
        }
        RoomAction::Unmute(who) => client.unmute(room, who).await,
        RoomAction::Role(who, role) => client.role(room, who, *role).await,
        RoomAction::Profile(name) => client.profile(name).await,
        RoomAction::Block(who) => client.block(who).await,
        RoomAction::Unblock(who) => client.unblock(who).await,
    }
}

/// Gives a command of an admin of the server. Returns what to show.
async fn administer(
    client: &Client,
    server: &ServerUrl,
    action: AdminAction,
) -> Result<String, String> {
    let why = |error: CommandError| error.to_string();
    let now = crate::run::now();
    match action {
        AdminAction::InviteLink { uses, for_s } => {
            let wanted = InviteLink {
                uses,
                for_s,
                room: None,
            };
            let link = client.invite_link(wanted).await.map_err(why)?;
            Ok(admin::invite_link(server, &link, now))
        }
        AdminAction::InviteLinks => {
            let page = client.invite_links(None, None).await.map_err(why)?;
            Ok(admin::invite_links(&page, now))
        }
        AdminAction::ResetLink(who) => {
            let link = client.reset_link(&who).await.map_err(why)?;
            Ok(admin::reset_link(server, &link, now))
        }
        AdminAction::SetAdmin(who, true) => {
            client.make_admin(&who).await.map_err(why)?;
            Ok(admin::is_admin(&who))
        }
        AdminAction::SetAdmin(who, false) => {
            client.unmake_admin(&who).await.map_err(why)?;
            Ok(admin::is_no_admin(&who))
        }
        AdminAction::RevokeInvite(invite) => {
            client.revoke_invite(&invite).await.map_err(why)?;
            Ok(admin::INVITE_REVOKED.to_owned())
        }
    }
}
