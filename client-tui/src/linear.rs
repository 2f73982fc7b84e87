//! Linear mode: the chat as plain lines, for screen readers and for terminals without cursor
//! control.
//!
//! A line that is printed never changes. The terminal itself edits the input line. Commands and
//! state are those of the full screen: [`run`] feeds each line to [`crate::update`] as if it
//! had been typed there, and [`Announcer`] turns what changed into lines.

mod announcer;
mod sign_in;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use chat_shared::client::Event as SdkEvent;
use chat_shared::protocol::ServerFrame;
use crossterm::event::{KeyCode, KeyEvent};
use tokio::sync::mpsc;

use crate::messages;
use crate::net::NetEvent;
use crate::run::{Program, now};
use crate::signals::{Signal, Signals};
use crate::state::{Chat, Editor, Screen};
use crate::text::sanitize;
use crate::update::{Effect, Effects, Event, settle, update};
use announcer::Announcer;
pub(crate) use sign_in::token;

/// Lines typed ahead that wait to be handled.
const LINES_MAX: usize = 16;

/// The longest line that is read, in bytes; a longer one cannot be a message.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Runs until the user leaves or standard input ends.
pub(crate) async fn run(program: &mut Program, first: Effects) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let mut typed = read_lines();
    let mut announcer = Announcer::default();
    let mut effects = first;
    print(messages::linear::GREETING)?;
    loop {
        settle(&mut program.app, &mut effects);
        while !effects.is_empty() {
            for effect in std::mem::take(&mut effects) {
                if effect == Effect::Quit {
                    return Ok(ExitCode::SUCCESS);
                }
                effects.extend(program.carry_out(effect));
            }
        }
        let Screen::Chat(_) = &program.app.screen else {
            anyhow::bail!(messages::sign_in::SIGNED_OUT);
        };
        tokio::select! {
            line = typed.recv() => {
                let Some(line) = line else {
                    return Ok(ExitCode::SUCCESS);
                };
                type_line(program, &line, &mut effects);
            }
            answer = program.net.next() => {
                let lines = lines_about(program, &answer, &mut announcer);
                let ended = matches!(&answer, NetEvent::Event(Event::Sdk(SdkEvent::Closed(_))));
                effects.extend(program.on_answer(answer));
                lines.iter().try_for_each(|line| print(line))?;
                if ended && let Screen::Chat(_) = &program.app.screen {
                    return Ok(ExitCode::FAILURE);
                }
            }
            signal = signals.next() => match signal {
                Signal::Leave(code) => return Ok(ExitCode::from(code)),
                Signal::Continued => {}
            },
        }
        print_changes(program, &mut announcer)?;
    }
}

/// Reads standard input line by line on a thread of its own, which ends with the program.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = io::Read::take(&mut input, LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Handles a line as if it had been typed on the screen.
fn type_line(program: &mut Program, line: &str, effects: &mut Effects) {
    if let Screen::Chat(chat) = &mut program.app.screen {
        chat.notice = None;
        let room = chat.current_mut();
        room.load(Editor::restored(line, line.len()), room.compose);
    }
    let enter = Event::Key(KeyEvent::from(KeyCode::Enter));
    effects.extend(update(&mut program.app, enter, now()));
}

/// Returns the lines about a network event. It is called before the state changes, so that an edit can quote the
/// old text.
fn lines_about(program: &Program, answer: &NetEvent, announcer: &mut Announcer) -> Vec<String> {
    let (Screen::Chat(chat), NetEvent::Event(event)) = (&program.app.screen, answer) else {
        return Vec::new();
    };
    match event {
        Event::Sdk(SdkEvent::Connected(welcome)) => {
            vec![messages::linear::connected(&welcome.username)]
        }
        Event::Sdk(SdkEvent::Disconnected { reason, .. }) => {
            vec![messages::linear::disconnected(reason)]
        }
        Event::Sdk(SdkEvent::Closed(reason)) => vec![messages::linear::error(reason)],
        Event::Sdk(SdkEvent::Frame(frame)) => announcer.frame(chat, frame).into_iter().collect(),
        Event::History {
            page,
            result: Ok(received),
        } if chat.is_current(&page.room) => {
            let messages = received.messages.iter();
            messages
                .filter_map(|message| announcer.frame(chat, &ServerFrame::Chat(message.clone())))
                .collect()
        }
        Event::Sent {
            result: Err(error), ..
        } => {
            vec![messages::linear::not_sent(error)]
        }
        Event::Found {
            result: Ok(page), ..
        } => {
            let mut lines = vec![messages::linear::found(page.messages.len())];
            lines.extend(
                page.messages
                    .iter()
                    .map(|it| messages::linear::found_message(&it.username, &it.room, &it.message)),
            );
            lines
        }
        Event::Found {
            result: Err(error), ..
        } => vec![messages::linear::error(error)],
        _ => Vec::new(),
    }
}

/// Prints what an event changed: errors, a change of the current room, and notes.
fn print_changes(program: &mut Program, announcer: &mut Announcer) -> anyhow::Result<()> {
    if program.app.help.take().is_some() {
        for command in crate::keys::COMMANDS {
            print(&messages::linear::command(&command.usage(), command.what))?;
        }
    }
    let Screen::Chat(chat) = &mut program.app.screen else {
        return Ok(());
    };
    // Overlays were printed as lines already.
    chat.overlay = None;
    if let Some(notice) = chat.notice.take() {
        print(&messages::linear::error(notice))?;
    }
    if let Some(line) = announcer.room(chat) {
        print(&line)?;
    }
    for line in announcer.local(chat) {
        print(&line)?;
    }
    Ok(())
}

/// The room's name, before a line about another room than the current one.
fn room_prefix(chat: &Chat, room: &chat_shared::RoomName) -> String {
    if chat.is_current(room) {
        String::new()
    } else {
        messages::linear::place(room)
    }
}

/// Prints each line of a text, without control characters.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for line in text.lines() {
        writeln!(out, "{}", sanitize(line))?;
    }
    Ok(out.flush()?)
}
