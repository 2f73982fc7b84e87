//! The server's flags and environment variables.
//!
//! `Debug` of everything here is fit for a log: no password of a URL is in it.

mod error;
mod file;
mod values;

pub use self::error::ConfigError;
pub use self::file::{ReadError, read};

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use etcetera::{AppStrategy, AppStrategyArgs};
use ipnet::IpNet;

use self::values::parse_network;
pub use self::values::{RateLimit, SecretUrl};
use crate::accounts::Registration;
use crate::admin::AdminArgs;
use crate::http::AllowedOrigin;
use crate::http::serve::HTTP_CONNECTIONS_MAX;
use crate::listen::ListenOn;
use crate::telemetry::{LogFormat, LogLevel};

/// The default address. Only this machine can reach it.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8000";

/// WebSocket connections of one user.
pub const CONNECTIONS_PER_USER_MAX_DEFAULT: usize = 64;

/// WebSocket connections from one client address.
pub const CONNECTIONS_PER_ADDRESS_MAX_DEFAULT: usize = 4_096;

/// Days for which the audit is kept.
pub const AUDIT_DAYS_DEFAULT: NonZeroU32 = NonZeroU32::new(90).unwrap();

/// The socket of `chat-server admin` in the data directory.
const ADMIN_SOCKET: &str = "admin.sock";

/// Messages a second that one user may send in the long run.
pub const MESSAGES_PER_SECOND_DEFAULT: u32 = 20;

/// The name of systemd's credential that is the value of `--mongo-url`.
pub const MONGO_URL_CREDENTIAL: &str = "mongo-url";

/// MiB of the disk that are left for what must go on when it is almost full.
pub const DISK_RESERVE_MIB_DEFAULT: u32 = 64;

#[derive(Debug, Clone, Parser)]
#[command(
    name = "chat-server",
    version,
    about = "A chat that a team runs itself: one binary, no set-up.",
    after_help = "The log goes to standard error. A file that --config names may hold the same settings."
)]
pub struct Config {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// File with settings in TOML: a flag's name without the dashes, and its value; flags and
    /// environment variables win
    #[arg(long, env = "CHAT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address and port to listen on, or the path of a unix socket [default: 127.0.0.1:8000]
    #[arg(long, env = "CHAT_LISTEN", value_name = "HOST:PORT|unix:PATH")]
    pub listen: Option<String>,

    /// Port to listen on at every address, IPv4 and IPv6, where --listen is not given
    #[arg(long, env = "PORT", value_name = "PORT")]
    pub port: Option<u16>,

    /// Directory that everything is kept in [default: chat-server in your data directory]
    #[arg(long, env = "CHAT_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// MiB of the disk that SQLite leaves free: below, new messages, accounts and pictures are refused;
    /// 0 for none
    #[arg(
        long,
        env = "CHAT_DISK_RESERVE",
        value_name = "MIB",
        default_value_t = DISK_RESERVE_MIB_DEFAULT
    )]
    pub disk_reserve: u32,

    /// Form of the log's lines: for people, one JSON object a line, or with a priority for journald
    #[arg(
        long,
        env = "CHAT_LOG_FORMAT",
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// What is in the log: error, warn, info, debug or trace, also for one part of the program, such
    /// as `info,chat_server::http=debug`
    #[arg(long, env = "RUST_LOG", value_name = "LEVEL", default_value_t)]
    pub log_level: LogLevel,

    /// Unix socket at which a running server takes the acts of `chat-server admin` [default: admin.sock
    /// in the data directory; none with MongoDB]
    #[arg(long, env = "CHAT_ADMIN_SOCKET", value_name = "PATH")]
    pub admin_socket: Option<PathBuf>,

    /// Keep everything in this MongoDB instead
    #[arg(long, env = "MONGO_URL", value_name = "URL", hide_env_values = true)]
    pub mongo_url: Option<SecretUrl>,

    /// File whose text is the value of --mongo-url, to keep the password out of the environment
    #[arg(long, env = "MONGO_URL_FILE", value_name = "FILE")]
    pub mongo_url_file: Option<PathBuf>,

    /// The database in MongoDB
    #[arg(
        long,
        env = "CHAT_MONGO_DATABASE",
        value_name = "NAME",
        default_value = "chatRoom"
    )]
    pub mongo_database: String,

    /// Let other servers use the database too; for tests, because there is no bus between them
    #[arg(long, hide = true)]
    pub shared_database: bool,

    /// Serve this page: its index.html at /, its files under /static/
    #[arg(long, env = "CHAT_WEB_DIR", value_name = "DIR")]
    pub web_dir: Option<PathBuf>,

    /// Another origin whose pages may use this server, such as `https://chat.example`; may be repeated
    #[arg(
        long,
        env = "CHAT_ALLOWED_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origin: Vec<AllowedOrigin>,

    /// Address that people open, such as `https://chat.example`; requests that name another host are
    /// refused, but for IP addresses and localhost
    #[arg(long, env = "CHAT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<AllowedOrigin>,

    /// Serve /metrics at this address and port instead
    #[arg(long, env = "CHAT_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub metrics_listen: Option<String>,

    /// Address or network of a reverse proxy whose X-Forwarded-For, -Host and -Proto are believed;
    /// may be repeated
    #[arg(
        long,
        env = "CHAT_TRUSTED_PROXY",
        value_name = "IP|CIDR",
        value_delimiter = ',',
        value_parser = parse_network
    )]
    pub trusted_proxy: Vec<IpNet>,

    /// Messages a second that a user may send in the long run, five times that at once; `off`
    /// turns every rate limit off, the HTTP calls' too
    #[arg(long, env = "CHAT_RATE_LIMIT", value_name = "N|off", default_value_t)]
    pub rate_limit: RateLimit,

    /// WebSocket connections that a user may have
    #[arg(
        long,
        env = "CHAT_MAX_CONNECTIONS_PER_USER",
        value_name = "N",
        default_value_t = connections(CONNECTIONS_PER_USER_MAX_DEFAULT)
    )]
    pub max_connections_per_user: NonZeroUsize,

    /// WebSocket connections that a client address may have
    #[arg(
        long,
        env = "CHAT_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = connections(CONNECTIONS_PER_ADDRESS_MAX_DEFAULT)
    )]
    pub max_connections_per_address: NonZeroUsize,

    /// HTTP connections of all clients, idle ones included; where there are more, the longest idle
    /// one of the network that has most is closed
    #[arg(
        long,
        env = "CHAT_MAX_HTTP_CONNECTIONS",
        value_name = "N",
        default_value_t = connections(HTTP_CONNECTIONS_MAX)
    )]
    pub max_http_connections: NonZeroUsize,

    /// Certificate chain for TLS, in PEM
    #[arg(long, env = "CHAT_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// Private key for TLS, in PEM
    #[arg(long, env = "CHAT_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// The people who may sign up [default: open; invite on a new server that others than this
    /// machine can reach]
    #[arg(long, env = "CHAT_REGISTRATION", value_enum)]
    pub registration: Option<Registration>,

    /// Days for which the audit is kept: who signed in and who changed what
    #[arg(
        long,
        env = "CHAT_AUDIT_DAYS",
        value_name = "N",
        default_value_t = AUDIT_DAYS_DEFAULT
    )]
    pub audit_days: NonZeroU32,

    /// An account that is an admin of the server [default: the first person who signs up, or who opens
    /// the set-up link in the log where others can reach the server]
    #[arg(long, env = "CHAT_ADMIN", value_name = "NAME")]
    pub admin: Option<String>,
}

/// Subcommands, which do something instead of serving.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum Command {
    /// Copy the SQLite database to a new file and verify the copy; the server may run meanwhile
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Put a backup into a data directory that has no database; everyone signs in again, and clients
    /// drop what they keep of messages that the backup lacks
    Restore {
        /// A file that `backup` made
        file: PathBuf,
    },
    /// Tell clients that the data was restored by other means, such as mongorestore: end all
    /// sessions, and let clients drop what they keep of messages; stop the servers first
    RenewLog,
    /// Replace the key that signs session tokens; nobody is signed out
    RotateKey,
    /// Look after the configuration
    Config {
        /// What to do with it
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Manage accounts and admins, on a running server or a stopped one
    #[command(after_help = ADMIN_HELP)]
    Admin(AdminArgs),
}

/// What can be done with the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
pub enum ConfigAction {
    /// Check that a server could start with it, as far as that is known without the data
    Check,
}

/// What `chat-server admin --help` adds.
const ADMIN_HELP: &str = "\
Run it as the server's user or as root, with the server's --data-dir or --mongo-url. It asks the server that runs,
or opens the store itself if none does.

Examples:
  chat-server admin people list
  chat-server admin people make-admin ann
  chat-server admin audit --limit 20
  chat-server admin --json people list | jq -r .username";

impl Config {
    /// The place to listen at.
    ///
    /// # Errors
    /// [`ConfigError::Listen`] where it is a unix socket without a path.
    pub fn listen_on(&self) -> Result<ListenOn, ConfigError> {
        match (&self.listen, self.port) {
            (Some(listen), _) if !listen.is_empty() => listen.parse().map_err(ConfigError::Listen),
            (_, Some(port)) => Ok(ListenOn::Port(port)),
            _ => Ok(ListenOn::Tcp(LISTEN_DEFAULT.to_owned())),
        }
    }

    /// The directory that SQLite's files are in.
    ///
    /// # Errors
    /// [`ConfigError::NoDataDirectory`] where none is given and the user has no home.
    pub fn data_directory(&self) -> Result<PathBuf, ConfigError> {
        if let Some(dir) = self
            .data_dir
            .as_ref()
            .filter(|dir| !dir.as_os_str().is_empty())
        {
            return Ok(dir.clone());
        }
        let app = AppStrategyArgs {
            top_level_domain: "org".to_owned(),
            author: "Chat".to_owned(),
            app_name: "chat-server".to_owned(),
        };
        etcetera::choose_app_strategy(app)
            .map(|strategy| strategy.data_dir())
            .map_err(|error| ConfigError::NoDataDirectory(error.to_string()))
    }

    /// Reads the secrets that are in files of their own: of `--mongo-url-file`, else of systemd's
    /// credential `mongo-url`, if nothing else names a MongoDB. `credentials` is the directory that systemd
    /// keeps credentials in for this service.
    ///
    /// # Errors
    /// [`ConfigError::MongoUrlFile`].
    pub fn read_secrets(&mut self, credentials: Option<OsString>) -> Result<(), ConfigError> {
        if self.mongo().is_some() {
            return Ok(());
        }
        let credential = credentials.map(|dir| PathBuf::from(dir).join(MONGO_URL_CREDENTIAL));
        let named = self.mongo_url_file.clone();
        let Some(file) = named.or(credential.filter(|file| file.exists())) else {
            return Ok(());
        };
        let url = file::read_secret(&file)
            .map_err(|error| ConfigError::MongoUrlFile(error.to_string()))?;
        if url.trim().is_empty() {
            return Err(ConfigError::MongoUrlFile(format!(
                "{} is empty",
                file.display()
            )));
        }
        self.mongo_url = Some(SecretUrl::from(url));
        Ok(())
    }

    /// The unix socket of `chat-server admin`. With MongoDB there is one only where it is named.
    ///
    /// # Errors
    /// [`ConfigError::NoDataDirectory`].
    pub fn admin_socket(&self) -> Result<Option<PathBuf>, ConfigError> {
        let named = self.admin_socket.as_ref();
        if let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) {
            return Ok(Some(path.clone()));
        }
        match self.mongo() {
            Some(_) => Ok(None),
            None => Ok(Some(self.data_directory()?.join(ADMIN_SOCKET))),
        }
    }

    /// How long an entry of the audit is kept.
    pub fn audit_kept_for(&self) -> Duration {
        Duration::from_secs(u64::from(self.audit_days.get()) * 24 * 60 * 60)
    }

    /// The MongoDB that everything is kept in, where one is chosen.
    pub fn mongo(&self) -> Option<&SecretUrl> {
        self.mongo_url.as_ref().filter(|url| !url.is_empty())
    }

    /// Whether others than this machine's users can reach a server that listens on `address`.
    pub fn is_exposed(&self, address: SocketAddr) -> bool {
        !address.ip().to_canonical().is_loopback() || !self.trusted_proxy.is_empty()
    }

    /// Refuses combinations that this build can't serve.
    ///
    /// # Errors
    /// [`ConfigError`], a sentence for the operator.
    pub fn check(&self) -> Result<(), ConfigError> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let database = &self.mongo_database;
        if !(1..=63).contains(&database.len()) || !database.bytes().all(is_plain) {
            return Err(ConfigError::MongoDatabase);
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::TlsHalfGiven);
        }
        #[cfg(unix)]
        if matches!(self.listen_on()?, ListenOn::Unix(_)) && self.tls_cert.is_some() {
            return Err(ConfigError::TlsOnUnixSocket);
        }
        Ok(())
    }
}

/// Refuses environment variables that an operator may rely on and that this version can't honor.
/// `variable` returns the value of one.
///
/// # Errors
/// [`ConfigError`], a sentence for the operator.
pub fn check_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), ConfigError> {
    match variable("CHAT_BUS").is_some_and(|value| !value.is_empty()) {
        true => Err(ConfigError::BusUnsupported),
        false => Ok(()),
    }
}

/// The configuration without any flag or environment variable.
impl Default for Config {
    fn default() -> Self {
        Self {
            command: None,
            config: None,
            listen: None,
            port: None,
            data_dir: None,
            disk_reserve: DISK_RESERVE_MIB_DEFAULT,
            log_format: LogFormat::Text,
            admin_socket: None,
            mongo_url: None,
            mongo_url_file: None,
            log_level: LogLevel::default(),
            mongo_database: "chatRoom".to_owned(),
            shared_database: false,
            web_dir: None,
            allowed_origin: Vec::new(),
            public_url: None,
            metrics_listen: None,
            trusted_proxy: Vec::new(),
            rate_limit: RateLimit::default(),
            max_connections_per_user: connections(CONNECTIONS_PER_USER_MAX_DEFAULT),
            max_connections_per_address: connections(CONNECTIONS_PER_ADDRESS_MAX_DEFAULT),
            max_http_connections: connections(HTTP_CONNECTIONS_MAX),
            tls_cert: None,
            tls_key: None,
            registration: None,
            audit_days: AUDIT_DAYS_DEFAULT,
            admin: None,
        }
    }
}

fn connections(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests;
