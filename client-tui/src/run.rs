//! The main loop: keys, network and signals come in, the state changes, the screen follows.
//!
//! [`run`] sleeps until something happens. Each event goes through [`update`]; the effects that it
//! returns are carried out here ([`Program::carry_out`]) or by [`Net`]. A frame is drawn at most
//! every 16 ms, however much comes in.

use std::cell::RefCell;
use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use chat_shared::client::{CloseReason, Event as SdkEvent};
use chat_shared::protocol::ServerFrame;
use chat_shared::protocol::http::SignedIn;
use chat_shared::{TimestampMs, Username};
use crossterm::event::{
    Event as TerminalEvent, EventStream, MouseButton, MouseEvent, MouseEventKind,
};
use futures::StreamExt;
use ratatui::layout::Rect;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Notifications;
use crate::editor;
use crate::messages;
use crate::net::{Net, NetEvent};
use crate::notify;
use crate::signals::{Signal, Signals};
use crate::state::{App, Saved, Screen as AppScreen, Size};
use crate::storage::{Adopted, DraftFile, Storage};
use crate::terminal::{self, Screen};
use crate::update::{
    Effect, Effects, Event, MouseAction, is_watching, next_change, settle, update,
};
use crate::view::{self, Links};

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// The longest time from a key to the frame that shows it.
const KEY_FRAME: Duration = Duration::from_millis(4);

/// How long the program waits to be stopped after Ctrl-Z.
#[cfg(unix)]
const STOP: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) app: App,
    pub(crate) net: Net,
    pub(crate) storage: Storage,
    /// Where drafts and unsent messages are saved, once a user is signed in.
    pub(crate) drafts: Option<(Username, DraftFile)>,
    /// The addresses of the links on the screen.
    pub(crate) links: Rc<RefCell<Links>>,
    pub(crate) notices: Notices,
}

/// Rings and notifies, at most once a second.
#[derive(Debug)]
pub(crate) struct Notices {
    config: Notifications,
    in_tmux: bool,
    next: Instant,
}

impl Notices {
    pub(crate) fn new(config: Notifications) -> Self {
        Self {
            config,
            in_tmux: std::env::var_os("TMUX").is_some(),
            next: Instant::now(),
        }
    }
}

/// Runs until the user leaves. `first` holds the effects to carry out at the start.
pub(crate) async fn run(
    program: &mut Program,
    screen: &mut Screen,
    first: Effects,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new().context(messages::program::NO_SIGNALS)?;
    let mut keys = EventStream::new();
    let mut frame_due = Instant::now();
    let mut changed = true;
    let mut effects = first;
    loop {
        for effect in std::mem::take(&mut effects) {
            match effect {
                Effect::Quit => return Ok(ExitCode::SUCCESS),
                Effect::Redraw => redraw(screen)?,
                Effect::Suspend => suspend(screen, &mut signals).await?,
                Effect::Copy(text) => terminal::copy(&text)?,
                Effect::OpenEditor { room, text } => {
                    // The editor reads the keys now, and its Ctrl-C must not reach our signal
                    // handlers.
                    drop(keys);
                    terminal::give_back();
                    let result = editor::edit(text).await;
                    terminal::take()?;
                    redraw(screen)?;
                    (keys, signals) = (EventStream::new(), Signals::new()?);
                    let event = Event::Edited { room, result };
                    effects.extend(update(&mut program.app, event, now()));
                    changed = true;
                }
                effect => effects.extend(program.carry_out(effect)),
            }
        }
        if changed && Instant::now() >= frame_due {
            program.fit(screen)?;
            settle(&mut program.app, &mut effects);
            draw(screen, &program.links, &program.app)?;
            frame_due = Instant::now() + FRAME;
            changed = false;
            if !effects.is_empty() {
                continue;
            }
        }
        let clock = next_change(&program.app, now());
        let wait = Duration::from_millis(clock.map_or(0, |at| at.saturating_sub(now())));
        tokio::select! {
            key = keys.next() => {
                let key = key.context(messages::program::TERMINAL_GONE)?;
                let key = key.context(messages::program::NO_KEYS)?;
                assert!(!panics_for_a_test(), "CHAT_TUI_PANIC is set");
                if let Some(event) = from_terminal(key) {
                    effects.extend(update(&mut program.app, event, now()));
                    // A key must not wait for a frame that the network filled.
                    frame_due = frame_due.min(Instant::now() + KEY_FRAME);
                    changed = true;
                }
            }
            answer = program.net.next() => {
                effects.extend(program.on_answer(answer));
                changed = true;
            }
            signal = signals.next() => match signal {
                Signal::Leave(code) => return Ok(ExitCode::from(code)),
                Signal::Continued => {
                    terminal::take()?;
                    redraw(screen)?;
                    changed = true;
                }
            },
            () = sleep_until(frame_due), if changed => {}
            // A frame that is due does what the timer is for.
            () = sleep(wait), if clock.is_some() && !changed => {
                effects.extend(update(&mut program.app, Event::Clock, now()));
                changed = true;
            }
        }
    }
}

impl Program {
    pub(crate) fn carry_out(&mut self, effect: Effect) -> Effects {
        match effect {
            Effect::Save { username, saved } => {
                if let Err(error) = self.save(&username, &saved) {
                    let event = Event::NotSaved(messages::program::sentence(&error));
                    return update(&mut self.app, event, now());
                }
            }
            Effect::SignIn {
                name,
                password,
                sign_up,
            } => self.net.sign_in(name, password, sign_up),
            Effect::Disconnect => self.net.disconnect(),
            Effect::Reconnect { username } => {
                let token = self.storage.token(&self.net.server, username.as_str());
                match token {
                    Ok(Some(token)) => self.net.connect(token),
                    Ok(None) => {
                        let event = Event::Sdk(SdkEvent::Closed(CloseReason::NotSignedIn));
                        return update(&mut self.app, event, now());
                    }
                    Err(error) => {
                        let event = Event::NotSaved(messages::program::sentence(&error));
                        return update(&mut self.app, event, now());
                    }
                }
            }
            Effect::ForgetSession { username } => {
                // The token no longer works; the next sign-in replaces the file, so a failure to
                // remove it is harmless.
                let _ = self.storage.forget(&self.net.server, username.as_str());
            }
            effect => self.net.carry_out(effect),
        }
        Effects::new()
    }

    fn save(&self, username: &Username, saved: &Saved) -> anyhow::Result<()> {
        match &self.drafts {
            Some((of, file)) if of == username => file.save(saved),
            _ => Ok(()),
        }
    }

    /// Opens the file of drafts of `username` and returns what it and ended instances kept.
    pub(crate) fn open_drafts(&mut self, username: &Username) -> anyhow::Result<Adopted> {
        self.drafts = None;
        let (file, adopted) = self
            .storage
            .open_drafts(&self.net.server, username.as_str())?;
        self.drafts = Some((username.clone(), file));
        Ok(adopted)
    }

    pub(crate) fn on_answer(&mut self, answer: NetEvent) -> Effects {
        self.notify(&answer);
        let event = match answer {
            NetEvent::Event(event) => event,
            NetEvent::SignedIn(signed_in) => self.begin(signed_in),
        };
        update(&mut self.app, event, now())
    }

    /// Notifies of a new message as the config says. A terminal that cannot be written to is
    /// ignored.
    fn notify(&mut self, answer: &NetEvent) {
        let NetEvent::Event(Event::Sdk(SdkEvent::Frame(ServerFrame::Chat(message)))) = answer
        else {
            return;
        };
        let AppScreen::Chat(chat) = &self.app.screen else {
            return;
        };
        if chat.is_current(&message.room) && is_watching(&self.app) && !chat.current().is_scrolled()
        {
            // The user sees it arrive.
            return;
        }
        let Notices {
            config,
            in_tmux,
            next,
        } = &mut self.notices;
        let bytes = notify::about(message, &chat.me, config, *in_tmux);
        if !bytes.is_empty() && Instant::now() >= *next {
            *next = Instant::now() + notify::PAUSE;
            let mut out = io::stdout().lock();
            let _ = out.write_all(&bytes).and_then(|()| out.flush());
        }
    }

    fn begin(&mut self, signed_in: SignedIn) -> Event {
        let SignedIn {
            username, token, ..
        } = signed_in;
        let mut warnings = Vec::new();
        let saved = self
            .storage
            .save(&self.net.server, username.as_str(), &token);
        if let Err(error) = saved {
            let why = format_args!("{error:#}");
            warnings.push(messages::sign_in::session_not_saved(why));
        }
        let adopted = self.open_drafts(&username).unwrap_or_else(|error| {
            warnings.push(messages::program::sentence(&error));
            Adopted::default()
        });
        warnings.extend(adopted.warnings);
        self.net.connect(token);
        Event::SignedIn {
            username,
            saved: adopted.saved,
            warnings,
        }
    }

    fn fit(&mut self, screen: &Screen) -> anyhow::Result<()> {
        let size = screen.size()?;
        let size = Size {
            columns: size.width,
            rows: size.height,
        };
        if self.app.size != size {
            update(&mut self.app, Event::Resize(size), now());
        }
        Ok(())
    }

    /// Saves drafts and closes the connection before the program ends.
    pub(crate) async fn leave(&mut self) {
        if let AppScreen::Chat(chat) = &self.app.screen {
            // Messages that wait were saved when they were typed; a draft may be newer.
            let _ = self.save(&chat.me, &Saved::of(chat));
            self.net.close().await;
        }
    }
}

/// Lets the panic test cause a panic, in debug builds only.
fn panics_for_a_test() -> bool {
    cfg!(debug_assertions) && std::env::var_os("CHAT_TUI_PANIC").is_some()
}

fn from_mouse(event: MouseEvent) -> Option<MouseAction> {
    let MouseEvent { column, row, .. } = event;
    match event.kind {
        MouseEventKind::ScrollUp => Some(MouseAction::WheelUp),
        MouseEventKind::ScrollDown => Some(MouseAction::WheelDown),
        MouseEventKind::Down(MouseButton::Left) => Some(MouseAction::Click { column, row }),
        _ => None,
    }
}

fn from_terminal(event: TerminalEvent) -> Option<Event> {
    match event {
        TerminalEvent::Key(key) => Some(Event::Key(key)),
        TerminalEvent::Paste(text) => Some(Event::Paste(text)),
        TerminalEvent::Mouse(mouse) => from_mouse(mouse).map(Event::Mouse),
        TerminalEvent::FocusGained => Some(Event::Focus(true)),
        TerminalEvent::FocusLost => Some(Event::Focus(false)),
        TerminalEvent::Resize(columns, rows) => Some(Event::Resize(Size { columns, rows })),
    }
}

/// Draws the state and records the addresses of the links.
fn draw(screen: &mut Screen, links: &RefCell<Links>, app: &App) -> anyhow::Result<()> {
    screen.draw(|frame| *links.borrow_mut() = view::draw(frame, app))?;
    Ok(())
}

/// Clears the screen, so that the next frame draws all of it. `Terminal::clear` would ask the
/// terminal for its cursor position and consume the answer that the key reader waits for.
fn redraw(screen: &mut Screen) -> anyhow::Result<()> {
    let size = screen.size()?;
    screen.resize(Rect::new(0, 0, size.width, size.height))?;
    Ok(())
}

#[cfg(unix)]
async fn suspend(screen: &mut Screen, signals: &mut Signals) -> anyhow::Result<()> {
    terminal::give_back();
    crate::signals::stop()?;
    // Without a job-control shell the process is not stopped; go on after the timeout.
    let _ = tokio::time::timeout(STOP, signals.next()).await;
    terminal::take()?;
    redraw(screen)
}

#[cfg(not(unix))]
async fn suspend(screen: &mut Screen, _: &mut Signals) -> anyhow::Result<()> {
    std::future::ready(()).await;
    redraw(screen)
}

pub(crate) fn now() -> TimestampMs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
