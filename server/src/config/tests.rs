//! Flags, their defaults, and the sentences for those that can't be served.

use std::num::NonZeroU32;

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
    let listen = parsed.listen_on().unwrap();
    assert_eq!(listen, ListenOn::Tcp("127.0.0.1:8000".to_owned()));
    assert_eq!(parsed.rate_limit.burst(), NonZeroU32::new(100));
    assert_eq!(parsed.check(), Ok(()));
    assert!(parsed.data_directory().unwrap().ends_with("chat-server"));
}

#[test]
fn addresses() {
    let check = |args: &[&str], expect: &str| {
        let place = parse(args).unwrap().listen_on().unwrap();
        assert_eq!(place.to_string(), expect, "{args:?}");
    };
    check(&["--port", "80"], "port 80");
    check(&["--listen", "unix:/run/chat.sock"], "unix:/run/chat.sock");
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
fn combinations_that_can_not_be_served_are_refused() {
    let check = |args: &[&str], expect: ConfigError| {
        assert_eq!(parse(args).unwrap().check(), Err(expect), "{args:?}");
    };
    let mongo = ["--mongo-url", "mongodb://localhost"];
    for name in ["", "a.b", "a b", "$a", "a/b", &"a".repeat(64)] {
        check(&["--mongo-database", name], ConfigError::MongoDatabase);
    }
    let socket = ["--listen", "unix:/s", "--tls-cert", "c", "--tls-key", "k"];
    check(&socket, ConfigError::TlsOnUnixSocket);
    assert_eq!(parse(&mongo).unwrap().check(), Ok(()));
    assert!(parse(&["--mongo-url", ""]).unwrap().mongo().is_none());
}

#[test]
fn a_bus_in_the_environment_is_refused() {
    let check = |value: Option<&str>| {
        check_environment(|name| value.filter(|_| name == "CHAT_BUS").map(OsString::from))
    };
    assert_eq!(check(None), Ok(()));
    assert_eq!(check(Some("")), Ok(()));
    assert_eq!(
        check(Some("nats://ann:hunter42@localhost")),
        Err(ConfigError::BusUnsupported)
    );
    let text = ConfigError::BusUnsupported.to_string();
    assert!(text.ends_with("unset CHAT_BUS."), "{text}");
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
        let config = parse(&["--mongo-url", url, "--mongo-database", ""]).unwrap();
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
