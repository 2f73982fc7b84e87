//! Steps about what changes messages, and what has no place in a room's log.

use chat_shared::protocol::{
    DeletedEvent, EditedEvent, ReactedEvent, ReadEvent, ResultsPage, RoomInfo, RoomKind,
    ServerFrame, SystemEvent, SystemKind, TypingEvent,
};
use chat_shared::{Emoji, RoomName, Username};

use super::fixtures::{self, message, name, refusal};
use super::{NOW, Script};
use crate::update::{Effect, Event};

impl Script {
    pub(super) fn step_more(&mut self, word: &str, words: &[&str]) {
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        let text = |from: usize| words[from..].join(" ");
        let (room, ts) = (RoomName::lobby(), NOW);
        match word {
            "mention" => {
                let mut chat = message(words[0], number(1), words[2], &text(3));
                chat.mentions = vec![Username::existing("ann")];
                self.frame(ServerFrame::Chat(chat));
            }
            "answer" => {
                let mut chat = message("lobby", number(0), words[2], &text(3));
                chat.reply_to = Some(number(1));
                self.frame(ServerFrame::Chat(chat));
            }
            "edited" => self.frame(ServerFrame::Edited(EditedEvent {
                room,
                seq: number(0),
                ts,
                target: number(1),
                username: Username::existing("bob"),
                message: text(2),
                deleted: false,
                mentions: Vec::new(),
            })),
            "deleted" => self.frame(ServerFrame::Deleted(DeletedEvent {
                room,
                seq: number(0),
                ts,
                target: number(1),
                username: Username::existing("bob"),
            })),
            "reacted" | "unreacted" => self.frame(ServerFrame::Reacted(ReactedEvent {
                room,
                seq: number(0),
                ts,
                target: number(1),
                username: Username::existing(words[2]),
                emoji: Emoji::parse(words[3]).unwrap(),
                on: word == "reacted",
            })),
            "typing" => self.frame(ServerFrame::Typing(TypingEvent {
                room,
                usernames: words.iter().map(|name| Username::existing(name)).collect(),
            })),
            "read" => self.frame(ServerFrame::Read(ReadEvent {
                room: name(words[0]),
                seq: number(1),
                unread: number(2),
                mentions: 0,
            })),
            "crowd" => {
                let info = RoomInfo {
                    members: number(0),
                    ..fixtures::room("lobby")
                };
                self.frame(ServerFrame::Room {
                    re: None,
                    room: info,
                });
            }
            "left" => self.frame(ServerFrame::System(SystemEvent {
                username: Some(Username::existing(words[0])),
                ..SystemEvent::new(room, self.clock, SystemKind::LeftChat, text(0))
            })),
            "direct" => {
                let info = RoomInfo {
                    kind: RoomKind::Direct,
                    with: Some(Username::existing(words[1])),
                    ..fixtures::room(words[0])
                };
                self.frame(ServerFrame::Room {
                    re: None,
                    room: info,
                });
            }
            "unread-room" => {
                let info = RoomInfo {
                    last_seq: number(1),
                    read_seq: number(2),
                    unread: number(1) - number(2),
                    mentions: number(3),
                    ..fixtures::room(words[0])
                };
                self.frame(ServerFrame::Room {
                    re: None,
                    room: info,
                });
            }
            "found" => {
                let messages = (number(0)..=number(1)).rev();
                let messages =
                    messages.map(|seq| message("lobby", seq, "bob", &format!("tea {seq}")));
                let page = ResultsPage {
                    re: None,
                    messages: messages.collect(),
                    cursor: (words[2] == "more").then(|| "next".to_owned()),
                };
                let number = self.state().searches;
                let result = Ok(page);
                self.event(Event::Found { number, result });
            }
            "not-done" => {
                let done = self.effects.iter().rev().find_map(|effect| match effect {
                    Effect::RoomAction { room, action } => Some((room.clone(), action.clone())),
                    _ => None,
                });
                let (room, action) = done.unwrap();
                let result = Err(refusal(&text(0)));
                self.event(Event::ActionDone {
                    room,
                    action,
                    result,
                });
            }
            _ => panic!("no step {word:?}"),
        }
    }
}
