//! A whole server, from its configuration to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::accounts::{self, Accounts};
use crate::config::{Config, ConfigError, RateLimit};
use crate::gateway::{Gateway, GatewayLimits};
use crate::http::{
    self, HttpLimits, HttpState, OriginPolicy, Page, PageError, TlsError, TrustedProxies, serve,
};
use crate::hub::{Hub, SystemEnvironment, account_log, heartbeat, scrubbing};
use crate::telemetry;
use chat_store::mongo::{self, MongoStore};
use chat_store::sqlite::{self, SqliteStore};
use chat_store::{SharedStore, StoreError};

/// What became of accounts and is still to be acted on.
const ACCOUNT_EVENTS_WAITING_MAX: usize = 1_024;

/// How long connections have to take their goodbye.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// How often what has run out is forgotten.
const TIDY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Why the server does not start. Each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(
        "{address} is in use by another program: stop that one, or choose another address with \
         --listen."
    )]
    AddressTaken { address: String },
    #[error("The server can't listen on {address}: {reason}. Choose another with --listen.")]
    Listen { address: String, reason: io::Error },
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    #[error(transparent)]
    Mongo(#[from] mongo::OpenError),
    #[error("The accounts in {place} can't be opened: {error}.")]
    Accounts {
        place: String,
        error: accounts::OpenError,
    },
    #[error("The rooms in {place} can't be opened: {error}.")]
    Rooms { place: String, error: StoreError },
    #[error("The server made a mistake while it started: {0}.")]
    Internal(String),
}

/// A server that runs. [`Server::stop`] ends it; dropped, it ends without grace.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    store: SharedStore,
    hub: Hub,
    stop: oneshot::Sender<()>,
    serving: Task,
    _converting: Task,
    _tidying: Task,
    _scrubbing: Task,
    _beating: Task,
    _following: Task,
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Task {
    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a server until `shutdown`.
///
/// # Errors
/// [`StartError`] where it does not start.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let server = Server::start(config).await?;
    shutdown.await;
    tracing::info!("stopping");
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Replaces the key that signs session tokens, for the next start. Tokens signed before stay valid.
///
/// # Errors
/// [`StartError`] where the store can't be opened, as while a server uses the data directory.
pub async fn rotate_key(config: &Config) -> anyhow::Result<()> {
    config.check()?;
    let (store, place) = open_store(config).await?;
    let rotated = accounts::rotate_key(&store).await;
    store.close().await;
    rotated.map_err(|error| StartError::Accounts {
        place,
        error: error.into(),
    })?;
    tracing::info!("the signing key was replaced; tokens signed before stay valid");
    Ok(())
}

impl Server {
    /// Starts a server; when this returns, it can be connected to.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let metrics = telemetry::metrics();
        let tls = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(http::load_tls(cert, key)?),
            _ => None,
        };
        let page = match &config.web_dir {
            Some(dir) => Page::in_directory(dir)?,
            None => Page::Embedded,
        };
        let listener = listen(&config.listen_address()).await?;
        let address = listener.local_addr().map_err(|reason| StartError::Listen {
            address: config.listen_address(),
            reason,
        })?;
        let (store, place) = open_store(&config).await?;
        let (events, following) = mpsc::channel(ACCOUNT_EVENTS_WAITING_MAX);
        let options = accounts::Options {
            admin: config.admin.clone(),
        };
        let accounts = Accounts::open(Arc::clone(&store), options, events)
            .await
            .map_err(|error| StartError::Accounts {
                place: place.clone(),
                error,
            })?;
        let hub = Hub::open(
            Arc::clone(&store),
            accounts.clone(),
            Arc::new(SystemEnvironment),
        )
        .await
        .map_err(|error| StartError::Rooms {
            place: place.clone(),
            error,
        })?;
        let gateway_limits = GatewayLimits {
            per_user: config.max_connections_per_user.get(),
            per_network: config.max_connections_per_address.get(),
            rate: match (config.rate_limit, config.rate_limit.burst()) {
                (RateLimit::PerSecond(rate), Some(burst)) => Some((rate, burst)),
                _ => None,
            },
        };
        let gateway = Gateway::new(hub.clone(), gateway_limits);
        let limits = Arc::new(match config.rate_limit.is_off() {
            true => HttpLimits::off(),
            false => HttpLimits::new(),
        });
        let http_state = HttpState {
            accounts: accounts.clone(),
            origins: Arc::new(OriginPolicy {
                allowed: config.allowed_origin,
                proxies: TrustedProxies::new(config.trusted_proxy, tls.is_some()),
            }),
            limits: Arc::clone(&limits),
            page,
            metrics,
        };
        let router = http::router(http_state, Some(gateway));
        let scheme = if tls.is_some() { "https" } else { "http" };
        tracing::info!(%address, url = %format_args!("{scheme}://{address}"), "listening");
        tracing::info!(
            kind = store.kind(),
            data = place,
            accounts = accounts.account_count(),
            "store"
        );
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        Ok(Self {
            address,
            store,
            hub: hub.clone(),
            stop,
            serving: Task::spawn(serve::serve(listener, tls, router, shutdown)),
            _converting: Task::spawn(convert(accounts.clone())),
            _tidying: Task::spawn(tidy(accounts, limits)),
            _scrubbing: Task::spawn(scrubbing::run(hub.clone())),
            _beating: Task::spawn(heartbeat::run(hub.clone())),
            _following: Task::spawn(account_log::run(hub, following)),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets what is in flight end, and keeps everything.
    pub async fn stop(self) {
        let Self {
            store,
            hub,
            stop,
            mut serving,
            ..
        } = self;
        let _ = stop.send(());
        hub.say_goodbye();
        hub.emptied(GOODBYE_WAIT).await;
        if let Err(error) = (&mut serving.0).await {
            tracing::error!(%error, "serving ended badly");
        }
        store.close().await;
    }
}

async fn listen(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressTaken {
                address: address.to_owned(),
            },
            _ => StartError::Listen {
                address: address.to_owned(),
                reason,
            },
        })
}

/// The store, and where its data lies, for people.
async fn open_store(config: &Config) -> Result<(SharedStore, String), StartError> {
    if let Some(url) = config.mongo() {
        let database = &config.mongo_database;
        let store = MongoStore::open(url.expose(), database).await?;
        let place = format!("MongoDB at {}, database {database}", store.hosts());
        return Ok((Arc::new(store), place));
    }
    let dir = config.data_directory()?;
    let place = dir.display().to_string();
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&dir));
    let opened = opening
        .await
        .map_err(|error| StartError::Internal(error.to_string()))?;
    Ok((Arc::new(opened?), place))
}

async fn convert(accounts: Accounts) {
    accounts.convert_plain_passwords().await;
}

async fn tidy(accounts: Accounts, limits: Arc<HttpLimits>) {
    let mut interval = tokio::time::interval(TIDY_INTERVAL);
    loop {
        interval.tick().await;
        limits.tidy();
        if let Err(error) = accounts.purge_sessions().await {
            tracing::warn!(%error, "sessions that have ended could not be purged");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    fn config(dir: &std::path::Path) -> Config {
        Config {
            listen: Some("127.0.0.1:0".to_owned()),
            data_dir: Some(dir.to_owned()),
            ..Config::default()
        }
    }

    async fn status_line(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    async fn refusal(config: Config) -> String {
        Server::start(config)
            .await
            .expect_err("it started")
            .to_string()
    }

    #[tokio::test]
    async fn it_starts_serves_stops_and_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let server = Server::start(config(dir.path())).await.unwrap();
            assert_eq!(
                status_line(server.address(), "/readyz").await,
                "HTTP/1.1 200 OK"
            );
            let address = server.address();
            server.stop().await;
            assert!(TcpStream::connect(address).await.is_err());
        }
    }

    #[tokio::test]
    async fn refusals_are_sentences() {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(config(dir.path())).await.unwrap();
        let address = server.address().to_string();
        let other = tempfile::tempdir().unwrap();
        let taken = Config {
            listen: Some(address.clone()),
            ..config(other.path())
        };
        let text = refusal(taken).await;
        assert!(
            text.starts_with(&format!("{address} is in use by another program")),
            "{text}"
        );
        let text = refusal(config(dir.path())).await;
        assert!(
            text.contains("Another chat-server uses the data directory"),
            "{text}"
        );
        let nowhere = Config {
            listen: Some("nowhere".to_owned()),
            ..config(other.path())
        };
        let text = refusal(nowhere).await;
        assert!(text.contains("can't listen on nowhere"), "{text}");
        let file = other.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let text = refusal(config(&file)).await;
        assert!(
            text.contains("data directory") && text.contains("--data-dir"),
            "{text}"
        );
        let pem = Some(file.clone());
        let no_tls = Config {
            tls_cert: pem.clone(),
            tls_key: pem,
            ..config(other.path())
        };
        let text = refusal(no_tls).await;
        assert!(
            text.contains("there is no certificate in PEM in it"),
            "{text}"
        );
        server.stop().await;
    }
}
