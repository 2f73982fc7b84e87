//! The chat's terminal client.
//!
//! Keys and the network become events; [`update`] turns state and event into the next state and
//! effects, without input or output; [`view`] draws the state and changes none; [`run`] carries
//! out the effects. [`net`] alone speaks to the server, [`terminal`] alone sets the terminal up
//! and back.

mod args;
mod config;
mod editor;
mod grid;
mod keys;
mod linear;
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
use args::{Args, Command};
use chat_shared::client::{Accounts, HttpError, ServerUrl, new_nonce};
use clap::{CommandFactory, Parser};
use config::{Config, Profile, Secret, ThemeChoice};
use jiff::tz::TimeZone;
use net::Net;
use run::{Notices, Program, now, run};
use scripts::Identity;
use state::{App, Chat, Editor, Nonces, Screen, SignIn, Size};
use storage::Storage;
use update::{Effects, Password, resend_all, submit_sign_in};

/// What is loaded of a room where no screen says how much fits.
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
            let _ = writeln!(io::stderr(), "chat-tui: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<ExitCode> {
    let command = args.command.clone();
    if command.is_none() && !args.linear && !is_dumb() && !io::stdout().is_terminal() {
        writeln!(
            io::stderr(),
            "chat-tui draws on a terminal, and its output is none."
        )?;
        return Ok(ExitCode::from(2));
    }
    match &command {
        Some(Command::Config) => return print(config::default_text().as_bytes()),
        Some(Command::Completions { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "chat-tui", &mut text);
            return print(&text);
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
    let who = Who::find(args, profile, &storage)?;
    // One thread is enough for one person, and costs the least memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match command {
        Some(Command::Logout) => runtime.block_on(sign_out(&who, &storage)),
        Some(Command::Script(script)) => {
            let who = who.identity(storage);
            Ok(runtime.block_on(scripts::run(script, who)))
        }
        _ if linear => runtime.block_on(lines(who.identity(storage), config)),
        _ => runtime.block_on(chat(who, config, storage)),
    }
}

/// Data for another program; that nobody reads it is no failure.
fn print(text: &[u8]) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn wrong_usage(error: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "chat-tui: {error}")?;
    Ok(ExitCode::from(2))
}

/// Which server, and as whom.
struct Who {
    server: ServerUrl,
    user: Option<String>,
    secret: Secret,
}

impl Who {
    fn find(args: Args, profile: Profile, storage: &Storage) -> anyhow::Result<Self> {
        let last = storage.last_used();
        let last_server = last.server.and_then(|text| ServerUrl::parse(&text).ok());
        let chosen = args.server.or_else(|| profile.server.clone());
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
        // A password never goes to another server than the one it stands beside.
        let secret = match profile.server {
            Some(of) if of != server => Secret::default(),
            _ => profile.secret,
        };
        Ok(Self {
            server,
            user: user.or(last_user),
            secret,
        })
    }

    fn identity(self, storage: Storage) -> Identity {
        let Self {
            server,
            user,
            secret,
        } = self;
        Identity {
            server,
            user,
            secret,
            storage,
        }
    }
}

async fn chat(who: Who, config: Config, storage: Storage) -> anyhow::Result<ExitCode> {
    let Who {
        server,
        user,
        secret,
    } = who;
    let token = match &user {
        Some(user) => storage.token(&server, user)?,
        None => None,
    };
    let nonces = Nonces::new(new_nonce()?);
    let mut net = Net::new(server.clone());
    let mut first = Effects::new();
    let screen = match (&user, token) {
        (Some(user), Some(token)) => {
            storage.remember(&server, user)?;
            let saved = storage.saved(&server, user)?;
            net.connect(token);
            let mut chat = Chat::new(chat_shared::Username::existing(user));
            saved.restore(&mut chat);
            resend_all(&chat, &mut first);
            Screen::Chat(Box::new(chat))
        }
        (user, _) => {
            let form = sign_in_form(user.as_deref(), secret.read()?, &mut first);
            Screen::SignIn(Box::new(form))
        }
    };
    terminal::restore_on_panic();
    let links = Rc::default();
    let (mut terminal, guard) = terminal::set_up(Rc::clone(&links), config.mouse)
        .context("The terminal can't be set up")?;
    let size = terminal.size()?;
    let size = Size {
        columns: size.width,
        rows: size.height,
    };
    let mut app = app(&server, screen, nonces, size, &config);
    if app.colours {
        // There is something to see while the terminal takes its time to answer.
        run::draw(&mut terminal, &links, &app)?;
        app.light = terminal_colors::is_light(config.theme);
    }
    let mut program = Program {
        app,
        net,
        storage,
        links,
        notices: Notices::new(config.notifications),
    };
    let ended = run(&mut program, &mut terminal, first).await;
    // The terminal is the person's again before the network had its time.
    drop(guard);
    program.leave().await;
    ended
}

/// The chat as lines.
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
    let (mut net, mut first) = (Net::new(server.clone()), Effects::new());
    let mut chat = Chat::new(chat_shared::Username::existing(&user));
    storage.saved(&server, &user)?.restore(&mut chat);
    resend_all(&chat, &mut first);
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
        links: Rc::default(),
        notices: Notices::new(config.notifications),
    };
    let ended = linear::run(&mut program, first).await;
    program.leave().await;
    ended
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
        leaving: false,
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

/// The form; with a name and a password at hand, already on its way.
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

async fn sign_out(who: &Who, storage: &Storage) -> anyhow::Result<ExitCode> {
    let server = &who.server;
    let Some(user) = &who.user else {
        anyhow::bail!("Nobody is logged in at {server}; name who with --user.");
    };
    let Some(token) = storage.token(server, user)? else {
        anyhow::bail!("{user} is not logged in at {server} from here.");
    };
    let revoked = Accounts::new(server.clone()).log_out(&token).await;
    // Whatever the server says, nobody shall find the token here.
    storage.forget(server, user)?;
    match revoked {
        Ok(()) | Err(HttpError::NotSignedIn(_)) => {
            writeln!(io::stdout(), "{user} is logged out of {server}.")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => anyhow::bail!(
            "The token was removed from this computer, but {server} could not be told to end \
             the session: {error}"
        ),
    }
}
