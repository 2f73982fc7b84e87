//! A proxy between server and store that speaks MongoDB's wire protocol, so that a test can play
//! what a network and a replica set do: errors with any code and label, write concern errors,
//! delays, and connections that are cut before or after a command.
//!
//! It forwards one command at a time on each connection and reads it first. The newest rule that
//! matches a command says what becomes of it.

mod scram;
mod upstream;
mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub(crate) use self::scram::Account;
use self::scram::{SignIn, mechanisms};
use self::upstream::{Stream, Upstream, user_of, user_options};
use self::wire::{
    MORE_TO_COME, OP_MSG, amend, body_of, command_of, flags, opcode, read_message, reply_to,
};

/// The fate of a command.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It is forwarded as it is; an exception to an older rule.
    None,
    /// It is not forwarded, and its connection is closed.
    CutBefore,
    /// Half of its bytes are forwarded, and then its connection is closed.
    CutWithin,
    /// It is done, and then its reply and its connection are lost.
    CutAfter,
    /// It is forwarded after this time.
    Delay(Duration),
    /// It is done, and its reply never comes.
    Swallow,
    /// It is not forwarded, and this is the reply.
    Answer(Document),
    /// It is done, and these fields are added to its reply.
    Amend(Document),
}

impl Fault {
    /// The command is rejected as a whole.
    pub(crate) fn error(code: i32, labels: &[&str]) -> Self {
        Self::Answer(doc! {
            "ok": 0.0,
            "code": code,
            "codeName": "Played",
            "errmsg": "played",
            "errorLabels": labels,
        })
    }

    /// The command is done, and no majority acknowledges it.
    pub(crate) fn write_concern(code: i32) -> Self {
        Self::Amend(doc! { "writeConcernError": write_concern_error(code) })
    }

    /// A unique index rejects the first document, whose winner is not acknowledged by a majority.
    pub(crate) fn duplicate_without_majority() -> Self {
        let duplicate = doc! { "index": 0, "code": 11_000, "errmsg": "E11000 duplicate key" };
        Self::Answer(doc! {
            "ok": 1.0,
            "n": 0,
            "nModified": 0,
            "writeErrors": [duplicate],
            "writeConcernError": write_concern_error(64),
        })
    }
}

fn write_concern_error(code: i32) -> Document {
    doc! { "code": code, "codeName": "Played", "errmsg": "waiting for replication timed out" }
}

/// A command as it passes.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// `insert`, `find` …; `hello` for a handshake of the old form.
    pub(crate) name: String,
    /// The collection that it is about, or an empty text.
    pub(crate) collection: String,
    /// The room that its filter names, or an empty text.
    pub(crate) room: String,
}

impl Command {
    fn is_hello(&self) -> bool {
        ["hello", "isMaster", "ismaster"].contains(&self.name.as_str())
    }
}

struct Rule {
    command: String,
    collection: Option<String>,
    left: usize,
    fault: Fault,
}

impl Rule {
    fn matches(&self, command: &Command) -> bool {
        let is_command = self.command == "*" || self.command == command.name;
        let collection = self.collection.as_ref();
        self.left > 0 && is_command && collection.is_none_or(|name| *name == command.collection)
    }
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    passed: Vec<Command>,
    /// Commands that got a fault since all was healed.
    played: usize,
    lost: usize,
    /// Connections whose user the proxy has let in.
    signed_in: usize,
}

/// How clients reach the proxy.
#[derive(Clone, Default)]
pub(crate) struct Front {
    /// The user who must sign in. Without one, the MongoDB behind decides.
    pub(crate) account: Option<Account>,
    /// TLS, or none.
    pub(crate) tls: Option<TlsAcceptor>,
}

/// The proxy; its connections end with it.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// `user:password@`, or nothing.
    user: String,
    /// The rest of the URL that a user needs.
    options: String,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens without TLS before the MongoDB that `url` names; before its primary, if it is a set.
    ///
    /// # Panics
    /// If that is not reached, or its URL asks for TLS and names no `tlsCAFile`.
    pub(crate) async fn start(url: &str) -> Self {
        Self::start_with(url, Front::default()).await
    }

    /// As [`Proxy::start`], with TLS and a user as `front` has them.
    ///
    /// # Panics
    /// As [`Proxy::start`].
    pub(crate) async fn start_with(url: &str, front: Front) -> Self {
        let parsed = ClientOptions::parse(url).await.expect("a URL");
        let upstream = Upstream::find(parsed).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let (user, options) = match &front.account {
            Some(Account { name, password }) => (format!("{name}:{password}@"), String::new()),
            None => (user_of(url).to_owned(), user_options(url)),
        };
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(
                    client,
                    front.clone(),
                    upstream.clone(),
                    Arc::clone(&shared),
                ));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            user,
            options,
            state,
            accepting,
        }
    }

    /// The URL of a MongoDB behind this proxy.
    pub(crate) fn url(&self) -> String {
        let (user, address, options) = (&self.user, self.address, &self.options);
        format!("mongodb://{user}{address}/?directConnection=true{options}")
    }

    /// From now on commands of this name (`*`: all) on this collection (`None`: any) get `fault`,
    /// `times` times.
    pub(crate) fn play(&self, command: &str, collection: Option<&str>, times: usize, fault: Fault) {
        lock(&self.state).rules.push(Rule {
            command: command.to_owned(),
            collection: collection.map(str::to_owned),
            left: times,
            fault,
        });
    }

    /// Forwards everything again.
    pub(crate) fn heal(&self) {
        let mut state = lock(&self.state);
        state.rules.clear();
        state.played = 0;
    }

    /// How many commands got a fault since all was healed.
    pub(crate) fn played(&self) -> usize {
        lock(&self.state).played
    }

    /// How many commands were cut within or lost their reply.
    pub(crate) fn lost(&self) -> usize {
        lock(&self.state).lost
    }

    /// How many connections signed in at the proxy.
    pub(crate) fn signed_in(&self) -> usize {
        lock(&self.state).signed_in
    }

    /// The commands that came since the last call.
    pub(crate) fn take_passed(&self) -> Vec<Command> {
        std::mem::take(&mut lock(&self.state).passed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fault_for(state: &Mutex<State>, command: Command) -> Fault {
    let mut state = lock(state);
    let rule = state
        .rules
        .iter_mut()
        .rev()
        .find(|rule| rule.matches(&command));
    let fault = rule.map_or(Fault::None, |rule| {
        rule.left -= 1;
        rule.fault.clone()
    });
    let is_loss = matches!(fault, Fault::CutWithin | Fault::CutAfter | Fault::Swallow);
    state.lost += usize::from(is_loss);
    state.played += usize::from(!matches!(fault, Fault::None));
    state.passed.push(command);
    fault
}

async fn carry(client: TcpStream, front: Front, upstream: Upstream, state: Arc<Mutex<State>>) {
    let mut client: Box<dyn Stream> = match front.tls {
        Some(tls) => match tls.accept(client).await {
            Ok(client) => Box::new(client),
            Err(_) => return,
        },
        None => Box::new(client),
    };
    if let Ok(mut store) = upstream.connect().await {
        // An end of either side is how every connection ends.
        let _ = carry_commands(&mut client, front.account.as_ref(), &mut store, &state).await;
    }
}

async fn carry_commands(
    client: &mut Box<dyn Stream>,
    account: Option<&Account>,
    store: &mut Box<dyn Stream>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut sign_in = SignIn::default();
    loop {
        let request = read_message(client).await?;
        let body = body_of(&request).unwrap_or_else(|| doc! { "hello": 1 });
        if let Some(answer) = account.and_then(|account| sign_in.reply(account, &body)) {
            client.write_all(&reply_to(&request, &answer)).await?;
            lock(state).signed_in += usize::from(answer.get_bool("done").unwrap_or(false));
            continue;
        }
        let is_hello = account.is_some() && command_of(&request).is_hello();
        let fault = fault_for(state, command_of(&request));
        match &fault {
            Fault::CutBefore => return Ok(()),
            Fault::CutWithin => return store.write_all(&request[..request.len() / 2]).await,
            Fault::Delay(time) => tokio::time::sleep(*time).await,
            Fault::Answer(answer) => {
                client.write_all(&reply_to(&request, answer)).await?;
                continue;
            }
            Fault::None | Fault::CutAfter | Fault::Swallow | Fault::Amend(_) => {}
        }
        store.write_all(&request).await?;
        loop {
            let reply = read_message(store).await?;
            match &fault {
                Fault::CutAfter => return Ok(()),
                Fault::Swallow => return client.read_u8().await.map(drop),
                Fault::Amend(fields) => client.write_all(&amend(&reply, fields)).await?,
                Fault::None if is_hello => {
                    client.write_all(&amend(&reply, &mechanisms())).await?;
                }
                _ => client.write_all(&reply).await?,
            }
            if opcode(&reply) != OP_MSG || flags(&reply) & MORE_TO_COME == 0 {
                break;
            }
        }
    }
}
