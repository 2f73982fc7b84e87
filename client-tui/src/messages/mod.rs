//! Every text that the program shows to people, in one place, so that the texts can be read in
//! one go, edited, and translated later.
//!
//! Each situation has one sentence. A text says what happened and then what to do. Three kinds of
//! text stay beside what they describe: `--help` in [`crate::args`] and [`crate::scripts`], the
//! descriptions of keys and commands in [`crate::keys`], and those of the config file's keys in
//! [`crate::config`]. Errors of the server and of the SDK arrive as sentences and are shown as
//! they are.
//!
//! - [`chat`]: the chat screen and its commands
//! - [`sign_in`]: the sign-in form, and who is signed in where
//! - [`linear`]: lines that only linear mode prints
//! - [`program`]: the start, the terminal, files and the config
//! - [`scripts`]: the subcommands for scripts

pub(crate) mod admin;
pub(crate) mod chat;
pub(crate) mod linear;
pub(crate) mod program;
pub(crate) mod scripts;
pub(crate) mod sign_in;
