//! A client driven by a script, without terminal or network: a line is a key or what the server
//! says, and what comes of it is told as text.

mod fixtures;
mod talk;

use std::time::Duration;

use chat_shared::client::{CloseReason, Event as SdkEvent};
use chat_shared::protocol::{
    Ack, HistoryPage, Limited, MembersPage, PresenceEvent, RoomGone, ServerFrame, SystemEvent,
    SystemKind,
};
use chat_shared::{Nonce, RoomName, Seq, Username};
use crossterm::event::KeyCode;
use fixtures::{first_page, key, member, name, refusal, welcome};
use jiff::tz::TimeZone;

pub(crate) use fixtures::{message, room};

use crate::keys::Keymap;
use crate::state::{App, Chat, EntryKind, Nonces, Screen, Scroll, SignIn, Size};
use crate::update::{Effect, Event, MouseAction, PageKind, PageRequest, settle, update};

/// 2026-09-21, 14:13:20 UTC.
pub(crate) const NOW: u64 = 1_790_000_000_000;

pub(crate) struct Script {
    pub(crate) app: App,
    pub(crate) effects: Vec<Effect>,
    clock: u64,
}

impl Script {
    pub(crate) fn sign_in(columns: u16, rows: u16) -> Self {
        let app = App {
            size: Size { columns, rows },
            zone: TimeZone::UTC,
            colours: true,
            server: "chat.example.org".to_owned(),
            screen: Screen::SignIn(Box::new(SignIn::new(None, None))),
            help: None,
            leaving: false,
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

    /// Logged in as ann, connected, in the lobby.
    pub(crate) fn chat(columns: u16, rows: u16) -> Self {
        let mut script = Self::sign_in(columns, rows);
        script.app.screen = Screen::Chat(Box::new(Chat::new(Username::existing("ann"))));
        script.run("welcome lobby");
        script.effects.clear();
        script
    }

    pub(crate) fn state(&self) -> &Chat {
        match &self.app.screen {
            Screen::Chat(chat) => chat,
            Screen::SignIn(_) => panic!("the log-in screen is shown"),
        }
    }

    /// Runs the lines of `script`; `;` ends a line too.
    pub(crate) fn run(&mut self, script: &str) {
        for line in script
            .split([';', '\n'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            self.step(word, rest);
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

    pub(crate) fn say(&mut self, seq: Seq, who: &str, text: &str) {
        let message = message("lobby", seq, who, text);
        self.frame(ServerFrame::Chat(message));
    }

    fn step(&mut self, word: &str, rest: &str) {
        let words: Vec<&str> = rest.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        let text = |from: usize| words[from..].join(" ");
        match word {
            "type" => rest
                .chars()
                .for_each(|c| self.event(Event::Key(KeyCode::Char(c).into()))),
            "key" => words
                .iter()
                .for_each(|name| self.event(Event::Key(key(name)))),
            "wheel" => self.event(Event::Mouse(match rest {
                "up" => MouseAction::WheelUp,
                _ => MouseAction::WheelDown,
            })),
            "click" => {
                let (column, row) = (number(0) as u16, number(1) as u16);
                self.event(Event::Mouse(MouseAction::Click { column, row }));
            }
            "paste" => self.event(Event::Paste(rest.replace("\\n", "\n"))),
            "resize" => {
                let (columns, rows) = (number(0) as u16, number(1) as u16);
                self.event(Event::Resize(Size { columns, rows }));
            }
            "wait" => {
                self.clock += number(0);
                self.event(Event::Clock);
            }
            "welcome" => self.event(Event::Sdk(SdkEvent::Connected(welcome("log", &words)))),
            "restored" => self.event(Event::Sdk(SdkEvent::Connected(welcome("other", &words)))),
            "down" => {
                let (reason, retry_in) = (text(1), Some(Duration::from_secs(number(0))));
                self.event(Event::Sdk(SdkEvent::Disconnected { reason, retry_in }));
            }
            "signed-out" => self.event(Event::Sdk(SdkEvent::Closed(CloseReason::NotSignedIn))),
            "ended" => {
                let (reason, retry_in) = (text(0), None);
                self.event(Event::Sdk(SdkEvent::Disconnected { reason, retry_in }));
            }
            "chat" => {
                self.frame(ServerFrame::Chat(message(
                    words[0],
                    number(1),
                    words[2],
                    &text(3),
                )));
            }
            "own" => {
                let mut own = message("lobby", number(0), "ann", &text(2));
                own.nonce = Nonce::parse(words[1]).unwrap();
                self.frame(ServerFrame::Chat(own));
            }
            "online" | "offline" => {
                let name = vec![Username::existing(words[0])];
                let (online, offline) = if word == "online" {
                    (name, vec![])
                } else {
                    (vec![], name)
                };
                let count = number(1);
                let room = RoomName::lobby();
                self.frame(ServerFrame::Presence(PresenceEvent {
                    room,
                    online,
                    offline,
                    count,
                }));
            }
            "joined" => self.frame(ServerFrame::System(SystemEvent {
                username: Some(Username::existing(words[0])),
                ..SystemEvent::new(
                    RoomName::lobby(),
                    self.clock,
                    SystemKind::JoinedChat,
                    format!("{} joined the chat", words[0]),
                )
            })),
            "room" => self.frame(ServerFrame::Room {
                re: None,
                room: room(words[0]),
            }),
            "gone" => self.frame(ServerFrame::RoomGone(RoomGone {
                room: name(words[0]),
            })),
            "limited" => self.frame(ServerFrame::Limited(Limited {
                room: name(words[0]),
                last_seq: number(1),
                reset: false,
            })),
            "ack" => {
                let (nonce, room) = (Nonce::parse(words[0]).unwrap(), RoomName::lobby());
                let ack = Ack {
                    re: None,
                    room: room.clone(),
                    nonce: nonce.clone(),
                    seq: number(1),
                    ts: NOW,
                };
                self.event(Event::Sent {
                    room,
                    nonce,
                    result: Ok(ack),
                });
            }
            "refused" => {
                let (nonce, room) = (Nonce::parse(words[0]).unwrap(), RoomName::lobby());
                self.event(Event::Sent {
                    room,
                    nonce,
                    result: Err(refusal(&text(1))),
                });
            }
            "page" => {
                let more = (words[2] == "more", words.get(3) == Some(&"newer"));
                self.page(self.asked(), number(0)..=number(1), more, number(1));
            }
            "late-page" => {
                let more = (true, false);
                self.page(self.asked_first(), number(0)..=number(1), more, number(1));
            }
            "page-as-of" => {
                let more = (false, false);
                self.page(self.asked(), number(1)..=number(2), more, number(0));
            }
            "no-page" => {
                let page = self.asked();
                self.event(Event::History {
                    page,
                    result: Err(refusal("The store does not answer.")),
                });
            }
            "members" => {
                let members = words.iter().map(|word| member(word)).collect();
                let room = RoomName::lobby();
                let page = MembersPage {
                    re: None,
                    room: room.clone(),
                    members,
                    more: false,
                };
                self.event(Event::Members {
                    room,
                    result: Ok(page),
                });
            }
            "can-join" => self.event(Event::Joined {
                room: name(words[0]),
                result: Ok(()),
            }),
            "cannot-join" => {
                let result = Err(refusal("There is no such room."));
                self.event(Event::Joined {
                    room: name(words[0]),
                    result,
                });
            }
            "sign-in-failed" => self.event(Event::SignInFailed(text(0))),
            _ => self.step_more(word, &words),
        }
    }

    /// Answers a page that was asked for with the messages of these numbers.
    fn page(
        &mut self,
        page: PageRequest,
        seqs: std::ops::RangeInclusive<Seq>,
        (more_before, more_after): (bool, bool),
        as_of: Seq,
    ) {
        let messages: Vec<_> = seqs
            .map(|seq| message(page.room.as_str(), seq, "bob", &format!("line {seq}")))
            .collect();
        let room = page.room.clone();
        let answer = HistoryPage {
            re: None,
            room,
            as_of,
            messages,
            more_before,
            more_after,
        };
        self.event(Event::History {
            page,
            result: Ok(answer),
        });
    }

    fn asked(&self) -> PageRequest {
        self.pages_asked().last().unwrap_or_else(first_page)
    }

    fn asked_first(&self) -> PageRequest {
        self.pages_asked().next().unwrap_or_else(first_page)
    }

    fn pages_asked(&self) -> impl Iterator<Item = PageRequest> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::FetchHistory(page) => Some(page.clone()),
            _ => None,
        })
    }

    /// What the person knows now, as text.
    pub(crate) fn shown(&self) -> String {
        let mut out = String::new();
        match &self.app.screen {
            Screen::SignIn(form) => {
                let error = form.error.as_deref().unwrap_or("");
                out += &format!(
                    "sign-in {:?} {:?} [{}]",
                    form.tab,
                    form.field,
                    form.name.text()
                );
                out += &format!("{} {error}\n", if form.busy { " busy" } else { "" });
            }
            Screen::Chat(chat) => {
                let room = chat.current();
                for entry in room.timeline.lines() {
                    let (key, line) = entry;
                    out += &match &line.kind {
                        EntryKind::Message(message) => {
                            let mut line =
                                format!("{} {}: {}", key.seq, message.sender, message.text);
                            for (is, mark) in [
                                (message.is_deleted(), " (deleted)"),
                                (message.is_edited(), " (edited)"),
                                (message.mentions_me(), " !"),
                            ] {
                                line += if is { mark } else { "" };
                            }
                            for (emoji, it) in message.reactions() {
                                line +=
                                    &format!(" {emoji}{}{}", it.n, if it.me { "*" } else { "" });
                            }
                            line + "\n"
                        }
                        EntryKind::System(text) => format!("-- {text}\n"),
                        EntryKind::PresenceChanges(it) => {
                            format!("-- +{:?} -{:?}\n", it.joined, it.left)
                        }
                        EntryKind::Local { text, .. } => format!("!! {text}\n"),
                    };
                }
                for line in &room.pending {
                    let why = line
                        .failed
                        .as_ref()
                        .map_or(String::new(), |why| format!(" ({why})"));
                    out += &format!("~ {}{why}\n", line.text);
                }
                if let Scroll::At { key, hidden, new } = room.scroll {
                    out += &format!("at {} hidden {hidden} new {new}\n", key.seq);
                }
                if let Some(notice) = &chat.notice {
                    out += &format!("notice {notice}\n");
                }
                out += &format!("> {}\n", room.input.text());
            }
        }
        for effect in &self.effects {
            out += &match effect {
                Effect::Send {
                    nonce,
                    text,
                    reply_to,
                    ..
                } => {
                    let to = reply_to.map_or(String::new(), |seq| format!(" to {seq}"));
                    format!("send {nonce} {text}{to}\n")
                }
                Effect::RoomAction { action, .. } => format!("{action:?}\n"),
                Effect::FetchHistory(page) => match page.kind {
                    PageKind::Before(seq) => format!("fetch before {seq}\n"),
                    PageKind::After(seq) => format!("fetch after {seq}\n"),
                    PageKind::Around(seq) => format!("fetch around {seq}\n"),
                    PageKind::Newest => "fetch newest\n".to_owned(),
                },
                // Told and kept without being asked; tests of their own look at them.
                Effect::Save(_) | Effect::Read { .. } | Effect::Typing(_) => continue,
                Effect::FetchMembers(room) => format!("members {room}\n"),
                Effect::Join(room) => format!("join {room}\n"),
                Effect::Leave(room) => format!("leave {room}\n"),
                other => format!("{other:?}\n"),
            };
        }
        out
    }
}
