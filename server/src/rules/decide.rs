use chat_shared::limits::TOPIC_CHARS_MAX;
use chat_shared::protocol::{ErrorCode, RoomKind};
use chat_shared::{MessageText, Nonce, Seq, TextError, TimestampMs, Username};

use super::{EventBody, EventId, EventNonce, LogEvent, RoomState};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub username: Username,
    pub bot: bool,
}

/// What one may ask of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Send { text: String, reply_to: Option<Seq> },
    Create { kind: RoomKind, topic: String },
    Join,
    Leave,
}

/// A command with all that its event needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal<'a> {
    pub actor: &'a Actor,
    pub command: &'a Command,
    pub nonce: Option<&'a Nonce>,
    /// For the event, should there be one.
    pub event_id: EventId,
    pub now: TimestampMs,
}

/// Why a command is refused, as a sentence for the person who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("There is no such room.")]
    NoSuchRoom,
    #[error("There is no such message to reply to.")]
    NoSuchMessage,
    #[error("You are not in this room; join it first.")]
    NotMember,
    #[error("A room of that name exists already; choose another name, or join it.")]
    NameTaken,
    #[error("{0}.")]
    Text(TextError),
    #[error("The field `topic` is too long: {TOPIC_CHARS_MAX} characters at most.")]
    TopicTooLong,
    #[error(
        "The field `room` is wrong: names with @ are for direct rooms, which the server makes."
    )]
    DirectName,
    #[error("The lobby is everyone's and can't be left.")]
    LobbyStays,
}

impl Refusal {
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NoSuchRoom | Self::NoSuchMessage => ErrorCode::NotFound,
            Self::NotMember | Self::LobbyStays => ErrorCode::Forbidden,
            Self::NameTaken => ErrorCode::Taken,
            Self::Text(TextError::TooLong) | Self::TopicTooLong => ErrorCode::TooLong,
            Self::Text(TextError::Empty) | Self::DirectName => ErrorCode::BadField,
        }
    }
}

/// The event that a command proposes, or `None` where it changes nothing.
///
/// # Errors
/// [`Refusal`], and nothing changes.
pub fn decide(state: &RoomState, proposal: &Proposal<'_>) -> Result<Option<LogEvent>, Refusal> {
    let username = &proposal.actor.username;
    let body = match proposal.command {
        Command::Create { kind, topic } => create(state, *kind, topic)?,
        _ if !state.is_visible_to(username) => return Err(Refusal::NoSuchRoom),
        Command::Join if state.is_member(username) => return Ok(None),
        Command::Join => EventBody::Joined,
        Command::Leave if state.room().is_lobby() => return Err(Refusal::LobbyStays),
        Command::Leave if !state.is_member(username) => return Ok(None),
        Command::Leave => EventBody::Left { heir: None },
        Command::Send { .. } if !state.is_member(username) => return Err(Refusal::NotMember),
        Command::Send { text, reply_to } => send(state, proposal.actor, text, *reply_to)?,
    };
    Ok(Some(event(state, proposal, body)))
}

fn create(state: &RoomState, kind: RoomKind, topic: &str) -> Result<EventBody, Refusal> {
    if state.room().is_direct() {
        return Err(Refusal::DirectName);
    }
    if state.exists() {
        return Err(Refusal::NameTaken);
    }
    let topic = topic.trim();
    if topic.chars().nth(TOPIC_CHARS_MAX).is_some() {
        return Err(Refusal::TopicTooLong);
    }
    Ok(EventBody::Created {
        room_kind: kind,
        topic: topic.to_owned(),
        with: None,
    })
}

fn send(
    state: &RoomState,
    actor: &Actor,
    text: &str,
    reply_to: Option<Seq>,
) -> Result<EventBody, Refusal> {
    let text = MessageText::parse(text).map_err(Refusal::Text)?;
    if reply_to.is_some_and(|seq| seq == 0 || seq > state.seq()) {
        return Err(Refusal::NoSuchMessage);
    }
    Ok(EventBody::Message {
        text: text.into_string(),
        reply_to,
        bot: actor.bot,
        mentions: Vec::new(),
    })
}

fn event(state: &RoomState, proposal: &Proposal<'_>, body: EventBody) -> LogEvent {
    let seq = state.seq() + 1;
    LogEvent {
        seq,
        ts: proposal.now.max(state.ts()),
        id: proposal.event_id.clone(),
        sender: proposal.actor.username.clone(),
        nonce: proposal
            .nonce
            .map_or_else(|| EventNonce::from_seq(seq), |n| n.clone().into()),
        messages: state.messages() + u64::from(body.is_message()),
        body,
    }
}

#[cfg(test)]
mod tests {
    use chat_shared::RoomName;
    use chat_shared::protocol::Role;

    use super::*;

    struct Log {
        state: RoomState,
        now: TimestampMs,
    }

    impl Log {
        fn new(room: &str) -> Self {
            Self {
                state: RoomState::empty(RoomName::parse(room).unwrap()),
                now: 100,
            }
        }

        fn act(
            &mut self,
            who: &str,
            command: impl std::borrow::Borrow<Command>,
        ) -> Result<Option<Seq>, Refusal> {
            let actor = Actor {
                username: Username::existing(who),
                bot: false,
            };
            let proposal = Proposal {
                actor: &actor,
                command: command.borrow(),
                nonce: None,
                event_id: EventId(String::new()),
                now: self.now,
            };
            let event = decide(&self.state, &proposal)?;
            Ok(event.map(|event| {
                self.state.apply(&event);
                event.seq
            }))
        }

        fn role(&self, who: &str) -> Role {
            self.state.role_of(&Username::existing(who), false)
        }
    }

    fn send(text: &str) -> Command {
        Command::Send {
            text: text.into(),
            reply_to: None,
        }
    }

    fn create(kind: RoomKind) -> Command {
        Command::Create {
            kind,
            topic: " Crabs ".into(),
        }
    }

    #[test]
    fn the_lobby_is_everyones() {
        let mut log = Log::new("lobby");
        assert_eq!(log.act("ann", send("hi")), Ok(Some(1)));
        assert_eq!(log.act("bob", Command::Join), Ok(None));
        assert_eq!(log.act("bob", Command::Leave), Err(Refusal::LobbyStays));
        assert_eq!(
            log.act("bob", create(RoomKind::Public)),
            Err(Refusal::NameTaken)
        );
        assert_eq!(
            log.state.read_and_unread(&Username::existing("ann")),
            (1, 0)
        );
        assert_eq!(
            log.state.read_and_unread(&Username::existing("bob")),
            (0, 1)
        );
    }

    #[test]
    fn a_private_room_does_not_exist_for_others() {
        let mut log = Log::new("den");
        assert_eq!(log.act("bob", send("hi")), Err(Refusal::NoSuchRoom));
        assert_eq!(log.act("ann", create(RoomKind::Private)), Ok(Some(1)));
        assert_eq!(log.state.topic(), "Crabs");
        for command in [Command::Join, Command::Leave, send("hi")] {
            assert_eq!(log.act("bob", command), Err(Refusal::NoSuchRoom));
        }
    }

    #[test]
    fn only_members_speak_and_the_room_finds_an_heir() {
        let mut log = Log::new("rust");
        log.act("ann", create(RoomKind::Public)).unwrap();
        assert_eq!(log.act("bob", send("hi")), Err(Refusal::NotMember));
        assert_eq!(log.act("cid", Command::Join), Ok(Some(2)));
        assert_eq!(log.act("bob", Command::Join), Ok(Some(3)));
        assert_eq!(log.act("bob", Command::Join), Ok(None));
        assert_eq!(log.act("bob", send("hi")), Ok(Some(4)));
        assert_eq!(log.act("ann", Command::Leave), Ok(Some(5)));
        assert_eq!(
            (log.role("cid"), log.role("bob")),
            (Role::Owner, Role::Member)
        );
        assert_eq!(log.act("ann", Command::Leave), Ok(None));
    }

    #[test]
    fn time_never_goes_back() {
        let mut log = Log::new("lobby");
        log.act("ann", send("1")).unwrap();
        log.now = 50;
        log.act("ann", send("2")).unwrap();
        assert_eq!((log.state.ts(), log.state.messages()), (100, 2));
    }

    #[test]
    fn texts_and_targets_are_checked() {
        let mut log = Log::new("lobby");
        assert_eq!(
            log.act("ann", send(" \n")),
            Err(Refusal::Text(TextError::Empty))
        );
        let long = "x".repeat(4_001);
        assert_eq!(
            log.act("ann", send(&long)),
            Err(Refusal::Text(TextError::TooLong))
        );
        let reply = |seq| Command::Send {
            text: "x".into(),
            reply_to: Some(seq),
        };
        assert_eq!(log.act("ann", reply(1)), Err(Refusal::NoSuchMessage));
        log.act("ann", send("x")).unwrap();
        assert_eq!(log.act("ann", reply(1)), Ok(Some(2)));
        assert_eq!(log.act("ann", reply(0)), Err(Refusal::NoSuchMessage));
    }
}
