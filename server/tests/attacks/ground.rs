//! Where an attack takes place: the server, the people beside it, and what is measured.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::bounds::Growth;
use crate::bystanders::Bystanders;
use crate::support::{PASSWORD, Server, Site, User, Ws};

/// The result of an attack, in a few words: `Ok` if it was held.
pub(crate) type Outcome = Result<String, String>;

/// Between two looks at the server's memory.
const SAMPLE_EVERY: Duration = Duration::from_millis(20);

/// How long the others are watched before the first attack.
const CALM: Duration = Duration::from_secs(3);

/// How long a raw request may wait for its answer.
pub(crate) const RAW_PATIENCE: Duration = Duration::from_secs(15);

type Run = Box<dyn FnOnce(Site) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send>;

pub(crate) struct Attack {
    pub(crate) name: String,
    /// Whether the short run leaves it out.
    pub(crate) is_long: bool,
    growth: Growth,
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
            is_long: false,
            growth: Growth::SMALL,
            run,
        }
    }

    /// An attack that fills buffers, and may therefore take more memory.
    pub(crate) fn growing(mut self, growth: Growth) -> Self {
        self.growth = growth;
        self
    }

    /// An attack that takes more than a few seconds.
    pub(crate) fn long(mut self) -> Self {
        self.is_long = true;
        self
    }
}

/// What an attack did, and what it cost.
pub(crate) struct Report {
    outcome: Outcome,
    pub(crate) peak_bytes: u64,
    grown_bytes: u64,
    growth: Growth,
    p99: Option<Duration>,
    p99_max: Duration,
}

impl Report {
    /// Everything that is not as it must be; empty where the attack is held.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.outcome.clone().err().into_iter().collect();
        if self.grown_bytes > self.growth.0 {
            let (grown, max) = (self.grown_bytes >> 20, self.growth.0 >> 20);
            faults.push(format!("{grown} MiB more memory, {max} MiB at most"));
        }
        if self.p99.is_none_or(|p99| p99 > self.p99_max) {
            faults.push(format!("others' p99 over {} ms", self.p99_max.as_millis()));
        }
        faults
    }

    pub(crate) fn row(&self, name: &str) -> String {
        let faults = self.faults();
        let got = match &self.outcome {
            Ok(got) if faults.is_empty() => got.clone(),
            _ => faults.join("; "),
        };
        let held = if faults.is_empty() { "yes" } else { "**no**" };
        let got = got.replace('|', "/").replace('\n', " ");
        let p99 = self
            .p99
            .map_or("–".to_owned(), |p99| format!("{} ms", p99.as_millis()));
        let [peak, grown, max] =
            [self.peak_bytes, self.grown_bytes, self.growth.0].map(|bytes| bytes >> 20);
        format!("| {name} | {got} | {peak} MiB | {grown} of {max} MiB | {p99} | {held} |")
    }
}

pub(crate) struct Ground {
    // Dropped first, while its server is there.
    bystanders: Bystanders,
    server: Server,
    /// Bound on the 99th percentile of the two people's round trips.
    p99_max: Duration,
}

impl Ground {
    pub(crate) async fn new(p99_max: Duration) -> Self {
        let flags = [
            "--trusted-proxy",
            "127.0.0.1",
            "--registration",
            "open",
            "--admin",
            "root",
        ];
        let server = Server::start_with(&flags).await;
        server.register("root", false).await;
        let bystanders = Bystanders::start(&server).await;
        Self {
            bystanders,
            server,
            p99_max,
        }
    }

    /// Runs one attack to its end, and looks whether everything is well afterwards.
    pub(crate) async fn run(&self, attack: Attack) -> Report {
        self.bystanders.reset();
        let peak = Peak::watch(self.server.pid());
        let site: Site = (*self.server).clone();
        let ran = tokio::spawn((attack.run)(site)).await;
        // A message that was sent during the attack counts, however late it comes.
        let p99 = self.bystanders.p99_with_the_next().await;
        let outcome = ran.unwrap_or_else(|error| Err(panic_of(error)));
        Report {
            outcome: outcome.and_then(|got| self.still_well().map(|()| got)),
            peak_bytes: peak.bytes(),
            grown_bytes: peak.grown_bytes(),
            growth: attack.growth,
            p99,
            p99_max: self.p99_max,
        }
    }

    /// The 99th percentile of the two people's round trips while nobody attacks.
    pub(crate) async fn usual_p99(&self) -> Option<Duration> {
        self.bystanders.reset();
        tokio::time::sleep(CALM).await;
        self.bystanders.p99_with_the_next().await
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

/// The most memory that a process held since the watch began.
pub(crate) struct Peak {
    at_start: u64,
    seen: Arc<AtomicU64>,
    sampler: JoinHandle<()>,
}

impl Peak {
    pub(crate) fn watch(pid: u32) -> Self {
        let at_start = memory_bytes(pid);
        let seen = Arc::new(AtomicU64::new(at_start));
        let peak = Arc::clone(&seen);
        let sampler = tokio::spawn(async move {
            loop {
                peak.fetch_max(memory_bytes(pid), Ordering::Relaxed);
                tokio::time::sleep(SAMPLE_EVERY).await;
            }
        });
        Self {
            at_start,
            seen,
            sampler,
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(crate) fn grown_bytes(&self) -> u64 {
        self.bytes() - self.at_start
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.sampler.abort();
    }
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

/// Connects from an address of this machine. macOS has 127.0.0.1 alone.
pub(crate) async fn connect_from(from: [u8; 4], site: &Site) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(site.address).await
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

/// The head of a picture's upload of 2 MiB.
pub(crate) fn upload_head(site: &Site, user: &User, from: Option<&str>) -> String {
    let from = from.map_or(String::new(), |from| format!("X-Forwarded-For: {from}\r\n"));
    format!(
        "PUT /avatar HTTP/1.1\r\nHost: {}\r\n{from}Authorization: {}\r\n\
         Content-Type: image/png\r\nContent-Length: {}\r\n\r\n",
        site.address,
        user.bearer(),
        2 << 20,
    )
}

/// How many of these requests, whose bodies are not whole, were refused already.
pub(crate) fn refusals(held: &mut [TcpStream]) -> usize {
    let mut answer = [0; 64];
    let refused = held.iter_mut().filter(|stream| {
        let read = stream.try_read(&mut answer);
        read.is_ok_and(|count| matches!(answer[..count].get(9..12), Some(b"429" | b"503")))
    });
    refused.count()
}

/// A PNG of one pixel.
pub(crate) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";
