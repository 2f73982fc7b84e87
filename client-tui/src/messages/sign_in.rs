//! The sentences of the sign-in form and about saved sign-ins.

use std::fmt::Display;

use crate::state::Tab;

pub(crate) const TITLE: &str = "chat";
pub(crate) const TAB_SIGN_IN: &str = "Sign in";
pub(crate) const TAB_SIGN_UP: &str = "Sign up";
pub(crate) const USERNAME: &str = "Username";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const USERNAME_MISSING: &str = "Type your username.";
pub(crate) const PASSWORD_MISSING: &str = "Type your password.";
pub(crate) const TOO_LONG_TO_PASTE: &str = "That is too long to paste here.";
pub(crate) const ASKING: &str = "Asking the server …";
pub(crate) const QUIT_ARMED: &str = "Ctrl-C again quits";
pub(crate) const SIGNED_OUT: &str = "You were signed out; sign in again.";

pub(crate) fn saved_for_other_user(theirs: impl Display, mine: impl Display) -> String {
    format!("The saved sign-in belongs to {theirs}, not to {mine}; sign in again.")
}

pub(crate) fn keys(tab: Tab) -> &'static str {
    match tab {
        Tab::SignIn => "Enter signs in · F2 sign up instead · F1 help",
        Tab::SignUp => "Enter creates the account and signs in · F2 sign in instead · F1 help",
    }
}

pub(crate) fn no_saved_sign_in(server: impl Display) -> String {
    format!("Nobody is signed in at {server}; name a user with --user.")
}

pub(crate) fn not_signed_in(user: &str, server: impl Display) -> String {
    format!("{user} is not signed in at {server} on this computer.")
}

pub(crate) fn how_to_sign_in(user: &str, server: impl Display) -> String {
    format!(
        "{user} is not signed in at {server} on this computer. Sign in with `chat-tui`, or give \
         the password in CHAT_PASSWORD, or with password_command or password_file in the config \
         file."
    )
}

pub(crate) fn signed_out_of(user: &str, server: impl Display) -> String {
    format!("{user} is signed out of {server}.")
}

pub(crate) fn session_not_ended(server: impl Display, why: impl Display) -> String {
    format!("The session was removed from this computer, but {server} could not end it: {why}")
}

pub(crate) fn session_not_saved(why: impl Display) -> String {
    format!("The sign-in could not be saved: {why}. You must sign in again next time.")
}

pub(crate) fn no_invite(said: &str) -> String {
    let said = said.trim_end_matches('.');
    format!("{said}. Then start again with `chat-tui --invite LINK`.")
}

pub(crate) const ASK_USERNAME: &str = "Username: ";
pub(crate) const USERNAME_NEEDED: &str = "Give a username with --user.";

pub(crate) fn ask_password(user: &str) -> String {
    format!("Password for {user}: ")
}

pub(crate) fn no_password(user: &str) -> String {
    format!("No password was given. `chat-tui register --user {user}` creates an account.")
}

pub(crate) const PASSWORD_PROMPT_FAILED: &str =
    "The password can't be read from the terminal; give it in CHAT_PASSWORD";
