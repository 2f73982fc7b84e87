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
    check(&["--log-level", "chat=loud"], "--log-level");
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
    check(&["--tls-cert", "a.pem"], ConfigError::TlsHalfGiven);
    check(&["--tls-key", "a.pem"], ConfigError::TlsHalfGiven);
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

/// The table of flags in docs/operate.md: the flags and variables of each row.
fn documented() -> Vec<(String, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md");
    let text = std::fs::read_to_string(file).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `--"));
    let pairs = rows.flat_map(|row| {
        let mut cells = row.split("` | ");
        let (flags, variables) = (cells.next().unwrap(), cells.next().unwrap());
        let flags = flags.trim_start_matches("| ").split(", ");
        let flags = flags.map(|flag| {
            let flag = flag.trim_matches('`').trim_start_matches("--");
            flag.split(' ').next().unwrap_or_default().to_owned()
        });
        let variables = variables
            .split(", ")
            .map(|it| it.trim_matches('`').to_owned());
        flags.zip(variables).collect::<Vec<_>>()
    });
    pairs.collect()
}

#[test]
fn the_docs_list_every_flag_with_its_variable() {
    use clap::CommandFactory;
    let command = Config::command();
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut flags: Vec<_> = shown
        .filter_map(|arg| {
            let variable = arg.get_env()?.to_str()?;
            Some((arg.get_long()?.to_owned(), variable.to_owned()))
        })
        .collect();
    let mut documented = documented();
    flags.sort();
    documented.sort();
    assert_eq!(flags, documented);
}

mod files {
    use super::*;
    use std::path::Path;

    /// Reads a configuration file with these flags; `variable` names the file otherwise.
    fn read(text: &str, args: &[&str], by_variable: bool) -> Result<Config, ReadError> {
        use clap::CommandFactory;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("chat.toml");
        std::fs::write(&file, text).unwrap();
        read_file(&file, args, by_variable, Config::command())
    }

    fn read_file(
        file: &Path,
        args: &[&str],
        by_variable: bool,
        command: clap::Command,
    ) -> Result<Config, ReadError> {
        // The environment is not ours to read in tests.
        let command = command.mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        let mut all = vec![OsString::from("chat-server")];
        if !by_variable {
            all.extend(["--config".into(), file.into()]);
        }
        all.extend(args.iter().map(OsString::from));
        file::read_as(all, command, by_variable.then(|| file.into()))
    }

    const FILE: &str = r#"
        listen = "[::1]:9"
        rate-limit = 5
        trusted-proxy = ["10.0.0.0/8", "::1"]
        log-format = "json"
        tls-cert = "cert.pem"
    "#;

    #[test]
    fn a_file_has_the_flags_names_and_flags_win() {
        for by_variable in [false, true] {
            let config = read(FILE, &[], by_variable).unwrap();
            assert_eq!(config.listen_on().unwrap().to_string(), "[::1]:9");
            assert_eq!(config.rate_limit.to_string(), "5");
            assert_eq!(config.trusted_proxy.len(), 2);
            assert_eq!(config.log_format, LogFormat::Json);
            assert_eq!(config.check(), Err(ConfigError::TlsHalfGiven));
        }
        let flags = [
            "--rate-limit",
            "off",
            "--trusted-proxy",
            "192.0.2.1",
            "--tls-key",
            "k",
        ];
        let config = read(FILE, &flags, false).unwrap();
        assert!(config.rate_limit.is_off());
        assert_eq!(config.trusted_proxy.len(), 1, "a list is replaced");
        assert_eq!(config.check(), Ok(()));
        let config = read(FILE, &["config", "check"], false).unwrap();
        assert_eq!(
            config.command,
            Some(Command::Config {
                action: ConfigAction::Check
            })
        );
    }

    #[test]
    fn a_flag_that_says_the_same_in_another_way_wins_too() {
        let file = "listen = \"[::1]:9\"\nmongo-url = \"mongodb://old\"";
        let config = read(file, &["--port", "81"], false).unwrap();
        assert_eq!(config.listen_on().unwrap(), ListenOn::Port(81));
        let config = read(file, &["--mongo-url-file", "new"], false).unwrap();
        assert!(config.mongo().is_none(), "the file of the flag is read");
        let config = read(file, &["--port", "81", "--listen", "[::1]:7"], false).unwrap();
        assert_eq!(config.listen_on().unwrap().to_string(), "[::1]:7");
    }

    #[test]
    fn help_shows_nothing_of_the_file() {
        let file = "mongo-url = \"mongodb://ann:hunter42@db.example\"";
        let help = read(file, &["--help"], false).unwrap_err().to_string();
        assert!(help.contains("--mongo-url"), "{help}");
        assert!(!help.contains("hunter42"), "{help}");
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let check = |text: &str, mention: &[&str]| {
            let error = read(text, &[], false).unwrap_err().to_string();
            for mention in mention {
                assert!(error.contains(mention), "{text}: {error}");
            }
            assert!(!error.contains("hunter42"), "{error}");
        };
        check("lisen = \"x\"", &["\"lisen\"", "\"listen\" may be meant"]);
        check("config = \"x\"", &["\"config\""]);
        check("help = \"x\"", &["\"help\""]);
        check("shared-database = true", &["shared-database"]);
        check("[tls]\ncert = \"x\"", &["\"tls\""]);
        check("rate-limit = true", &["\"rate-limit\"", "a whole number"]);
        check("rate-limit = 0", &["--rate-limit"]);
        check(
            "allowed-origin = [1]",
            &["\"allowed-origin\"", "quotation marks"],
        );
        check("\nmongo-url = hunter42", &["line 2 is not valid TOML"]);
        let missing = Path::new("/nowhere/chat.toml");
        let command = <Config as clap::CommandFactory>::command();
        let error = read_file(missing, &[], false, command)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nowhere/chat.toml can't be read"),
            "{error}"
        );
    }

    #[test]
    fn a_secret_may_be_in_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let url = "mongodb://ann:hunter42@db.example";
        let file = dir.path().join(MONGO_URL_CREDENTIAL);
        std::fs::write(&file, format!("{url}\n")).unwrap();
        let read = |mut config: Config, credentials: Option<&Path>| {
            let read = config.read_secrets(credentials.map(OsString::from));
            read.map(|()| config.mongo().map(|url| url.expose().to_owned()))
        };
        let named = Config {
            mongo_url_file: Some(file.clone()),
            ..Config::default()
        };
        assert_eq!(read(named.clone(), None), Ok(Some(url.to_owned())));
        let by_systemd = read(Config::default(), Some(dir.path()));
        assert_eq!(by_systemd, Ok(Some(url.to_owned())));
        assert_eq!(
            read(Config::default(), Some(Path::new("/nowhere"))),
            Ok(None)
        );
        let given = Config {
            mongo_url: Some("mongodb://other".parse().unwrap()),
            ..named
        };
        assert_eq!(read(given, None), Ok(Some("mongodb://other".to_owned())));
        let missing = Config {
            mongo_url_file: Some("/nowhere".into()),
            ..Config::default()
        };
        let error = read(missing, None).unwrap_err().to_string();
        assert!(error.contains("--mongo-url-file"), "{error}");
        std::fs::write(&file, "\n").unwrap();
        let error = read(Config::default(), Some(dir.path())).unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
    }
}
