//! Typing indicators of a room.

use super::super::request::Envelope;
use super::super::{Ask, Connection, RoomRequest};
use super::{Room, reject, reply_ok};
use crate::messages;
use chat_server_rules::Refusal;

impl Room {
    /// Shows the members that somebody is typing.
    pub(super) fn begin_typing(&mut self, envelope: &Envelope) {
        let (connection, id) = (&envelope.connection, envelope.id.clone());
        let (username, now) = (&connection.identity.username, self.hub.now());
        if self.committer.state().is_muted(username, now) {
            let error = messages::refused(Refusal::Muted);
            return reject(connection, id, &self.name, error);
        }
        reply_ok(connection, id);
        let members = self.member_count();
        self.audience.begin_typing(username, members, now);
    }
}

/// Whether a request is a typing indicator of the user at `connection`, who has sent the message
/// meanwhile. It is answered then.
pub(super) fn is_over(request: &mut RoomRequest, connection: &Connection) -> bool {
    match request {
        RoomRequest::Client(envelope, Ask::Typing)
            if envelope.connection.identity.username == connection.identity.username =>
        {
            reply_ok(&envelope.connection, envelope.id.take());
            true
        }
        _ => false,
    }
}
