//! chat-tui, the chat's terminal client.
//!
//! # Map
//!
//! - [`state`]: [`App`](state::App) and everything in it; plain data
//! - [`update`]: [`update`](update::update) turns an [`Event`](update::Event) and the state into
//!   the next state and a list of [`Effect`](update::Effect)s; no input or output
//! - [`view`]: [`draw`](view::draw) turns the state into a frame; changes nothing
//! - [`run`]: the main loop; carries out the effects
//! - [`net`]: talks to the server through the SDK ([`chat_shared::client`])
//! - [`keys`]: the tables of key bindings and slash commands
//! - [`text`]: makes other people's text safe to draw; [`grid`] draws it cell by cell
//! - [`messages`]: every text that people see
//! - [`storage`] and [`config`]: the files of the program
//! - [`linear`]: the same chat as plain lines; [`scripts`]: the subcommands for scripts
//!
//! # The path of a key press
//!
//! 1. crossterm reads the key; [`run::run`] wraps it in [`Event::Key`](update::Event::Key).
//! 2. [`update::update`] looks the key up in the [`Keymap`](keys::Keymap) and hands the
//!    [`Action`](keys::Action) to `update/chat_keys.rs`. Enter goes on to `update/enter.rs`, which
//!    sends a message (`update/sending.rs`) or runs a command (`update/commands.rs`).
//! 3. The message is added to the room's [`Pending`](state::Pending) list and leaves as
//!    [`Effect::Send`](update::Effect::Send).
//! 4. [`net::Net`] passes it to the SDK. The answer returns as
//!    [`Event::Sent`](update::Event::Sent).
//! 5. Before the next frame, [`update::settle`] adds what follows from the new state: read
//!    markers, missing pages, drafts to save. Then [`view::draw`] draws the frame.
//!
//! # The path of a frame from the server
//!
//! 1. The SDK decodes the frame and keeps it in order; [`net::Net::next`] returns it as
//!    [`Event::Sdk`](update::Event::Sdk).
//! 2. `update/server.rs` handles the connection's state, `update/frames.rs` applies the frame to
//!    the [`Room`](state::Room) that it is about.
//! 3. [`run::run`] draws at most one frame every 16 ms, however many arrive.

mod args;
mod config;
mod editor;
mod grid;
mod invite;
mod keys;
mod linear;
mod messages;
mod net;
mod notify;
mod run;
mod scripts;
mod signals;
mod state;
mod storage;
mod terminal;
mod terminal_colors;
#[cfg(test)]
mod testing;
mod text;
mod update;
mod view;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use args::{Args, CliCommand};
use chat_shared::Username;
use chat_shared::client::{Accounts, HttpError, ServerUrl, new_nonce};
use clap::Parser;
use config::{Config, PasswordSource, Profile, ThemeChoice};
use invite::Invite;
use jiff::tz::TimeZone;
use net::Net;
use run::{Notices, Program, now, run};
use scripts::Identity;
use state::{App, Chat, Editor, Nonces, Screen, SignIn, Size, Tab};
use storage::{DraftFile, Storage};
use update::{Effects, Password, send_waiting, submit_sign_in};

/// The screen size that decides how many messages linear mode loads.
const LINEAR_SIZE: Size = Size {
    columns: 80,
    rows: 24,
};

const DEFAULT_SERVER: &str = "http://127.0.0.1:8000";

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "{}",
                messages::program::line(format_args!("{error:#}"))
            );
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<ExitCode> {
    let command = args.command.clone();
    if command.is_none() && !args.linear && !is_dumb() && !io::stdout().is_terminal() {
        writeln!(io::stderr(), "{}", messages::program::NEEDS_A_TERMINAL)?;
        return Ok(ExitCode::from(2));
    }
    match &command {
        Some(CliCommand::Config) => return print(config::default_text().as_bytes()),
        Some(CliCommand::Completions { shell }) => {
            return print(args::completions(*shell).as_bytes());
        }
        _ => {}
    }
    let config = match Config::load(args.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return wrong_usage(&error),
    };
    let profile = match config.profile(args.profile.as_deref()) {
        Ok(profile) => profile,
        Err(error) => return wrong_usage(&error),
    };
    let storage = Storage::open()?;
    let linear = args.linear || config.linear || is_dumb();
    let invite = match &args.invite {
        Some(_) if linear && command.is_none() => {
            return wrong_usage(messages::program::NO_INVITE_IN_LINEAR_MODE);
        }
        Some(text) => match Invite::parse(text, args.server.as_ref()) {
            Ok(invite) => Some(invite),
            Err(error) => return wrong_usage(&error),
        },
        None => None,
    };
    let who = identity(args, invite, profile, storage)?;
    // One thread is enough for one user and needs the least memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match command {
        Some(CliCommand::SignOut) => runtime.block_on(sign_out(&who)),
        Some(CliCommand::Script(script)) => Ok(runtime.block_on(scripts::run(script, who))),
        _ if linear => runtime.block_on(lines(who, config)),
        _ => runtime.block_on(chat(who, config)),
    }
}

/// Prints data for another program; a closed pipe is not an error.
fn print(text: &[u8]) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn wrong_usage(error: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "{}", messages::program::line(error))?;
    Ok(ExitCode::from(2))
}

/// Chooses the server and the user: flags and environment, then the profile, then the last run.
fn identity(
    args: Args,
    invite: Option<Invite>,
    profile: Profile,
    storage: Storage,
) -> anyhow::Result<Identity> {
    let last = storage.last_used();
    let last_server = last.server.and_then(|text| ServerUrl::parse(&text).ok());
    let (invited_to, invite) = match invite {
        Some(Invite { server, code }) => (server, Some(code)),
        None => (None, None),
    };
    let chosen = args.server.or(invited_to);
    let chosen = chosen.or_else(|| profile.server.clone());
    let server = match chosen.or_else(|| last_server.clone()) {
        Some(server) => server,
        None => ServerUrl::parse(DEFAULT_SERVER)?,
    };
    let last_user = last.user.filter(|_| last_server.as_ref() == Some(&server));
    let user = args
        .user
        .or(profile.user)
        .map(|user| user.trim().to_owned())
        .filter(|user| !user.is_empty());
    // A password is never sent to another server than the one it is configured with.
    let secret = match profile.server {
        Some(of) if of != server => PasswordSource::default(),
        _ => profile.secret,
    };
    Ok(Identity {
        server,
        user: user.or(last_user),
        secret,
        storage,
        invite,
    })
}

/// The chat on the full screen.
async fn chat(who: Identity, config: Config) -> anyhow::Result<ExitCode> {
    let Identity {
        server,
        user,
        secret,
        storage,
        invite,
    } = who;
    let token = match &user {
        Some(user) => storage.token(&server, user)?,
        None => None,
    };
    let nonces = Nonces::new(new_nonce()?);
    let is_invited = invite.is_some();
    let mut net = Net::new(server.clone(), invite);
    let (mut first, mut drafts) = (Effects::new(), None);
    let screen = match (&user, token) {
        (Some(user), Some(token)) => {
            storage.remember(&server, user)?;
            let (mut chat, file) = saved_chat(&storage, &server, user)?;
            drafts = Some((chat.me.clone(), file));
            net.connect(token);
            send_waiting(&mut chat, now(), &mut first);
            Screen::Chat(Box::new(chat))
        }
        (user, _) => {
            let mut form = sign_in_form(user.as_deref(), secret.read()?, &mut first);
            if is_invited && !form.busy {
                form.tab = Tab::SignUp;
            }
            Screen::SignIn(Box::new(form))
        }
    };
    terminal::restore_on_panic();
    let links = Rc::default();
    let (mut terminal, guard) = terminal::set_up(Rc::clone(&links), config.mouse)
        .context(messages::program::TERMINAL_NOT_SET_UP)?;
    let size = terminal.size()?;
    let size = Size {
        columns: size.width,
        rows: size.height,
    };
    let mut app = app(&server, screen, nonces, size, &config);
    if app.colours {
        // Before the first frame: the query reads the terminal, and would swallow keys that the
        // user types once there is something to see.
        app.light = terminal_colors::is_light(config.theme);
    }
    let mut program = Program {
        app,
        net,
        storage,
        drafts,
        links,
        notices: Notices::new(config.notifications),
    };
    let ended = run(&mut program, &mut terminal, first).await;
    // Restore the terminal before waiting for the network.
    drop(guard);
    program.leave().await;
    ended
}

/// The chat as plain lines.
async fn lines(mut who: Identity, config: Config) -> anyhow::Result<ExitCode> {
    let token = linear::token(&mut who).await?;
    let Identity {
        server,
        user,
        storage,
        ..
    } = who;
    let user = user.unwrap_or_default();
    storage.remember(&server, &user)?;
    let (mut net, mut first) = (Net::new(server.clone(), None), Effects::new());
    let (mut chat, file) = saved_chat(&storage, &server, &user)?;
    let drafts = Some((chat.me.clone(), file));
    send_waiting(&mut chat, now(), &mut first);
    net.connect(token);
    let screen = Screen::Chat(Box::new(chat));
    let app = app(
        &server,
        screen,
        Nonces::new(new_nonce()?),
        LINEAR_SIZE,
        &config,
    );
    let mut program = Program {
        app,
        net,
        storage,
        drafts,
        links: Rc::default(),
        notices: Notices::new(config.notifications),
    };
    let ended = linear::run(&mut program, first).await;
    program.leave().await;
    ended
}

/// The chat of a saved sign-in, with the drafts and unsent messages of instances that have ended.
fn saved_chat(
    storage: &Storage,
    server: &ServerUrl,
    user: &str,
) -> anyhow::Result<(Chat, DraftFile)> {
    let (file, adopted) = storage.open_drafts(server, user)?;
    let mut chat = Chat::new(Username::existing(user));
    adopted.saved.restore(&mut chat);
    for warning in adopted.warnings {
        chat.current_mut().note(now(), warning, true);
    }
    Ok((chat, file))
}

fn is_dumb() -> bool {
    std::env::var("TERM").is_ok_and(|term| term == "dumb")
}

fn app(server: &ServerUrl, screen: Screen, nonces: Nonces, size: Size, config: &Config) -> App {
    App {
        size,
        zone: TimeZone::system(),
        colours: has_colours(config.theme),
        server: server.authority(),
        screen,
        help: None,
        quit_armed_until: None,
        focused: true,
        last_input: now(),
        now: now(),
        nonces,
        keys: config.keys.clone(),
        light: None,
    }
}

fn has_colours(theme: ThemeChoice) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && theme != ThemeChoice::Mono
}

/// The sign-in form; sent at once if username and password are known.
fn sign_in_form(user: Option<&str>, password: Option<Password>, first: &mut Effects) -> SignIn {
    let mut form = SignIn::new(user, None);
    if let Some(password) = password {
        form.password = Editor::with_text(&password.0);
        if user.is_some() {
            submit_sign_in(&mut form, first);
        }
    }
    form
}

async fn sign_out(who: &Identity) -> anyhow::Result<ExitCode> {
    let Identity {
        server, storage, ..
    } = who;
    let Some(user) = &who.user else {
        anyhow::bail!(messages::sign_in::no_saved_sign_in(server));
    };
    let Some(token) = storage.token(server, user)? else {
        anyhow::bail!(messages::sign_in::not_signed_in(user, server));
    };
    let revoked = Accounts::new(server.clone()).log_out(&token).await;
    // Remove the token from this computer whatever the server answers.
    storage.forget(server, user)?;
    match revoked {
        Ok(()) | Err(HttpError::NotSignedIn(_)) => {
            writeln!(
                io::stdout(),
                "{}",
                messages::sign_in::signed_out_of(user, server)
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => anyhow::bail!(messages::sign_in::session_not_ended(server, error)),
    }
}
