//! Asks for username and password line by line.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::scripts::Identity;
use crate::update::Password;

/// Turns the terminal's echo off for one line, and on again however that ends.
const READ_SILENTLY: &str = "trap 'stty echo' EXIT; trap 'exit 1' INT TERM HUP; stty -echo; IFS= read -r line; printf %s \"$line\"";

/// Returns the token of the saved sign-in, or signs in.
pub(crate) async fn token(who: &mut Identity) -> anyhow::Result<String> {
    if who.user.is_none() && io::stdin().is_terminal() {
        ask("Your name: ")?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        who.user = Some(line.trim().to_owned()).filter(|name| !name.is_empty());
    }
    let Some(user) = &who.user else {
        bail!("Say who you are with --user NAME.");
    };
    if let Some(token) = who.storage.token(&who.server, user)? {
        return Ok(token);
    }
    let password = match who.secret.read()? {
        Some(password) => password,
        None if io::stdin().is_terminal() => ask_password(user)?,
        None => bail!(
            "{user} is not logged in at {}; give the password in CHAT_PASSWORD.",
            who.server
        ),
    };
    who.sign_in_with(&password).await
}

fn ask_password(user: &str) -> anyhow::Result<Password> {
    ask(&format!("The password of {user}, which is not shown: "))?;
    let read = Command::new("sh")
        .args(["-c", READ_SILENTLY])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .context("The password can't be asked for; give it in CHAT_PASSWORD")?;
    ask("\n")?;
    let password = String::from_utf8(read.stdout).context("The password is not UTF-8")?;
    if !read.status.success() || password.is_empty() {
        bail!("No password was given. `chat-tui register --user {user}` makes an account.");
    }
    Ok(Password(password))
}

fn ask(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()
}
