//! Signs in without the full screen: with the saved sign-in, a configured password, or a prompt.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};

use crate::messages::sign_in as messages;
use crate::scripts::Identity;
use crate::update::Password;

/// Returns the token of the saved sign-in, or signs in. Asks for a missing username or password if
/// standard input is a terminal.
pub(crate) async fn token(identity: &mut Identity) -> anyhow::Result<String> {
    if identity.user.is_none() && io::stdin().is_terminal() {
        print_prompt(messages::ASK_USERNAME)?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        identity.user = Some(line.trim().to_owned()).filter(|name| !name.is_empty());
    }
    let Some(user) = &identity.user else {
        bail!(messages::USERNAME_NEEDED);
    };
    if let Some(token) = identity.storage.token(&identity.server, user)? {
        return Ok(token);
    }
    let password = match identity.secret.read()? {
        Some(password) => password,
        None if io::stdin().is_terminal() => ask_password(user)?,
        None => bail!(messages::how_to_sign_in(user, &identity.server)),
    };
    identity.sign_in_with(&password).await
}

fn ask_password(user: &str) -> anyhow::Result<Password> {
    let password = rpassword::prompt_password(messages::ask_password(user))
        .context(messages::PASSWORD_PROMPT_FAILED)?;
    if password.is_empty() {
        bail!(messages::no_password(user));
    }
    Ok(Password(password))
}

fn print_prompt(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()
}
