//! Rooms: whatever several people do in whatever order, the rules decide as PROTOCOL.md says.
//!
//! The input is a room and a list of commands ([`input`]). Each is decided by the rules and by a
//! model that was written from the protocol's table of permissions alone ([`model`]). Both must
//! agree: on the refusal's code, on whether something happens, and on the room afterwards.

mod changes;
mod input;
mod model;

use chat_server_rules::{Actor, EventId, LogEvent, MessageStates, Proposal, RoomState, decide};
use chat_shared::protocol::ErrorCode;

use self::input::{ADMIN, Input, PEOPLE, Step, username};
use self::model::{Decision, Model};

/// Reads the input as a room and commands.
pub(crate) fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let room = input.room();
    let mut world = World {
        state: RoomState::empty(room.clone()),
        messages: MessageStates::default(),
        model: Model::new(&room),
        log: Vec::new(),
        now: 1,
    };
    while let Some(step) = input.step() {
        world.take(&step);
    }
    world.check_log();
}

struct World {
    state: RoomState,
    messages: MessageStates,
    model: Model,
    log: Vec<LogEvent>,
    now: u64,
}

impl World {
    fn take(&mut self, step: &Step) {
        self.now = self.now.saturating_add(step.later_ms);
        let actor = Actor {
            username: username(step.actor),
            bot: step.bot,
            admin: step.actor == ADMIN,
        };
        let proposal = Proposal {
            actor: &actor,
            command: &step.command,
            nonce: None,
            event_id: EventId(String::new()),
            now: self.now,
        };
        let expected = self.model.decide(step.actor, &step.command, self.now);
        let decided = decide(&self.state, &self.messages, &proposal);
        let found = match &decided {
            Ok(Some(_)) => Decision::Done,
            Ok(None) => Decision::Nothing,
            Err(refusal) => Decision::Refused(refusal.code()),
        };
        assert_eq!(found, expected, "{step:?}: {decided:?} by {:?}", self.state);
        if let Ok(Some(event)) = decided {
            self.apply(event, step);
        }
        self.compare(step);
    }

    fn apply(&mut self, event: LogEvent, step: &Step) {
        assert_eq!(event.seq, self.state.seq() + 1, "a log has no hole");
        assert!(event.ts >= self.state.ts(), "time never goes back");
        self.state.apply(&event);
        self.messages.apply(&event);
        self.model
            .apply(step.actor, &step.command, self.now, event.body.mentions());
        self.log.push(event);
    }

    fn compare(&self, step: &Step) {
        assert_eq!(self.state.topic(), self.model.topic, "{step:?}");
        for person in 0..PEOPLE {
            let name = username(person);
            let about = || format!("{name} after {step:?} in {:?}", self.state);
            let (state, model) = (&self.state, &self.model);
            assert_eq!(
                state.is_member(&name),
                model.is_member(person),
                "{}",
                about()
            );
            let admin = person == ADMIN;
            assert_eq!(
                state.role_of(&name, admin),
                model.role_of(person),
                "{}",
                about()
            );
            let (banned, muted) = (
                model.is_banned(person, self.now),
                model.is_muted(person, self.now),
            );
            assert_eq!(state.is_banned(&name, self.now), banned, "{}", about());
            assert_eq!(state.is_muted(&name, self.now), muted, "{}", about());
            let may_read = model.is_member(person) && !banned && self.state.exists();
            assert_eq!(state.may_read(&name, self.now), may_read, "{}", about());
        }
        for (seq, expected) in &self.model.messages {
            let message = self.messages.get(*seq).expect("the model has it");
            assert_eq!(message.text, expected.text, "{step:?}");
            assert_eq!(message.deleted, expected.deleted, "{step:?}");
            let reactions: usize = message.reactions().map(|(_, n, _)| n as usize).sum();
            assert_eq!(reactions, expected.reactions.len(), "{step:?}");
        }
    }

    /// The log, read from a store, makes the same room, and so does a snapshot.
    fn check_log(&self) {
        let mut again = RoomState::empty(self.state.room().clone());
        for event in &self.log {
            let stored = serde_json::to_string(event).expect("an event is JSON");
            let read: LogEvent = serde_json::from_str(&stored).expect("what was written is read");
            assert_eq!(read, *event);
            again.apply(&read);
        }
        assert_eq!(again, self.state);
        let snapshot = serde_json::to_string(&self.state).expect("a state is JSON");
        let read: RoomState = serde_json::from_str(&snapshot).expect("what was written is read");
        assert_eq!(read, self.state);
    }
}

/// The codes of refusals, so that the model names them in one place.
const FORBIDDEN: Decision = Decision::Refused(ErrorCode::Forbidden);
const NOT_FOUND: Decision = Decision::Refused(ErrorCode::NotFound);
