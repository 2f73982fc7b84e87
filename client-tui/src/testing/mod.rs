//! A client driven by a script, without terminal, network or clock.
//!
//! [`Script::run`] reads steps separated by `;` or line breaks. A step is a word and its
//! arguments, separated by spaces; what the server says is about the lobby unless a room is
//! named. [`Script::shown`] then tells what the user sees and what the client wants done.
//!
//! Steps of the user (`user_steps`):
//!
//! | step | meaning |
//! |---|---|
//! | `type TEXT` | presses the keys of a text |
//! | `key NAME…` | presses keys: `enter`, `alt-e`, `ctrl-c`, `pgup` … |
//! | `paste TEXT` | pastes; `\n` is a line break |
//! | `wheel up`, `wheel down`, `click COLUMN ROW` | uses the mouse |
//! | `resize COLUMNS ROWS`, `focus in`, `focus out` | resizes the window; the window gets or loses the focus |
//! | `wait MS` | lets time pass |
//!
//! The connection and answers to commands (`answer_steps`):
//!
//! | step | meaning |
//! |---|---|
//! | `welcome ROOM…`, `restored ROOM…` | connects, to the same log or to another |
//! | `down S WHY`, `ended WHY`, `signed-out` | loses the connection, for S seconds or until the end |
//! | `sign-in-failed WHY` | rejects the sign-in form |
//! | `welcome-as NAME` | connects as another user |
//! | `ack NONCE SEQ`, `refused NONCE WHY`, `rate-limited NONCE MS` | answers a sent message |
//! | `left-here ROOM` | answers `/leave` |
//! | `page FROM TO end\|more [newer]` | answers the last requested page with messages FROM to TO; `more` and `newer` say that there are older and newer ones |
//! | `late-page FROM TO`, `page-as-of SEQ FROM TO`, `no-page` | answers the first requested page; a page made as of SEQ; an error |
//! | `members NAME…` | answers with the members: `@owner`, `%moderator`, `-offline`, `username=display` |
//! | `can-join ROOM`, `cannot-join ROOM`, `not-done WHY` | answers a join; refuses the last action |
//! | `found FROM TO end\|more` | answers the last search |
//!
//! Frames that the server sends on its own (`event_steps`):
//!
//! | step | meaning |
//! |---|---|
//! | `chat ROOM SEQ NAME TEXT`, `mention ROOM SEQ NAME TEXT` | a message; one that mentions ann |
//! | `own SEQ NONCE TEXT`, `answer SEQ TO NAME TEXT` | a message of ann; a reply |
//! | `edited SEQ TARGET TEXT`, `deleted SEQ TARGET` | bob changes a message |
//! | `mentioned-in ROOM SEQ TARGET TEXT`, `deleted-in ROOM SEQ TARGET` | bob edits a message to mention ann; deletes one |
//! | `reacted SEQ TARGET NAME EMOJI`, `unreacted …` | a reaction, and its removal |
//! | `joined NAME`, `left NAME`, `online NAME COUNT`, `offline NAME COUNT` | presence |
//! | `typing NAME…`, `read ROOM SEQ UNREAD` | typing; a read marker of another client |
//! | `room ROOM`, `direct ROOM NAME`, `unread-room ROOM LAST READ MENTIONS`, `crowd MEMBERS` | a room |
//! | `kicked ROOM SEQ BY`, `banned ROOM SEQ BY` | removes ann from a room, for an hour if banned |
//! | `inherits ROOM SEQ OWNER`, `profile NAME DISPLAY` | the owner leaves the room to ann; a display name |
//! | `gone ROOM`, `limited ROOM LAST` | leaves a room; cannot be resumed |

mod answer_steps;
mod event_steps;
mod fixtures;
mod shown;
mod user_steps;

use chat_shared::client::Event as SdkEvent;
use chat_shared::protocol::ServerFrame;
use chat_shared::{Emoji, Nonce, RoomName, Seq, Username};
use jiff::tz::TimeZone;

pub(crate) use fixtures::{message, room};

use crate::keys::Keymap;
use crate::state::{App, Chat, Nonces, Screen, SignIn, Size};
use crate::update::{Effect, Event, settle, update};

/// 2026-09-21, 14:13:20 UTC.
pub(crate) const NOW: u64 = 1_790_000_000_000;

/// A client and the effects that it wanted so far.
pub(crate) struct Script {
    pub(crate) app: App,
    pub(crate) effects: Vec<Effect>,
    clock: u64,
}

impl Script {
    /// At the sign-in form.
    pub(crate) fn sign_in(columns: u16, rows: u16) -> Self {
        let app = App {
            size: Size { columns, rows },
            zone: TimeZone::UTC,
            colours: true,
            server: "chat.example.org".to_owned(),
            screen: Screen::SignIn(Box::new(SignIn::new(None, None))),
            help: None,
            quit_armed_until: None,
            focused: true,
            last_input: NOW,
            now: NOW,
            nonces: Nonces::new(Nonce::parse("n").unwrap()),
            keys: Keymap::default(),
            light: None,
        };
        Self {
            app,
            effects: Vec::new(),
            clock: NOW,
        }
    }

    /// Signed in as ann, connected, in the lobby.
    pub(crate) fn chat(columns: u16, rows: u16) -> Self {
        let mut script = Self::sign_in(columns, rows);
        script.app.screen = Screen::Chat(Box::new(Chat::new(Username::existing("ann"))));
        script.run("welcome lobby");
        script.effects.clear();
        script
    }

    /// The state of the chat screen.
    pub(crate) fn state(&self) -> &Chat {
        match &self.app.screen {
            Screen::Chat(chat) => chat,
            Screen::SignIn(_) => panic!("the sign-in form is shown"),
        }
    }

    /// Runs the steps of `script`.
    pub(crate) fn run(&mut self, script: &str) {
        let steps = script.split([';', '\n']).map(str::trim);
        for step in steps.filter(|step| !step.is_empty()) {
            let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
            let args = Args::new(rest);
            let known = self.user_step(word, &args)
                || self.answer_step(word, &args)
                || self.event_step(word, &args);
            assert!(known, "there is no step {word:?}");
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.effects
            .extend(update(&mut self.app, event, self.clock));
        settle(&mut self.app, &mut self.effects);
    }

    pub(crate) fn frame(&mut self, frame: ServerFrame) {
        self.event(Event::Sdk(SdkEvent::Frame(frame)));
    }

    pub(crate) fn paste(&mut self, text: String) {
        self.event(Event::Paste(text));
    }

    /// A message in the lobby.
    pub(crate) fn say(&mut self, seq: Seq, who: &str, text: &str) {
        let message = message("lobby", seq, who, text);
        self.frame(ServerFrame::Chat(message));
    }
}

/// The arguments of a step.
struct Args<'a> {
    rest: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Args<'a> {
    fn new(rest: &'a str) -> Self {
        let words = rest.split(' ').collect();
        Self { rest, words }
    }

    fn word(&self, index: usize) -> &'a str {
        self.words[index]
    }

    fn number(&self, index: usize) -> u64 {
        self.words[index].parse().unwrap()
    }

    fn small(&self, index: usize) -> u16 {
        self.words[index].parse().unwrap()
    }

    /// All words from `index` on.
    fn text(&self, index: usize) -> String {
        self.words[index..].join(" ")
    }

    fn room(&self, index: usize) -> RoomName {
        fixtures::name(self.words[index])
    }

    fn user(&self, index: usize) -> Username {
        Username::existing(self.words[index])
    }

    fn emoji(&self, index: usize) -> Emoji {
        Emoji::parse(self.words[index]).unwrap()
    }

    fn nonce(&self, index: usize) -> Nonce {
        Nonce::parse(self.words[index]).unwrap()
    }

    fn is(&self, index: usize, word: &str) -> bool {
        self.words.get(index) == Some(&word)
    }
}
