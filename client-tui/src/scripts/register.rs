//! `chat-tui register`: creates an account.

use std::io::{BufRead, IsTerminal, Read};

use chat_shared::client::Accounts;
use chat_shared::{Username, check_new_password};

use super::connection::Identity;
use super::{Failure, Register, usage};
use crate::messages::scripts as messages;
use crate::update::Password;

/// The longest line that is read as a password, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;

pub(super) async fn run(args: Register, who: &Identity) -> Result<(), Failure> {
    let user = who.name()?;
    let name = Username::parse_new(user).map_err(|error| usage(format!("{error}.")))?;
    let password = match who.secret.read()? {
        Some(password) => password,
        None => from_stdin()?,
    };
    check_new_password(&password.0).map_err(|error| usage(format!("{error}.")))?;
    let mut accounts = Accounts::new(who.server.clone());
    if let Some(invite) = &who.invite {
        accounts = accounts.invite(invite.expose());
    }
    if args.bot {
        accounts.register_bot(name.as_str(), &password.0).await?;
    } else {
        accounts.register(name.as_str(), &password.0).await?;
    }
    let session = accounts.sign_in(name.as_str(), &password.0).await?;
    let saved = who
        .storage
        .save(&who.server, session.username.as_str(), &session.token);
    Ok(saved?)
}

/// Reads the first line of standard input.
fn from_stdin() -> Result<Password, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        // The terminal would show a password that is typed here.
        return Err(usage(messages::PASSWORD_NOT_FROM_TERMINAL));
    }
    let mut line = String::new();
    stdin
        .lock()
        .take(LINE_BYTES_MAX)
        .read_line(&mut line)
        .map_err(|error| usage(messages::password_not_read(error)))?;
    Ok(Password(line.trim_end_matches(['\r', '\n']).to_owned()))
}
