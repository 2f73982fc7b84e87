//! The command line: flags, subcommands and the text of `--help`.
//!
//! The comments on the fields of [`Args`] and [`CliCommand`] are what `--help` prints, so they
//! follow the style of help texts. The subcommands for scripts are in [`crate::scripts`].

use std::path::PathBuf;

use chat_shared::client::ServerUrl;
use clap::{CommandFactory, Parser, Subcommand};

use crate::invite::InviteText;
use crate::scripts::{STATUS_HELP, Script};

/// A terminal client for the chat
///
/// Without a subcommand, chat-tui opens the chat on a full screen. The subcommands are for
/// scripts, except `sign-out`, `config` and `completions`.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, about, long_about, after_help = after_help())]
pub(crate) struct Args {
    /// The server's address: http, https, ws or wss [default: the last used, else
    /// http://127.0.0.1:8000]
    #[arg(long, global = true, value_name = "URL", env = "CHAT_SERVER")]
    #[arg(value_parser = ServerUrl::parse)]
    pub(crate) server: Option<ServerUrl>,

    /// Your username there [default: the last used]
    #[arg(long, global = true, value_name = "USER", env = "CHAT_USER")]
    pub(crate) user: Option<String>,

    /// A profile of the config file: a server and a user
    #[arg(long, global = true, value_name = "NAME", env = "CHAT_PROFILE")]
    pub(crate) profile: Option<String>,

    /// The config file [default: $XDG_CONFIG_HOME/chat-tui/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "CHAT_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// An invite to sign up with: its link or its code
    #[arg(
        long,
        global = true,
        value_name = "LINK",
        env = "CHAT_INVITE",
        hide_env_values = true
    )]
    pub(crate) invite: Option<InviteText>,

    /// Print plain lines instead of a screen, for screen readers; the default if TERM is dumb
    #[arg(long)]
    pub(crate) linear: bool,

    #[command(subcommand)]
    pub(crate) command: Option<CliCommand>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum CliCommand {
    /// End the session at the server and forget its token
    #[command(alias = "logout")]
    SignOut,
    /// Print a config file with every key, its default and its description
    Config,
    /// Print the completions of a shell
    Completions { shell: clap_complete::Shell },
    #[command(flatten)]
    Script(Script),
}

const PROGRAM: &str = "chat-tui";

const AFTER_HELP: &str = "\
The first start asks for a username and a password, and saves the session's token in a file that
only you can read, under $XDG_STATE_HOME/chat-tui. If CHAT_PASSWORD is set, it is used instead of
asking. NO_COLOR is honoured. F1 lists the keys.";

/// The script that completes the command line in `shell`.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        // For a program with a dash in its name, clap_complete's bash script uses two names for
        // its states (clap's issue 6421).
        clap_complete::Shell::Bash => script.replace("chat__subcmd__tui", "chat__tui"),
        _ => script.into_owned(),
    }
}

fn after_help() -> String {
    format!("{AFTER_HELP}\n\n{STATUS_HELP}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_may_come_before_or_after_a_subcommand() {
        Args::command().debug_assert();
        let lines = [
            "chat-tui --server wss://a.example --user ann sign-out",
            "chat-tui logout --user ann --server https://a.example",
        ];
        for line in lines {
            let args = Args::try_parse_from(line.split(' ')).unwrap();
            assert!(matches!(args.command, Some(CliCommand::SignOut)));
            assert_eq!(args.user.as_deref(), Some("ann"));
            assert_eq!(args.server.unwrap().to_string(), "https://a.example");
        }
    }

    #[test]
    fn every_state_of_the_bash_completions_has_its_case() {
        let script = completions(clap_complete::Shell::Bash);
        let states = script
            .lines()
            .filter_map(|line| line.trim().strip_prefix("cmd=\"")?.strip_suffix('"'))
            .filter(|state| !state.is_empty());
        let mut checked = 0;
        for state in states {
            let case = format!("{state})");
            let has_case = script.lines().any(|line| line.trim() == case);
            assert!(has_case, "no case for {state}");
            checked += 1;
        }
        assert!(checked > 8, "only {checked} states");
    }

    #[test]
    fn a_wrong_address_is_explained() {
        let error = Args::try_parse_from(["chat-tui", "--server", "a.example"]).unwrap_err();
        assert!(
            error.to_string().contains("begin with http:// or https://"),
            "{error}"
        );
    }
}
