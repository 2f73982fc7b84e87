//! Where an attack takes place: the server, the people beside it, and what is measured.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bystanders::Bystanders;
use crate::support::{PASSWORD, Server, Site, User, Ws};

/// What an attack got, in a few words: `Ok` where it was held.
pub(crate) type Outcome = Result<String, String>;

/// Between two looks at the server's memory.
const SAMPLE_EVERY: Duration = Duration::from_millis(20);

/// How long a raw request may wait for its answer.
pub(crate) const RAW_PATIENCE: Duration = Duration::from_secs(15);

type Run = Box<dyn FnOnce(Site) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send>;

pub(crate) struct Attack {
    pub(crate) name: String,
    run: Run,
}

impl Attack {
    pub(crate) fn new<F>(
        name: impl Into<String>,
        run: impl FnOnce(Site) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let run: Run = Box::new(move |site| Box::pin(run(site)));
        Self {
            name: name.into(),
            run,
        }
    }
}

pub(crate) struct Report {
    outcome: Outcome,
    pub(crate) peak_bytes: u64,
    p99: Option<Duration>,
}

impl Report {
    pub(crate) fn is_held(&self) -> bool {
        self.outcome.is_ok()
    }

    pub(crate) fn row(&self, name: &str) -> String {
        let (got, held) = match &self.outcome {
            Ok(got) => (got, "yes"),
            Err(got) => (got, "**no**"),
        };
        let got = got.replace('|', "/").replace('\n', " ");
        let p99 = self
            .p99
            .map_or("–".to_owned(), |p99| format!("{} ms", p99.as_millis()));
        let mib = self.peak_bytes >> 20;
        format!("| {name} | {got} | {mib} MiB | {p99} | {held} |")
    }
}

pub(crate) struct Ground {
    server: Server,
    bystanders: Bystanders,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let flags = ["--trusted-proxy", "127.0.0.1", "--admin", "root"];
        let server = Server::start_with(&flags).await;
        server.register("root", false).await;
        let bystanders = Bystanders::start(&server).await;
        Self { server, bystanders }
    }

    /// Runs one attack to its end, and looks whether everything is well afterwards.
    pub(crate) async fn run(&self, attack: Attack) -> Report {
        self.bystanders.reset();
        let peak = Arc::new(AtomicU64::new(0));
        let (pid, seen) = (self.server.pid(), Arc::clone(&peak));
        let sampler = tokio::spawn(async move {
            loop {
                seen.fetch_max(memory_bytes(pid), Ordering::Relaxed);
                tokio::time::sleep(SAMPLE_EVERY).await;
            }
        });
        let site: Site = (*self.server).clone();
        let ran = tokio::spawn((attack.run)(site)).await;
        sampler.abort();
        let outcome = ran.unwrap_or_else(|error| Err(panic_of(error)));
        Report {
            outcome: outcome.and_then(|got| self.still_well().map(|()| got)),
            peak_bytes: peak.load(Ordering::Relaxed),
            p99: self.bystanders.p99(),
        }
    }

    fn still_well(&self) -> Result<(), String> {
        if memory_bytes(self.server.pid()) == 0 {
            return Err("the server is gone".to_owned());
        }
        if self.bystanders.are_well() {
            Ok(())
        } else {
            Err("the two people beside it can't talk any more".to_owned())
        }
    }
}

fn panic_of(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let text = text.unwrap_or_default();
    text.chars().take(200).collect()
}

/// Bytes of memory that a process holds; 0 where it is gone or this is no Linux.
pub(crate) fn memory_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

/// A name that nobody has.
pub(crate) fn fresh_name(kind: &str) -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("{kind}-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// An address of its own for each caller, for `X-Forwarded-For`.
pub(crate) fn fresh_address() -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let n = LAST.fetch_add(1, Ordering::Relaxed);
    format!("198.{}.{}.{}", 18 + (n >> 16 & 1), n >> 8 & 255, n & 255)
}

/// Signs someone up and in, from an address of their own.
pub(crate) async fn person(site: &Site, kind: &str) -> User {
    let (name, address) = (fresh_name(kind), fresh_address());
    let body = json!({"username": name, "password": PASSWORD});
    let from = [("X-Forwarded-For", address.as_str())];
    site.post("/register", &from, &body).await.accepted(201);
    sign_in_from(site, &name, &address).await
}

pub(crate) async fn sign_in_from(site: &Site, name: &str, address: &str) -> User {
    let body = json!({"username": name, "password": PASSWORD});
    let answer = site
        .post("/login", &[("X-Forwarded-For", address)], &body)
        .await;
    let said = answer.accepted(200);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    User {
        name: name.to_owned(),
        token: said["token"].as_str().unwrap().to_owned(),
        cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
    }
}

/// As [`person`], connected.
pub(crate) async fn connected(site: &Site, kind: &str) -> (User, Ws) {
    let user = person(site, kind).await;
    let ws = site.enter(&user).await;
    (user, ws)
}

/// Writes bytes to the server and returns the first bytes of its answer: empty where it closed.
pub(crate) async fn raw(site: &Site, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = vec![0; 4_096];
    match timeout(RAW_PATIENCE, stream.read(&mut answer)).await {
        Ok(Ok(count)) => String::from_utf8_lossy(&answer[..count]).into_owned(),
        Ok(Err(_)) => String::new(),
        Err(_) => "(no answer)".to_owned(),
    }
}

/// The status of a raw answer; 0 where there is none.
pub(crate) fn status_of(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1);
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// `Ok` where `holds`, with the same words either way.
pub(crate) fn held_if(holds: bool, got: impl Into<String>) -> Outcome {
    if holds {
        Ok(got.into())
    } else {
        Err(got.into())
    }
}

/// The code of an error frame, or the frame's type.
pub(crate) fn code_of(frame: &Value) -> String {
    let text = |field: &str| frame[field].as_str().map(str::to_owned);
    text("code").or_else(|| text("type")).unwrap_or_default()
}
