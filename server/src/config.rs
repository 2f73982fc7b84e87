//! What an operator may set, by flag or by environment variable.
//!
//! `Debug` of everything here is fit for a log: no password of a URL is in it.

use std::fmt;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use etcetera::{AppStrategy, AppStrategyArgs};
use ipnet::IpNet;
use url::Url;

use crate::http::AllowedOrigin;

/// Where the server listens unless it is told otherwise: this machine alone can reach it.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8000";

/// WebSocket connections of one user.
pub const CONNECTIONS_PER_USER_MAX_DEFAULT: usize = 64;

/// WebSocket connections from one client address.
pub const CONNECTIONS_PER_ADDRESS_MAX_DEFAULT: usize = 4_096;

/// Messages a second that one user may send in the long run.
pub const MESSAGES_PER_SECOND_DEFAULT: u32 = 20;

/// Seconds' worth of messages that one user may send at once.
const BURST_SECONDS: u32 = 5;

#[derive(Debug, Clone, Parser)]
#[command(
    name = "chat-server",
    version,
    about = "A chat that a team runs itself: one binary, no set-up.",
    after_help = "The log goes to standard error; RUST_LOG chooses what is in it (default: info)."
)]
pub struct Config {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Address and port to listen on [default: 127.0.0.1:8000]
    #[arg(long, env = "CHAT_LISTEN", value_name = "HOST:PORT")]
    pub listen: Option<String>,

    /// Port to listen on at every address, where --listen is not given
    #[arg(long, env = "PORT", value_name = "PORT")]
    pub port: Option<u16>,

    /// Directory that everything is kept in [default: chat-server in your data directory]
    #[arg(long, env = "CHAT_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Keep everything in this MongoDB instead
    #[arg(long, env = "MONGO_URL", value_name = "URL", hide_env_values = true)]
    pub mongo_url: Option<SecretUrl>,

    /// The database in MongoDB
    #[arg(
        long,
        env = "CHAT_MONGO_DATABASE",
        value_name = "NAME",
        default_value = "chatRoom"
    )]
    pub mongo_database: String,

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

    /// Certificate chain for TLS, in PEM
    #[arg(long, env = "CHAT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key for TLS, in PEM
    #[arg(long, env = "CHAT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// The bus that several servers share, such as nats://127.0.0.1:4222
    #[arg(long, env = "CHAT_BUS", value_name = "URL", hide_env_values = true)]
    pub bus: Option<SecretUrl>,

    /// This server's name among several
    #[arg(long, env = "CHAT_NODE_ID", value_name = "ID")]
    pub node_id: Option<String>,

    /// The account that is the server's admin [default: the first one made]
    #[arg(long, env = "CHAT_ADMIN", value_name = "NAME")]
    pub admin: Option<String>,
}

/// What to do instead of serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
pub enum Command {
    /// Replace the key that signs session tokens; nobody is signed out
    RotateKey,
}

/// Why the server can't run as it is configured. Each is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "MongoDB takes no database of that name (--mongo-database): use letters, digits, - and _, \
         63 characters at most."
    )]
    MongoDatabase,
    #[error("Several servers on one bus are not in this build yet: leave --bus out.")]
    BusUnsupported,
    #[error(
        "--bus can't be used with SQLite: one machine owns SQLite's files, so other servers would \
         have nothing to agree on. Several servers need MongoDB as their common truth (--mongo-url)."
    )]
    BusNeedsMongo,
    #[error("--tls-cert and --tls-key go together: give both, or neither.")]
    TlsHalfGiven,
    #[error("Your data directory can't be found ({0}): name one with --data-dir.")]
    NoDataDirectory(String),
}

impl Config {
    /// The address to listen on, as `HOST:PORT`.
    pub fn listen_address(&self) -> String {
        match (&self.listen, self.port) {
            (Some(listen), _) if !listen.is_empty() => listen.clone(),
            (_, Some(port)) => format!("0.0.0.0:{port}"),
            _ => LISTEN_DEFAULT.to_owned(),
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

    /// The MongoDB that everything is kept in, where one is chosen.
    pub fn mongo(&self) -> Option<&SecretUrl> {
        self.mongo_url.as_ref().filter(|url| !url.is_empty())
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
        if self.bus.as_ref().is_some_and(|url| !url.is_empty()) {
            return Err(match self.mongo() {
                Some(_) => ConfigError::BusUnsupported,
                None => ConfigError::BusNeedsMongo,
            });
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::TlsHalfGiven);
        }
        Ok(())
    }
}

/// What no flag and no environment variable changed.
impl Default for Config {
    fn default() -> Self {
        Self {
            command: None,
            listen: None,
            port: None,
            data_dir: None,
            mongo_url: None,
            mongo_database: "chatRoom".to_owned(),
            web_dir: None,
            allowed_origin: Vec::new(),
            trusted_proxy: Vec::new(),
            rate_limit: RateLimit::default(),
            max_connections_per_user: connections(CONNECTIONS_PER_USER_MAX_DEFAULT),
            max_connections_per_address: connections(CONNECTIONS_PER_ADDRESS_MAX_DEFAULT),
            tls_cert: None,
            tls_key: None,
            bus: None,
            node_id: None,
            admin: None,
        }
    }
}

fn connections(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN)
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "an IP address or a network is needed, such as 10.0.0.1 or 10.0.0.0/8".into())
}

/// A URL that may carry a password, which no `Debug`, log or error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL with its password: for the driver that connects, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for SecretUrl {
    type Err = std::convert::Infallible;

    /// Takes any text, so that no error of parsing can quote the password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A list of hosts, as MongoDB's URLs have it, is no URL to the parser; the scheme alone is
        // safe to show then. Queries may carry credentials too.
        match Url::parse(&self.0) {
            Ok(url) => {
                write!(f, "{}://{}/…", url.scheme(), url.host_str().unwrap_or("…"))
            }
            Err(_) => f.write_str("…"),
        }
    }
}

/// Messages a second that a user may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// No rate is limited, of messages or of HTTP calls.
    Off,
    PerSecond(NonZeroU32),
}

impl RateLimit {
    pub fn is_off(self) -> bool {
        self == Self::Off
    }

    /// Messages that a user may send at once; `None` when off.
    pub fn burst(self) -> Option<NonZeroU32> {
        match self {
            Self::Off => None,
            Self::PerSecond(n) => {
                Some(n.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1)))
            }
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        NonZeroU32::new(MESSAGES_PER_SECOND_DEFAULT).map_or(Self::Off, Self::PerSecond)
    }
}

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "off" => Ok(Self::Off),
            n => n
                .parse()
                .map(Self::PerSecond)
                .map_err(|_| "`off` or a whole number from 1 on is needed"),
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::PerSecond(n) => n.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment is not ours to read in tests, so every variable is dropped first.
    fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        use clap::{CommandFactory, FromArgMatches};
        let command = Config::command().mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        let args = ["chat-server"].iter().chain(args);
        Config::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    #[test]
    fn defaults_need_no_flag() {
        let parsed = parse(&[]).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Config::default()));
        assert_eq!(parsed.listen_address(), "127.0.0.1:8000");
        assert_eq!(parsed.rate_limit.burst(), NonZeroU32::new(100));
        assert_eq!(parsed.check(), Ok(()));
        assert!(parsed.data_directory().unwrap().ends_with("chat-server"));
    }

    #[test]
    fn addresses() {
        let check = |args: &[&str], expect: &str| {
            assert_eq!(parse(args).unwrap().listen_address(), expect, "{args:?}");
        };
        check(&["--port", "80"], "0.0.0.0:80");
        check(&["--listen", "[::1]:9"], "[::1]:9");
        check(&["--listen", "[::1]:9", "--port", "80"], "[::1]:9");
    }

    #[test]
    fn lists_repeat_and_split() {
        let config = parse(&[
            "--trusted-proxy",
            "10.0.0.0/8,::1",
            "--trusted-proxy",
            "192.0.2.7",
            "--allowed-origin",
            "https://a.example,http://b.example:81",
        ])
        .unwrap();
        assert_eq!(config.trusted_proxy.len(), 3);
        assert_eq!(config.allowed_origin.len(), 2);
    }

    #[test]
    fn refusals_say_what_to_do() {
        let check = |args: &[&str], mention: &str| {
            let text = parse(args).unwrap_err().to_string();
            assert!(text.contains(mention), "{args:?}: {text}");
        };
        check(&["--rate-limit", "0"], "`off` or a whole number");
        check(&["--trusted-proxy", "proxy"], "an IP address or a network");
        check(&["--allowed-origin", "*"], "an origin is needed");
        check(&["--tls-cert", "a.pem"], "--tls-key");
        check(&["--tls-key", "a.pem"], "--tls-cert");
        check(
            &["--max-connections-per-user", "0"],
            "--max-connections-per-user",
        );
    }

    #[test]
    fn what_this_build_cannot_serve() {
        let check = |args: &[&str], expect: ConfigError| {
            assert_eq!(parse(args).unwrap().check(), Err(expect), "{args:?}");
        };
        let bus = ["--bus", "nats://localhost"];
        check(&bus, ConfigError::BusNeedsMongo);
        let mongo = ["--mongo-url", "mongodb://localhost"];
        check(&[bus, mongo].concat(), ConfigError::BusUnsupported);
        for name in ["", "a.b", "a b", "$a", "a/b", &"a".repeat(64)] {
            check(&["--mongo-database", name], ConfigError::MongoDatabase);
        }
        assert_eq!(parse(&mongo).unwrap().check(), Ok(()));
        assert!(parse(&["--mongo-url", ""]).unwrap().mongo().is_none());
    }

    #[test]
    fn no_password_in_debug_or_help() {
        for url in [
            "mongodb://ann:hunter42@db.example/chat?x=hunter42",
            "mongodb://ann:hunter42@a.example:1,b.example:2/chat",
            "mongodb+srv://ann:hunter42@db.example",
            "mongodb://ann:hunter42@/chat",
            "ann:hunter42",
            "hunter42",
        ] {
            let config = parse(&["--mongo-url", url, "--bus", url]).unwrap();
            for text in [
                format!("{config:?}"),
                config.check().unwrap_err().to_string(),
            ] {
                assert!(!text.contains("hunter42"), "{text}");
            }
        }
        let config = parse(&["--mongo-url", "mongodb://ann:hunter42@db.example"]).unwrap();
        assert!(format!("{config:?}").contains("mongodb://db.example/…"));
    }
}
