//! A whole server, from its configuration to its end.

mod error;
mod tasks;

pub use self::error::StartError;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::oneshot;

use self::tasks::{Task, spawn};
use crate::accounts::{self, Accounts};
#[cfg(unix)]
use crate::admin::{AdminSocket, Executor};
use crate::config::{Config, RateLimit};
use crate::descriptors::DescriptorBudget;
use crate::disk::{self, DiskSpace};
use crate::gateway::{Gateway, GatewayLimits};
use crate::http::serve::Service;
use crate::http::{
    self, AllowedOrigin, Certificate, HostPolicy, HttpConnections, HttpLimits, HttpState,
    OriginPolicy, Page, PageError, TrustedProxies, serve,
};
use crate::hub::{
    Environment, Hub, ServerEnvironment, account_changes, heartbeat, random_hex, scrubbing,
};
use crate::listen::{ListenOn, Listener};
#[cfg(unix)]
use crate::supervisor;
use crate::{reload, telemetry};
use chat_server_store::mongo::MongoStore;
use chat_server_store::sqlite::SqliteStore;
use chat_server_store::{BackgroundRuntime, SharedStore};

/// How long connections have to take their goodbye.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// HTTP connections at the address of the metrics.
const METRICS_CONNECTIONS_MAX: usize = 64;

/// A server that runs. [`Server::stop`] ends it; dropped, it ends without grace.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    store: SharedStore,
    hub: Hub,
    stop: oneshot::Sender<()>,
    serving: Task,
    _background: Vec<Task>,
    _pages: BackgroundRuntime,
}

/// Runs a server until `shutdown`.
///
/// # Errors
/// [`StartError`] where it does not start.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let mut shutdown = pin!(shutdown);
    let server = tokio::select! {
        biased;
        // Asked first, so that a signal is heard before the log says that the server listens.
        () = &mut shutdown => return Ok(()),
        started = Server::start(config) => started?,
    };
    let _watchdog = spawn(tasks::supervise());
    let store = Arc::clone(&server.store);
    let is_lost = tokio::select! {
        () = shutdown => false,
        () = store.lost() => true,
    };
    tracing::info!("stopping");
    #[cfg(unix)]
    supervisor::tell_stopping();
    server.stop().await;
    tracing::info!("stopped");
    match is_lost {
        true => Err(StartError::TakenOver.into()),
        false => Ok(()),
    }
}

/// The limits of connections and commands that `config` sets.
fn gateway_limits(config: &Config, descriptors: DescriptorBudget) -> GatewayLimits {
    GatewayLimits {
        all: descriptors.websockets,
        per_user: config.max_connections_per_user.get(),
        per_network: config.max_connections_per_address.get(),
        rate: match (config.rate_limit, config.rate_limit.burst()) {
            (RateLimit::PerSecond(rate), Some(burst)) => Some((rate, burst)),
            _ => None,
        },
    }
}

/// Checks what can be checked without a store: that values fit together, and that the files which
/// they name can be used.
///
/// # Errors
/// [`StartError`], as a start would have it.
pub fn check(config: &Config) -> Result<(), StartError> {
    config.check()?;
    certificate(config)?;
    page(config)?;
    if config.mongo().is_none() {
        config.data_directory()?;
    }
    Ok(())
}

fn page(config: &Config) -> Result<Page, PageError> {
    match &config.web_dir {
        Some(dir) => Page::in_directory(dir),
        None => Ok(Page::Embedded),
    }
}

impl Server {
    /// Starts a server; when this returns, it can be connected to.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let metrics = telemetry::metrics();
        let certificate = certificate(&config)?;
        let tls = certificate
            .as_ref()
            .map(Certificate::acceptor)
            .transpose()?;
        let page = page(&config)?;
        let listener = listen(&config.listen_on()?, Listener::passed()).await?;
        let address = address_of(&listener)?;
        let (store, place) = open_store(&config).await?;
        let (reporter, changes) = accounts::change_reports();
        let options = account_options(&config, config.is_exposed(address));
        let opened = Accounts::open(Arc::clone(&store), options, reporter).await;
        let accounts = opened.map_err(|error| accounts_failed(&place, error))?;
        let pages = BackgroundRuntime::start().map_err(internal)?;
        let environment = Arc::new(ServerEnvironment::new(&pages));
        let hub = open_hub(&store, &accounts, environment, &place).await?;
        let serving_admin = serve_admin(&config, &hub).await?;
        let disk = disk_space(&config)?;
        let descriptors = DescriptorBudget::of_process(config.max_http_connections.get());
        let allowed = gateway_limits(&config, descriptors);
        let gateway = Gateway::new(hub.clone(), allowed, disk.clone());
        let limits = Arc::new(http_limits(&config));
        let audit_kept_for = config.audit_kept_for();
        let hosts = host_policy(&config, address);
        let serving_metrics = serve_metrics(&config, &metrics, &accounts).await?;
        let proxies = TrustedProxies::new(config.trusted_proxy, tls.is_some());
        let http_state = HttpState {
            accounts: accounts.clone(),
            origins: Arc::new(OriginPolicy {
                allowed: config.allowed_origin,
                proxies: proxies.clone(),
                ..OriginPolicy::default()
            }),
            limits: Arc::clone(&limits),
            disk: disk.clone(),
            page,
            hub: Some(hub.clone()),
            hosts,
            hsts: tls.is_some(),
            metrics: serving_metrics.is_none().then(|| metrics.clone()),
        };
        let url = listener.url(if tls.is_some() { "https" } else { "http" });
        let public_url = config.public_url.map(|url| format!("{url:?}"));
        // An operator who reads the lines of the start may send SIGHUP at once.
        let mut background = vec![spawn(reload::run(certificate))];
        tracing::info!(address = %listener, %url, "listening");
        log_start(&url, public_url.as_deref(), &accounts, &store, &place);
        let service = Service {
            tls,
            router: http::router(http_state, Some(gateway)),
            connections: HttpConnections::new(descriptors.http),
            proxies,
        };
        background.extend(serving_metrics);
        background.extend(serving_admin);
        background.extend([
            spawn(tasks::convert(accounts.clone())),
            spawn(tasks::tidy(accounts, limits, audit_kept_for)),
            spawn(tasks::tend(Arc::clone(&store))),
            spawn(scrubbing::run(hub.clone())),
            spawn(heartbeat::run(hub.clone())),
            spawn(account_changes::run(hub.clone(), changes)),
            spawn(disk::run(disk)),
            spawn(telemetry::run_upkeep(metrics)),
        ]);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        Ok(Self {
            address,
            store,
            hub,
            stop,
            serving: spawn(serve::serve(listener, service, shutdown)),
            _background: background,
            _pages: pages,
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
            serving,
            ..
        } = self;
        let _ = stop.send(());
        hub.say_goodbye();
        hub.emptied(GOODBYE_WAIT).await;
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving ended badly");
        }
        hub.accounts().flush_audit().await;
        store.close().await;
    }
}

fn log_start(
    url: &str,
    public_url: Option<&str>,
    accounts: &Accounts,
    store: &SharedStore,
    place: &str,
) {
    if let Some(secret) = accounts.set_up_secret() {
        tracing::warn!(
            link = %format_args!("{}/setup/{secret}", public_url.unwrap_or(url)),
            "the server has no admin: open this link once, under the name by which browsers reach \
             the server, then sign up or sign in there"
        );
    }
    tracing::info!(
        kind = store.kind(),
        data = place,
        accounts = accounts.account_count(),
        registration = accounts.registration().name(),
        "store"
    );
}

fn http_limits(config: &Config) -> HttpLimits {
    match config.rate_limit.is_off() {
        true => HttpLimits::off(),
        false => HttpLimits::new(),
    }
}

fn host_policy(config: &Config, address: SocketAddr) -> HostPolicy {
    let public_host = config.public_url.as_ref().map(AllowedOrigin::host);
    HostPolicy::new(config.is_exposed(address), public_host)
}

/// Serves `/metrics` alone, in plain HTTP, where it has an address of its own.
async fn serve_metrics(
    config: &Config,
    metrics: &PrometheusHandle,
    accounts: &Accounts,
) -> Result<Option<Task>, StartError> {
    let Some(address) = &config.metrics_listen else {
        return Ok(None);
    };
    let listener = listen(&ListenOn::Tcp(address.clone()), Ok(None)).await?;
    tracing::info!(address = %listener, "metrics");
    let service = Service {
        tls: None,
        router: http::metrics_router(metrics.clone(), accounts.clone()),
        connections: HttpConnections::new(METRICS_CONNECTIONS_MAX),
        proxies: TrustedProxies::default(),
    };
    let never = std::future::pending();
    Ok(Some(spawn(serve::serve(listener, service, never))))
}

/// Listens at `place`, unless a socket was passed.
async fn listen(
    place: &ListenOn,
    passed: io::Result<Option<Listener>>,
) -> Result<Listener, StartError> {
    let address = place.to_string();
    let bound = match passed {
        Ok(None) => Listener::bind(place).await,
        Ok(Some(listener)) => return Ok(listener),
        Err(reason) => Err(reason),
    };
    bound.map_err(|reason| match reason.kind() {
        io::ErrorKind::AddrInUse => StartError::AddressTaken { address },
        _ => StartError::Listen { address, reason },
    })
}

fn address_of(listener: &Listener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|reason| StartError::Listen {
        address: listener.to_string(),
        reason,
    })
}

/// The name of this process for the operator of another one on the same database, with a random part
/// that tells it from an earlier one.
fn own_name() -> String {
    #[cfg(unix)]
    let machine = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    #[cfg(not(unix))]
    let machine = std::env::var("COMPUTERNAME").unwrap_or_default();
    let process = std::process::id();
    format!("process {process} on {machine}, {}", random_hex(4))
}

/// Takes the acts of `chat-server admin` at a unix socket. A server whose data directory can't hold
/// one runs without; a server whose operator names a path that can't hold one fails to start.
#[cfg(unix)]
async fn serve_admin(config: &Config, hub: &Hub) -> Result<Option<Task>, StartError> {
    let Some(path) = config.admin_socket()? else {
        return Ok(None);
    };
    match AdminSocket::bind(&path).await {
        Ok(socket) => {
            let address = config.public_url.as_ref().map(|url| format!("{url:?}"));
            let executor = Executor::new(hub.clone(), address);
            Ok(Some(spawn(socket.serve(executor))))
        }
        Err(error) if config.admin_socket.is_none() => {
            tracing::warn!(%error, "chat-server admin works only while this server is stopped");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
async fn serve_admin(_: &Config, _: &Hub) -> Result<Option<Task>, StartError> {
    Ok(None)
}

/// The store, and where its data lies, for people. Another server may use the same MongoDB only where
/// the configuration says so.
pub(crate) async fn open_store(config: &Config) -> Result<(SharedStore, String), StartError> {
    open_store_as(config, config.shared_database).await
}

/// As [`open_store`], for a command that may run beside a server on the same MongoDB.
pub(crate) async fn open_store_beside(
    config: &Config,
) -> Result<(SharedStore, String), StartError> {
    open_store_as(config, true).await
}

async fn open_store_as(
    config: &Config,
    is_shared: bool,
) -> Result<(SharedStore, String), StartError> {
    if let Some(url) = config.mongo() {
        let database = &config.mongo_database;
        let store = match is_shared {
            true => MongoStore::open(url.expose(), database).await?,
            false => MongoStore::open_alone(url.expose(), database, &own_name()).await?,
        };
        let place = format!("MongoDB at {}, database {database}", store.hosts());
        return Ok((Arc::new(store), place));
    }
    let dir = config.data_directory()?;
    let place = dir.display().to_string();
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&dir));
    let opened = opening.await.map_err(internal)?;
    Ok((Arc::new(opened?), place))
}

/// The disk that the data directory is on; no disk where the data is in MongoDB.
fn disk_space(config: &Config) -> Result<DiskSpace, StartError> {
    let reserve = u64::from(config.disk_reserve) << 20;
    Ok(match config.mongo() {
        Some(_) => DiskSpace::default(),
        None => DiskSpace::of(config.data_directory()?, reserve),
    })
}

fn accounts_failed(place: &str, error: accounts::OpenError) -> StartError {
    StartError::Accounts {
        place: place.to_owned(),
        error,
    }
}

/// What the operator says about accounts.
pub(crate) fn account_options(config: &Config, is_exposed: bool) -> accounts::Options {
    accounts::Options {
        admin: config.admin.clone(),
        is_exposed,
        registration: config.registration,
    }
}

fn internal(error: impl std::fmt::Display) -> StartError {
    StartError::Internal(error.to_string())
}

pub(crate) async fn open_hub(
    store: &SharedStore,
    accounts: &Accounts,
    environment: Arc<dyn Environment>,
    place: &str,
) -> Result<Hub, StartError> {
    let opened = Hub::open(Arc::clone(store), accounts.clone(), environment).await;
    opened.map_err(|error| StartError::Rooms {
        place: place.to_owned(),
        error,
    })
}

fn certificate(config: &Config) -> Result<Option<Arc<Certificate>>, StartError> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Ok(Some(Certificate::load(cert, key)?)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
