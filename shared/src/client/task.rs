//! The task that owns a connection: it connects, passes frames between the session, the socket
//! and the user, and connects again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::{Backoff, GOOD_AFTER};
use super::connection::{Connection, End, Incoming, open};
use super::handle::{Answer, Ask};
use super::session::{Effect, Session, Ticket};
use super::{Client, ClientConfig, CloseReason, CommandError, Event, Events};
use crate::PROTOCOL_VERSION;
use crate::codec::{decode_server_frame, encode};
use crate::protocol::{Command, ServerFrame, Welcome};

/// Events that are handed over at a time.
const EVENTS_HANDED_MAX: usize = 64;

/// Commands that are handed over at a time.
const ASKS_HANDED_MAX: usize = 64;

/// Bytes of unread events above which nothing more is read from the server, unless a command
/// waits for its answer, which lies behind them.
const UNREAD_BYTES_SOFT: usize = 1 << 20;

/// Bytes of unread events above which no answer is waited for.
const UNREAD_BYTES_MAX: usize = 16 << 20;

/// What an event is counted as, beside its text.
const EVENT_BYTES: usize = 256;

/// How far behind the timer may be that waits for silence.
const PUT_OFF_AFTER: Duration = Duration::from_secs(10);

/// How long `welcome` may take, once there is a connection.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);

/// Bounds of what a server may say its heartbeat is.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 20..=300_000;

/// Starts to connect, and gives both halves at once: what comes of it is told by the events.
///
/// # Panics
/// Outside a tokio runtime.
pub fn connect(config: ClientConfig) -> (Client, Events) {
    let (events, receiver) = mpsc::channel(EVENTS_HANDED_MAX);
    let (asks, asked) = mpsc::channel(ASKS_HANDED_MAX);
    let (closed_tell, closed) = watch::channel(None);
    let closing = Arc::new(Notify::new());
    let seen = config.resume.clone().unwrap_or_default();
    let task = Task {
        session: Session::new(config.client_name.clone(), seen.clone()),
        backoff: Backoff::new(config.backoff_max),
        config: Arc::new(config),
        online_since: None,
        asked,
        asks_over: false,
        closing: Arc::clone(&closing),
        mailbox: Mailbox {
            events,
            unread: VecDeque::new(),
            unread_bytes: 0,
            gone: false,
        },
        waiting: HashMap::new(),
        tickets: 0,
    };
    tokio::spawn(task.run(closed_tell));
    (
        Client {
            asks,
            closed,
            closing,
        },
        Events { receiver, seen },
    )
}

struct Task {
    config: Arc<ClientConfig>,
    session: Session,
    backoff: Backoff,
    online_since: Option<Instant>,
    asked: mpsc::Receiver<Ask>,
    /// Every [`Client`] was dropped.
    asks_over: bool,
    closing: Arc<Notify>,
    mailbox: Mailbox,
    waiting: HashMap<Ticket, oneshot::Sender<Answer>>,
    tickets: Ticket,
}

/// The user wants no more of the connection.
struct Stop;

impl Task {
    async fn run(mut self, closed: watch::Sender<Option<CloseReason>>) {
        let reason = self.connections().await;
        self.mailbox.push(Event::Closed(reason.clone()), 0);
        closed.send_replace(Some(reason));
        // Whoever waits learns the reason from there.
        self.asked.close();
        drop(self.asked);
        self.waiting.clear();
        while !self.mailbox.is_done() {
            self.mailbox.hand_over().await;
        }
    }

    /// One connection after the other; why the last one was the last.
    async fn connections(&mut self) -> CloseReason {
        loop {
            let end = match self.connection().await {
                Ok(end) => end,
                Err(Stop) => return CloseReason::ByClient,
            };
            let effects = self.session.disconnected();
            self.apply(effects, 0);
            if self
                .online_since
                .take()
                .is_some_and(|since| since.elapsed() >= GOOD_AFTER)
            {
                self.backoff.reset();
            }
            let wait = match self.retry(end) {
                Ok(wait) => wait,
                Err(reason) => return reason,
            };
            if self.pause(wait).await.is_err() {
                return CloseReason::ByClient;
            }
        }
    }

    /// Tells the user that a connection ended, and how long to wait for the next.
    fn retry(&mut self, end: End) -> Result<Duration, CloseReason> {
        let (reason, wait) = match end {
            End::Retry {
                reason,
                reconnect,
                asked,
            } => (reason, self.backoff.next(reconnect, asked, chance())),
            End::Final(reason) => {
                let said = Event::Disconnected {
                    reason: reason.to_string(),
                    retry_in: None,
                };
                self.mailbox.push(said, 0);
                return Err(reason);
            }
        };
        self.mailbox.push(
            Event::Disconnected {
                reason: reason.clone(),
                retry_in: wait,
            },
            0,
        );
        wait.ok_or(CloseReason::Refused(reason))
    }

    async fn pause(&mut self, wait: Duration) -> Result<(), Stop> {
        let end = sleep(wait);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end, if !end.is_elapsed() => {}
                attended = self.attend() => attended?,
            }
            // A user who reads nothing gets no further connection to read nothing from.
            if end.is_elapsed() && self.may_read() {
                return Ok(());
            }
        }
    }

    async fn connection(&mut self) -> Result<End, Stop> {
        let (config, hello) = (Arc::clone(&self.config), self.session.hello());
        let opening = open(&config, &hello);
        tokio::pin!(opening);
        let opened = loop {
            tokio::select! {
                opened = &mut opening => break opened,
                attended = self.attend() => attended?,
            }
        };
        match opened {
            Ok(mut connection) => match self.converse(&mut connection).await {
                Ok(end) => Ok(end),
                Err(Stop) => {
                    connection.close().await;
                    Err(Stop)
                }
            },
            Err(end) => Ok(end),
        }
    }

    async fn converse(&mut self, connection: &mut Connection) -> Result<End, Stop> {
        let mut patience = WELCOME_TIMEOUT;
        let mut heard = Instant::now();
        let silence = sleep_until(heard + patience);
        tokio::pin!(silence);
        loop {
            self.give_up_on_answers();
            while let Some(frame) = self.session.next_outgoing() {
                connection.queue(encode(&frame));
            }
            let may_read = self.may_read();
            if !may_read {
                // Nobody listens, so nothing heard means nothing.
                heard = Instant::now();
            }
            tokio::select! {
                incoming = connection.next(may_read) => {
                    heard = Instant::now();
                    match incoming {
                        Incoming::Alive => {}
                        Incoming::Ended(end) => return Ok(end),
                        Incoming::Text(text) => {
                            if let Err(end) = self.hear(&text, connection, &mut patience) {
                                return Ok(end);
                            }
                        }
                    }
                }
                attended = self.attend() => attended?,
                () = silence.as_mut() => {
                    if heard + patience <= Instant::now() {
                        return Ok(End::at_once("The server has not been heard of for too long."));
                    }
                }
            }
            // A new timer, since one that is reset still wakes the program at its old time; and not at
            // every frame, since that would cost more than the frame.
            let due = heard + patience;
            let is_stale = silence.deadline() + PUT_OFF_AFTER < due;
            if silence.is_elapsed() || silence.deadline() > due || is_stale {
                silence.set(sleep_until(due));
            }
        }
    }

    /// Takes a frame; an error ends the connection.
    fn hear(
        &mut self,
        text: &str,
        connection: &mut Connection,
        patience: &mut Duration,
    ) -> Result<(), End> {
        let frame = decode_server_frame(text)
            .map_err(|_| End::retry("The server sent what this program does not understand."))?;
        let effects = match frame {
            ServerFrame::Welcome(welcome) if !self.session.is_online() => {
                *patience = patience_with(&welcome);
                return self.welcome(welcome, text.len());
            }
            ServerFrame::Bye(bye) => {
                connection.bye(bye);
                return Ok(());
            }
            ServerFrame::Error(error) if error.re.is_none() => {
                connection.complaint(error.message.clone());
                vec![Effect::Deliver(ServerFrame::Error(error))]
            }
            _ if !self.session.is_online() => Vec::new(),
            ServerFrame::Unknown => self.session.unknown(text),
            frame => self.session.handle(frame),
        };
        let is_gap = effects.contains(&Effect::Resume);
        self.apply(effects, text.len());
        if is_gap {
            return Err(End::at_once(
                "Some events were lost on the way; they are asked for again.",
            ));
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: Welcome, bytes: usize) -> Result<(), End> {
        if welcome.version != PROTOCOL_VERSION {
            let said = format!("It answered with version {}", welcome.version);
            return Err(End::Final(CloseReason::Version(said)));
        }
        self.online_since = Some(Instant::now());
        let effects = self.session.welcome(&welcome);
        self.mailbox.push(Event::Connected(welcome), bytes);
        self.apply(effects, 0);
        Ok(())
    }

    fn apply(&mut self, effects: Vec<Effect>, bytes: usize) {
        for effect in effects {
            match effect {
                Effect::Deliver(frame) => self.mailbox.push(Event::Frame(frame), bytes),
                Effect::Answer(ticket, answer) => {
                    if let Some(waiting) = self.waiting.remove(&ticket) {
                        // Who no longer waits needs no answer.
                        let _ = waiting.send(answer);
                    }
                }
                Effect::Resume => {}
            }
        }
    }

    /// Waits for the user: a command to take, or room for an event to hand over. Cancelling it
    /// loses nothing.
    async fn attend(&mut self) -> Result<(), Stop> {
        if self.asks_over && self.mailbox.gone {
            return Err(Stop);
        }
        let accepts = self.session.accepts() && !self.asks_over;
        tokio::select! {
            () = self.closing.notified() => Err(Stop),
            ask = self.asked.recv(), if accepts => {
                match ask {
                    Some(Ask { command, answer }) => self.command(command, answer),
                    None => self.asks_over = true,
                }
                Ok(())
            }
            () = self.mailbox.hand_over() => Ok(()),
        }
    }

    fn command(&mut self, command: Command, answer: oneshot::Sender<Answer>) {
        self.tickets += 1;
        match self.session.command(self.tickets, command) {
            Ok(()) => {
                self.waiting.insert(self.tickets, answer);
            }
            Err(error) => {
                // Who no longer waits needs no answer.
                let _ = answer.send(Err(error));
            }
        }
    }

    /// Whether more may be read from the server. An answer that someone waits for lies behind
    /// the events that are unread, and who waits may be the one who would read them.
    fn may_read(&self) -> bool {
        self.mailbox.unread_bytes < UNREAD_BYTES_SOFT
            || (self.mailbox.unread_bytes < UNREAD_BYTES_MAX
                && self.waiting.values().any(|waiting| !waiting.is_closed()))
    }

    /// Ends all waiting for answers once too much is unread: past the bound nothing is read, so
    /// none would come.
    fn give_up_on_answers(&mut self) {
        if self.mailbox.unread_bytes >= UNREAD_BYTES_MAX && !self.waiting.is_empty() {
            let effects = self.session.give_up(&CommandError::EventsUnread);
            self.apply(effects, 0);
        }
    }
}

/// Two heartbeats and a half without a sign of life, and the connection is taken for dead.
fn patience_with(welcome: &Welcome) -> Duration {
    let heartbeat_ms = welcome
        .heartbeat_ms
        .clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end());
    Duration::from_millis(heartbeat_ms * 5 / 2)
}

/// Something in 0..1. Where the system has no randomness, clients only come back less spread.
fn chance() -> f64 {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}

/// Events on their way to the user.
struct Mailbox {
    events: mpsc::Sender<Event>,
    unread: VecDeque<(Event, usize)>,
    unread_bytes: usize,
    /// The user dropped the [`Events`].
    gone: bool,
}

impl Mailbox {
    fn push(&mut self, event: Event, bytes: usize) {
        if !self.gone {
            let bytes = bytes + EVENT_BYTES;
            self.unread_bytes += bytes;
            self.unread.push_back((event, bytes));
        }
    }

    fn is_done(&self) -> bool {
        self.gone || self.unread.is_empty()
    }

    /// Hands over one event when the user has room for it, or takes note that they are gone.
    async fn hand_over(&mut self) {
        if self.gone {
            return std::future::pending().await;
        }
        if self.unread.is_empty() {
            self.events.closed().await;
        } else if let Ok(room) = self.events.reserve().await {
            if let Some((event, bytes)) = self.unread.pop_front() {
                self.unread_bytes -= bytes;
                room.send(event);
            }
            return;
        }
        self.gone = true;
        self.unread.clear();
        self.unread_bytes = 0;
    }
}
