//! Typing indicators of a room.

use chat_shared::RequestId;
use chat_shared::limits::TYPING_MEMBERS_MAX;
use chat_shared::protocol::{ErrorCode, ErrorFrame, ServerFrame, TypingEvent};

use super::super::{Connection, Propose, RoomRequest};
use super::{Room, ok, reject};

impl Room {
    pub(super) fn typing(&mut self, connection: &Connection, id: Option<RequestId>) {
        let (username, now) = (&connection.identity.username, self.hub.now());
        if self.state.is_muted(username, now) {
            let error = ErrorFrame::new(ErrorCode::Muted, "You are muted here: you may only read.");
            return reject(connection, id, &self.room, error);
        }
        ok(connection, id);
        if self.member_count() <= TYPING_MEMBERS_MAX && self.typing.begin(username, now) {
            self.send_typing(true);
        }
    }

    pub(super) fn send_due_typing(&mut self) {
        self.send_typing(false);
    }

    fn send_typing(&mut self, again: bool) {
        if let Some(usernames) = self.typing.news(self.hub.now(), again) {
            let room = self.room.clone();
            let typing = ServerFrame::Typing(TypingEvent { room, usernames });
            self.deliver_ephemeral(&[typing]);
        }
    }
}

/// Whether someone who said that they write has written meanwhile; then that is all it was.
pub(super) fn has_said(request: &mut RoomRequest, propose: &Propose) -> bool {
    match request {
        RoomRequest::Typing { connection, id, .. } if propose.is_by(connection) => {
            ok(connection, id.take());
            true
        }
        _ => false,
    }
}
