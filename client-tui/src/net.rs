//! Carries out what the update wants of the server, and brings the answers back as events.

use std::future::Future;

use chat_shared::client::{Accounts, Client, ClientConfig, Events, Page, ServerUrl, connect};
use chat_shared::protocol::Send;
use chat_shared::protocol::http::LoggedIn;
use futures::FutureExt;
use tokio::sync::mpsc;

use crate::update::{Effect, Event, PAGE_LINES_MAX, PageAsk, Password};

/// Answers that wait to be taken in.
const ANSWERS_MAX: usize = 256;

/// Members asked for; a room with more shows their count alone.
const MEMBERS_MAX: u32 = chat_shared::limits::LIST_LIMIT_MAX;

pub(crate) const CLIENT_NAME: &str = concat!("chat-tui/", env!("CARGO_PKG_VERSION"));

/// What comes back.
#[derive(Debug)]
pub(crate) enum Answer {
    Event(Event),
    LoggedIn(LoggedIn),
}

#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) server: ServerUrl,
    client: Option<Client>,
    events: Option<Events>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
}

impl Net {
    pub(crate) fn new(server: ServerUrl) -> Self {
        let (answers, answered) = mpsc::channel(ANSWERS_MAX);
        Self {
            server,
            client: None,
            events: None,
            answers,
            answered,
        }
    }

    /// Connects with a session's token, now and again after every loss.
    pub(crate) fn connect(&mut self, token: String) {
        let config = ClientConfig::new(self.server.clone(), token).client_name(CLIENT_NAME);
        let (client, events) = connect(config);
        (self.client, self.events) = (Some(client), Some(events));
    }

    /// The next answer or event; waits for good where nothing is under way. Cancelling it loses
    /// nothing.
    pub(crate) async fn next(&mut self) -> Answer {
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
            event = event => Answer::Event(Event::Sdk(event)),
            Some(answer) = self.answered.recv() => answer,
        }
    }

    pub(crate) fn log_in(&self, name: String, password: Password, sign_up: bool) {
        let accounts = Accounts::new(self.server.clone());
        self.start(async move {
            let log_in = async {
                if sign_up {
                    accounts.register(&name, &password.0).await?;
                }
                accounts.log_in(&name, &password.0).await
            };
            match log_in.await {
                Ok(logged_in) => Answer::LoggedIn(logged_in),
                Err(error) => Answer::Event(Event::LogInFailed(error.to_string())),
            }
        });
    }

    /// Carries out an effect that is about the server.
    pub(crate) fn carry_out(&self, effect: Effect) {
        let Some(client) = self.client.clone() else {
            return;
        };
        match effect {
            Effect::Send { room, nonce, text } => self.event(async move {
                let message = Send {
                    room: room.clone(),
                    text,
                    nonce: nonce.clone(),
                    reply_to: None,
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
            Effect::FetchMembers(room) => self.event(async move {
                let result = client.members(&room, None, Some(MEMBERS_MAX)).await;
                Event::Members { room, result }
            }),
            Effect::Join(room) => self.event(async move {
                let result = client.join(&room).await;
                Event::Joined { room, result }
            }),
            Effect::Leave(room) => self.event(async move {
                let result = client.leave(&room).await;
                Event::Left { room, result }
            }),
            _ => {}
        }
    }

    /// Ends the connection, so that the others see one leave at once.
    pub(crate) async fn close(&mut self) {
        self.events = None;
        if let Some(client) = self.client.take() {
            client.close().await;
        }
    }

    fn event(&self, work: impl Future<Output = Event> + std::marker::Send + 'static) {
        self.start(work.map(Answer::Event));
    }

    fn start(&self, work: impl Future<Output = Answer> + std::marker::Send + 'static) {
        let answers = self.answers.clone();
        let mut work = Box::pin(async move {
            // Nobody waits for an answer once the program ends.
            let _ = answers.send(work.await).await;
        });
        // Begun here and not in its task, so that messages go out in the order they were typed.
        if (&mut work).now_or_never().is_none() {
            tokio::spawn(work);
        }
    }
}

async fn history(
    client: &Client,
    page: &PageAsk,
) -> Result<chat_shared::protocol::HistoryPage, chat_shared::client::CommandError> {
    let which = page.before.map_or(Page::Newest, Page::Before);
    let limit = u32::try_from(PAGE_LINES_MAX).unwrap_or(u32::MAX);
    client.history(&page.room, which, Some(limit)).await
}
