//! Steps of the server: the frames that it sends on its own.

use chat_shared::protocol::{
    DeletedEvent, EditedEvent, Limited, PresenceEvent, ProfileEvent, ReactedEvent, ReadEvent,
    RoomGone, RoomInfo, RoomKind, ServerFrame, SystemEvent, SystemKind, TypingEvent,
};
use chat_shared::{RoomName, Username};

use super::fixtures::{self, message};
use super::{Args, NOW, Script};

impl Script {
    /// Runs a step of the server; returns false if `word` is not one.
    pub(super) fn event_step(&mut self, word: &str, args: &Args<'_>) -> bool {
        let frame = message_frame(word, args)
            .or_else(|| change_frame(word, args))
            .or_else(|| self.presence_frame(word, args))
            .or_else(|| room_frame(word, args));
        match frame {
            Some(frame) => self.frame(frame),
            None => return false,
        }
        true
    }

    fn presence_frame(&self, word: &str, args: &Args<'_>) -> Option<ServerFrame> {
        let room = RoomName::lobby();
        let system = |kind, text: String| {
            ServerFrame::System(SystemEvent {
                username: Some(args.user(0)),
                ..SystemEvent::new(RoomName::lobby(), self.clock, kind, text)
            })
        };
        let presence = |online, offline| {
            ServerFrame::Presence(PresenceEvent {
                room: RoomName::lobby(),
                online,
                offline,
                count: args.number(1),
            })
        };
        Some(match word {
            "joined" => system(
                SystemKind::JoinedChat,
                format!("{} joined the chat", args.word(0)),
            ),
            "kicked" | "banned" => ServerFrame::System(SystemEvent {
                seq: Some(args.number(1)),
                username: Some(Username::existing("ann")),
                by: Some(args.user(2)),
                until: (word == "banned").then_some(NOW + 3_600_000),
                ..SystemEvent::new(
                    args.room(0),
                    NOW,
                    match word {
                        "kicked" => SystemKind::Kicked,
                        _ => SystemKind::Banned,
                    },
                    "ann was removed",
                )
            }),
            "inherits" => ServerFrame::System(SystemEvent {
                seq: Some(args.number(1)),
                username: Some(args.user(2)),
                heir: Some(Username::existing("ann")),
                ..SystemEvent::new(args.room(0), NOW, SystemKind::Left, "the owner left")
            }),
            "profile" => ServerFrame::Profile(ProfileEvent {
                username: args.user(0),
                display_name: args.text(1),
                avatar: String::new(),
            }),
            "left" => system(SystemKind::LeftChat, args.text(0)),
            "online" => presence(vec![args.user(0)], vec![]),
            "offline" => presence(vec![], vec![args.user(0)]),
            "typing" => ServerFrame::Typing(TypingEvent {
                room,
                usernames: args
                    .words
                    .iter()
                    .map(|name| Username::existing(name))
                    .collect(),
            }),
            _ => return None,
        })
    }
}

fn message_frame(word: &str, args: &Args<'_>) -> Option<ServerFrame> {
    Some(ServerFrame::Chat(match word {
        "chat" => message(args.word(0), args.number(1), args.word(2), &args.text(3)),
        "mention" => {
            let mut chat = message(args.word(0), args.number(1), args.word(2), &args.text(3));
            chat.mentions = vec![Username::existing("ann")];
            chat
        }
        "own" => {
            let mut own = message("lobby", args.number(0), "ann", &args.text(2));
            own.nonce = args.nonce(1);
            own
        }
        "answer" => {
            let mut chat = message("lobby", args.number(0), args.word(2), &args.text(3));
            chat.reply_to = Some(args.number(1));
            chat
        }
        _ => return None,
    }))
}

fn change_frame(word: &str, args: &Args<'_>) -> Option<ServerFrame> {
    let (room, ts) = (RoomName::lobby(), NOW);
    Some(match word {
        "edited" => ServerFrame::Edited(EditedEvent {
            room,
            seq: args.number(0),
            ts,
            target: args.number(1),
            username: Username::existing("bob"),
            message: args.text(2),
            deleted: false,
            mentions: Vec::new(),
        }),
        "mentioned-in" => ServerFrame::Edited(EditedEvent {
            room: args.room(0),
            seq: args.number(1),
            ts,
            target: args.number(2),
            username: Username::existing("bob"),
            message: args.text(3),
            deleted: false,
            mentions: vec![Username::existing("ann")],
        }),
        "deleted-in" => ServerFrame::Deleted(DeletedEvent {
            room: args.room(0),
            seq: args.number(1),
            ts,
            target: args.number(2),
            username: Username::existing("bob"),
        }),
        "deleted" => ServerFrame::Deleted(DeletedEvent {
            room,
            seq: args.number(0),
            ts,
            target: args.number(1),
            username: Username::existing("bob"),
        }),
        "reacted" | "unreacted" => ServerFrame::Reacted(ReactedEvent {
            room,
            seq: args.number(0),
            ts,
            target: args.number(1),
            username: args.user(2),
            emoji: args.emoji(3),
            on: word == "reacted",
        }),
        _ => return None,
    })
}

fn room_frame(word: &str, args: &Args<'_>) -> Option<ServerFrame> {
    let info = match word {
        "room" => fixtures::room(args.word(0)),
        "crowd" => RoomInfo {
            members: args.number(0),
            ..fixtures::room("lobby")
        },
        "direct" => RoomInfo {
            kind: RoomKind::Direct,
            with: Some(args.user(1)),
            ..fixtures::room(args.word(0))
        },
        "unread-room" => RoomInfo {
            last_seq: args.number(1),
            read_seq: args.number(2),
            unread: args.number(1) - args.number(2),
            mentions: args.number(3),
            ..fixtures::room(args.word(0))
        },
        "gone" => {
            let room = args.room(0);
            return Some(ServerFrame::RoomGone(RoomGone { room }));
        }
        "limited" => {
            return Some(ServerFrame::Limited(Limited {
                room: args.room(0),
                last_seq: args.number(1),
                reset: false,
            }));
        }
        "read" => {
            return Some(ServerFrame::Read(ReadEvent {
                room: args.room(0),
                seq: args.number(1),
                unread: args.number(2),
                mentions: 0,
            }));
        }
        _ => return None,
    };
    Some(ServerFrame::Room {
        re: None,
        room: info,
    })
}
