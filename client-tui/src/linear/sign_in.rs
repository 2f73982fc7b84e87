//! Asks for username and password line by line.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};

use crate::messages::sign_in as messages;
use crate::scripts::Identity;
use crate::update::Password;

/// Returns the token of the saved sign-in, or signs in.
pub(crate) async fn token(who: &mut Identity) -> anyhow::Result<String> {
    if who.user.is_none() && io::stdin().is_terminal() {
        ask(messages::ASK_USERNAME)?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        who.user = Some(line.trim().to_owned()).filter(|name| !name.is_empty());
    }
    let Some(user) = &who.user else {
        bail!(messages::USERNAME_NEEDED);
    };
    if let Some(token) = who.storage.token(&who.server, user)? {
        return Ok(token);
    }
    let password = match who.secret.read()? {
        Some(password) => password,
        None if io::stdin().is_terminal() => ask_password(user)?,
        None => bail!(messages::give_password(user, &who.server)),
    };
    who.sign_in_with(&password).await
}

fn ask_password(user: &str) -> anyhow::Result<Password> {
    let password = rpassword::prompt_password(messages::ask_password(user))
        .context(messages::PASSWORD_CANT_BE_ASKED)?;
    if password.is_empty() {
        bail!(messages::no_password(user));
    }
    Ok(Password(password))
}

fn ask(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()
}
