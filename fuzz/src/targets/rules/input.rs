//! Bytes read as a room and commands: each byte chooses among few, so that a changed byte makes
//! another sequence that is as likely to mean something.

use chat_server_rules::{RoomCommand, Subject};
use chat_shared::limits::{TEXT_CHARS_MAX, TOPIC_CHARS_MAX};
use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, RoomName, Seq, Username};

/// How many people there are. A person is a number below it.
pub(super) const PEOPLE: u8 = 6;
/// The person who is the server's admin.
pub(super) const ADMIN: u8 = 0;

/// Commands of one input, so that it takes milliseconds.
const STEPS_MAX: usize = 400;

/// Milliseconds between commands, and how long bans and mutes last: some end while others begin.
const LATER_MS: [u64; 8] = [0, 0, 0, 1, 10, 1_000, 60_000, u64::MAX / 4];
const FOR_MS: [Option<u64>; 6] = [
    None,
    Some(1),
    Some(20),
    Some(5_000),
    Some(90_000),
    Some(u64::MAX),
];

/// One command of one person.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) actor: u8,
    pub(super) bot: bool,
    pub(super) later_ms: u64,
    pub(super) command: RoomCommand,
}

pub(super) fn username(person: u8) -> Username {
    const NAMES: [&str; PEOPLE as usize] = ["root", "ann", "bob", "cid", "dan", "Ann"];
    Username::existing(NAMES[usize::from(person)])
}

pub(super) fn person(username: &Username) -> u8 {
    let is_it = |person: &u8| self::username(*person) == *username;
    (0..PEOPLE).find(is_it).expect("every name is a person's")
}

pub(super) struct Input<'a> {
    bytes: &'a [u8],
    is_direct: bool,
    steps: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            is_direct: false,
            steps: 0,
        }
    }

    pub(super) fn room(&mut self) -> RoomName {
        let name = self.one_of(&["lobby", "den", "@0a1b"]);
        let room = RoomName::parse(name).expect("a room's name");
        self.is_direct = room.is_direct();
        room
    }

    /// The next command; `None` at the end of the input.
    pub(super) fn step(&mut self) -> Option<Step> {
        if self.bytes.is_empty() || self.steps == STEPS_MAX {
            return None;
        }
        self.steps += 1;
        let kind = self.byte();
        let actor = self.byte();
        Some(Step {
            actor: actor % PEOPLE,
            bot: actor >= 128,
            later_ms: self.one_of(&LATER_MS),
            command: self.command(kind),
        })
    }

    fn command(&mut self, kind: u8) -> RoomCommand {
        match kind % 20 {
            0 | 1 => RoomCommand::Send {
                reply_to: self.reply_to(),
                text: self.text(),
                mentioned: self.people(),
            },
            2 => RoomCommand::Edit {
                target: self.seq(),
                text: self.text(),
                mentioned: self.people(),
            },
            3 => RoomCommand::Delete { target: self.seq() },
            4 | 5 => RoomCommand::React {
                target: self.seq(),
                emoji: self.emoji(),
                on: self.one_of(&[true, true, true, false]),
            },
            6 => RoomCommand::Create {
                kind: self.one_of(&[RoomKind::Public, RoomKind::Private]),
                topic: self.topic(),
            },
            // The server gives this command for rooms of such a name alone.
            7 if self.is_direct => RoomCommand::Direct {
                with: username(self.byte() % PEOPLE),
            },
            7 | 8 => RoomCommand::Join,
            9 => RoomCommand::Leave,
            10 => RoomCommand::Invite(self.subject()),
            11 => RoomCommand::Kick(self.subject()),
            12 => RoomCommand::Ban {
                whom: self.subject(),
                for_ms: self.one_of(&FOR_MS),
            },
            13 => RoomCommand::Unban(self.subject()),
            14 => RoomCommand::Mute {
                whom: self.subject(),
                for_ms: self.one_of(&FOR_MS),
            },
            15 => RoomCommand::Unmute(self.subject()),
            16 => RoomCommand::Role {
                whom: self.subject(),
                role: self.one_of(&[Role::Member, Role::Moderator, Role::Owner]),
            },
            // The server gives these commands in somebody's name.
            19 => RoomCommand::TakeOver,
            18 => RoomCommand::EraseMessage { target: self.seq() },
            _ => RoomCommand::Topic(self.topic()),
        }
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        *first
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    fn seq(&mut self) -> Seq {
        Seq::from(self.byte())
    }

    fn reply_to(&mut self) -> Option<Seq> {
        Some(self.seq()).filter(|seq| *seq > 0)
    }

    fn subject(&mut self) -> Subject {
        let person = self.byte() % PEOPLE;
        Subject {
            username: username(person),
            admin: person == ADMIN,
        }
    }

    fn people(&mut self) -> Vec<Username> {
        let chosen = self.byte();
        let people = (0..PEOPLE).filter(|person| chosen >> person & 1 == 1);
        people.map(username).collect()
    }

    fn text(&mut self) -> String {
        match self.byte() % 8 {
            0 => String::new(),
            1 => " \n\u{200B}".to_owned(),
            2 => "x".repeat(TEXT_CHARS_MAX),
            3 => "x".repeat(TEXT_CHARS_MAX + 1),
            other => format!("text {other} "),
        }
    }

    fn topic(&mut self) -> String {
        match self.byte() % 8 {
            0 => String::new(),
            1 => "ü".repeat(TOPIC_CHARS_MAX + 1),
            2 => format!(" {} ", "ü".repeat(TOPIC_CHARS_MAX)),
            other => format!(" topic {other}"),
        }
    }

    /// One of 26 flags, which is more than a message takes.
    fn emoji(&mut self) -> Emoji {
        let letter = u32::from(self.byte() % 26);
        let second = char::from_u32(0x1F1E6 + letter).expect("a regional indicator");
        Emoji::parse(&format!("\u{1F1E6}{second}")).expect("a flag")
    }
}
