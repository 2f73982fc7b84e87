//! The task that owns a connection: it connects, passes frames between the state, the socket and
//! the user, and reconnects.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::{Backoff, GOOD_AFTER};
use super::client_state::{ClientState, Effect, Ticket};
use super::connection::{Connection, End, Incoming, open};
use super::handle::{Answer, Request};
use super::{Client, ClientConfig, CloseReason, CommandError, Event, Events, texts};
use crate::PROTOCOL_VERSION;
use crate::codec::{decode_server_frame, encode};
use crate::protocol::{Command, ServerFrame, Welcome};

/// Events in the channel to the user.
const EVENTS_HANDED_MAX: usize = 64;

/// Commands in the channel from the handles.
const REQUESTS_HANDED_MAX: usize = 64;

/// Bytes of unread events above which nothing more is read from the server, unless a command
/// waits for its answer, which lies behind them.
const UNREAD_BYTES_SOFT: usize = 1 << 20;

/// Bytes of unread events above which no answer is waited for.
const UNREAD_BYTES_MAX: usize = 16 << 20;

/// Bytes that an unread event counts beside its text.
const EVENT_BYTES: usize = 256;

/// How far the silence timer may lag behind before it is replaced.
const PUT_OFF_AFTER: Duration = Duration::from_secs(10);

/// How long `welcome` may take, once there is a connection.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);

/// Bounds of what a server may say its heartbeat is.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 20..=300_000;

/// Starts to connect and returns both halves at once. The events say how it went.
///
/// # Panics
/// Outside a tokio runtime.
pub fn connect(config: ClientConfig) -> (Client, Events) {
    let (events, receiver) = mpsc::channel(EVENTS_HANDED_MAX);
    let (requests, requested) = mpsc::channel(REQUESTS_HANDED_MAX);
    let (closed_tell, closed) = watch::channel(None);
    let closing = Arc::new(Notify::new());
    let seen = config.resume.clone().unwrap_or_default();
    let task = Task {
        state: ClientState::new(config.client_name.clone(), seen.clone()),
        backoff: Backoff::new(config.backoff_max),
        config: Arc::new(config),
        online_since: None,
        requested,
        requests_over: false,
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
            requests,
            closed,
            closing,
        },
        Events { receiver, seen },
    )
}

struct Task {
    config: Arc<ClientConfig>,
    state: ClientState,
    backoff: Backoff,
    online_since: Option<Instant>,
    requested: mpsc::Receiver<Request>,
    /// Every [`Client`] was dropped.
    requests_over: bool,
    closing: Arc<Notify>,
    mailbox: Mailbox,
    waiting: HashMap<Ticket, oneshot::Sender<Answer>>,
    tickets: Ticket,
}

/// The user closed the connection or dropped both halves.
struct Stop;

impl Task {
    async fn run(mut self, closed: watch::Sender<Option<CloseReason>>) {
        let reason = self.connections().await;
        self.mailbox.push(Event::Closed(reason.clone()), 0);
        closed.send_replace(Some(reason));
        // Callers that wait read the reason from the channel.
        self.requested.close();
        drop(self.requested);
        self.waiting.clear();
        while !self.mailbox.is_done() {
            self.mailbox.hand_over().await;
        }
    }

    /// Runs one connection after the other and returns why no further one is made.
    async fn connections(&mut self) -> CloseReason {
        loop {
            let end = match self.connection().await {
                Ok(end) => end,
                Err(Stop) => return CloseReason::ByClient,
            };
            let effects = self.state.disconnected();
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

    /// Reports the end of a connection and returns how long to wait before the next one.
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
            // While the user reads no events, another connection would be of no use.
            if end.is_elapsed() && self.may_read() {
                return Ok(());
            }
        }
    }

    async fn connection(&mut self) -> Result<End, Stop> {
        let (config, hello) = (Arc::clone(&self.config), self.state.hello());
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
            self.fail_when_unread();
            while let Some(frame) = self.state.next_outgoing() {
                connection.queue(encode(&frame));
            }
            let may_read = self.may_read();
            if !may_read {
                // Nothing is read, so silence says nothing about the server.
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
                        return Ok(End::at_once(texts::NOT_HEARD));
                    }
                }
            }
            // A timer that is reset still wakes the program at its old time, so a new one is made;
            // but not at every frame, since that would cost more than the frame.
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
        let frame = decode_server_frame(text).map_err(|_| End::retry(texts::NOT_UNDERSTOOD))?;
        let effects = match frame {
            ServerFrame::Welcome(welcome) if !self.state.is_online() => {
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
            _ if !self.state.is_online() => Vec::new(),
            ServerFrame::Unknown => self.state.unknown(text),
            frame => self.state.handle(frame),
        };
        let is_gap = effects.contains(&Effect::Resume);
        self.apply(effects, text.len());
        if is_gap {
            return Err(End::at_once(texts::EVENTS_LOST));
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: Welcome, bytes: usize) -> Result<(), End> {
        if welcome.version != PROTOCOL_VERSION {
            let said = texts::other_version(welcome.version);
            return Err(End::Final(CloseReason::Version(said)));
        }
        self.online_since = Some(Instant::now());
        let effects = self.state.welcome(&welcome);
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
                        // The caller may have stopped waiting.
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
        if self.requests_over && self.mailbox.gone {
            return Err(Stop);
        }
        let accepts = self.state.accepts() && !self.requests_over;
        tokio::select! {
            () = self.closing.notified() => Err(Stop),
            request = self.requested.recv(), if accepts => {
                match request {
                    Some(Request { command, answer }) => self.command(command, answer),
                    None => self.requests_over = true,
                }
                Ok(())
            }
            () = self.mailbox.hand_over() => Ok(()),
        }
    }

    fn command(&mut self, command: Command, answer: oneshot::Sender<Answer>) {
        self.tickets += 1;
        match self.state.command(self.tickets, command) {
            Ok(()) => {
                self.waiting.insert(self.tickets, answer);
            }
            Err(error) => {
                // The caller may have stopped waiting.
                let _ = answer.send(Err(error));
            }
        }
    }

    /// Whether more may be read from the server. An answer that a caller waits for comes behind the
    /// unread events, and that caller may be the one who would read them.
    fn may_read(&self) -> bool {
        self.mailbox.unread_bytes < UNREAD_BYTES_SOFT
            || (self.mailbox.unread_bytes < UNREAD_BYTES_MAX
                && self.waiting.values().any(|waiting| !waiting.is_closed()))
    }

    /// Fails every waiting caller once too much is unread: nothing is read above the bound, so no
    /// answer would come.
    fn fail_when_unread(&mut self) {
        if self.mailbox.unread_bytes >= UNREAD_BYTES_MAX && !self.waiting.is_empty() {
            let effects = self.state.fail_all(&CommandError::EventsUnread);
            self.apply(effects, 0);
        }
    }
}

/// How long the server may be silent: two and a half of its heartbeats.
fn patience_with(welcome: &Welcome) -> Duration {
    let heartbeat_ms = welcome
        .heartbeat_ms
        .clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end());
    Duration::from_millis(heartbeat_ms * 5 / 2)
}

/// A random number in 0..1. Without randomness, reconnects are only less spread out.
fn chance() -> f64 {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}

/// Events that the user has not read yet.
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

    /// Hands over one event when the channel has room, or notices that the user dropped it.
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
