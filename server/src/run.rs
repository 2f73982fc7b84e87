//! A whole server, from its configuration to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::accounts::{self, Accounts};
#[cfg(unix)]
use crate::admin::{AdminSocket, Executor, SocketError};
use crate::config::{Config, ConfigError, RateLimit};
use crate::descriptors::DescriptorBudget;
use crate::gateway::{Gateway, GatewayLimits};
use crate::http::serve::Service;
use crate::http::{
    self, AllowedOrigin, Certificate, HostPolicy, HttpConnections, HttpLimits, HttpState,
    OriginPolicy, Page, PageError, TlsError, TrustedProxies, serve,
};
use crate::hub::{Hub, SystemEnvironment, account_changes, heartbeat, scrubbing};
use crate::{reload, telemetry};
use chat_server_store::mongo::{self, MongoStore};
use chat_server_store::sqlite::{self, SqliteStore};
use chat_server_store::{SharedStore, StoreError};

/// How long connections have to take their goodbye.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// HTTP connections at the address of the metrics.
const METRICS_CONNECTIONS_MAX: usize = 64;

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
    #[cfg(unix)]
    #[error("{0} Choose another path with --admin-socket.")]
    AdminSocket(#[from] SocketError),
    #[error("The accounts in {place} can't be opened: {error}.")]
    Accounts {
        place: String,
        error: accounts::OpenError,
    },
    #[error("The rooms in {place} can't be opened: {error}.")]
    Rooms { place: String, error: StoreError },
    #[error("The server could not start because of an error in it: {0}.")]
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
    _serving_metrics: Option<Task>,
    _serving_admin: Option<Task>,
    _converting: Task,
    _tidying: Task,
    _scrubbing: Task,
    _beating: Task,
    _account_changes: Task,
    _reloading: Task,
}

/// A task that ends with the [`Server`].
type Task = AbortOnDropHandle<()>;

fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Task {
    AbortOnDropHandle::new(tokio::spawn(future))
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
        let (reporter, changes) = accounts::change_reports();
        let options = account_options(&config, config.is_exposed(address));
        let accounts = Accounts::open(Arc::clone(&store), options, reporter)
            .await
            .map_err(|error| StartError::Accounts {
                place: place.clone(),
                error,
            })?;
        let hub = open_hub(&store, &accounts, &place).await?;
        let serving_admin = serve_admin(&config, &hub)?;
        let descriptors = DescriptorBudget::of_process(config.max_http_connections.get());
        let gateway = Gateway::new(hub.clone(), gateway_limits(&config, descriptors));
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
            }),
            limits: Arc::clone(&limits),
            page,
            hub: Some(hub.clone()),
            hosts,
            hsts: tls.is_some(),
            metrics: serving_metrics.is_none().then_some(metrics),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}");
        let public_url = config.public_url.map(|url| format!("{url:?}"));
        // Who reads the lines of the start may send SIGHUP at once.
        let reloading = spawn(reload::run(certificate));
        log_start(&url, public_url.as_deref(), &accounts, &store, &place);
        let service = Service {
            tls,
            router: http::router(http_state, Some(gateway)),
            connections: HttpConnections::new(descriptors.http),
            proxies,
        };
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        Ok(Self {
            address,
            store,
            hub: hub.clone(),
            stop,
            _serving_metrics: serving_metrics,
            _serving_admin: serving_admin,
            serving: spawn(serve::serve(listener, service, shutdown)),
            _converting: spawn(convert(accounts.clone())),
            _tidying: spawn(tidy(accounts, limits, audit_kept_for)),
            _scrubbing: spawn(scrubbing::run(hub.clone())),
            _beating: spawn(heartbeat::run(hub.clone())),
            _account_changes: spawn(account_changes::run(hub, changes)),
            _reloading: reloading,
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
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    tracing::info!(%address, %url, "listening");
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
    let listener = listen(address).await?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics");
    }
    let service = Service {
        tls: None,
        router: http::metrics_router(metrics.clone(), accounts.clone()),
        connections: HttpConnections::new(METRICS_CONNECTIONS_MAX),
        proxies: TrustedProxies::default(),
    };
    let never = std::future::pending();
    Ok(Some(spawn(serve::serve(listener, service, never))))
}

/// Takes the acts of `chat-server admin` at a unix socket. A server whose data directory can't hold
/// one runs without; an operator who names a path is told.
#[cfg(unix)]
fn serve_admin(config: &Config, hub: &Hub) -> Result<Option<Task>, StartError> {
    let Some(path) = config.admin_socket()? else {
        return Ok(None);
    };
    match AdminSocket::bind(&path) {
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
fn serve_admin(_: &Config, _: &Hub) -> Result<Option<Task>, StartError> {
    Ok(None)
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
pub(crate) async fn open_store(config: &Config) -> Result<(SharedStore, String), StartError> {
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

/// What the operator says about accounts.
pub(crate) fn account_options(config: &Config, is_exposed: bool) -> accounts::Options {
    accounts::Options {
        admin: config.admin.clone(),
        is_exposed,
        registration: config.registration,
    }
}

pub(crate) async fn open_hub(
    store: &SharedStore,
    accounts: &Accounts,
    place: &str,
) -> Result<Hub, StartError> {
    let environment = Arc::new(SystemEnvironment);
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

async fn convert(accounts: Accounts) {
    accounts.convert_plain_passwords().await;
}

async fn tidy(accounts: Accounts, limits: Arc<HttpLimits>, audit_kept_for: Duration) {
    let mut interval = tokio::time::interval(TIDY_INTERVAL);
    loop {
        interval.tick().await;
        limits.tidy();
        if let Err(error) = accounts.purge_sessions().await {
            tracing::warn!(%error, "sessions that have ended could not be purged");
        }
        if let Err(error) = accounts.purge_codes().await {
            tracing::warn!(%error, "invites that have expired could not be purged");
        }
        if let Err(error) = accounts.purge_audit(audit_kept_for).await {
            tracing::warn!(%error, "old entries of the audit could not be purged");
        }
    }
}

#[cfg(test)]
mod tests;
