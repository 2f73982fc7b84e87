//! Copies a room's events about people's rights into the audit: roles, removals, bans and mutes. Only
//! the process that stored an event does so.

use chat_server_rules::{EventBody, LogEvent};
use chat_shared::protocol::Role;

use super::Room;
use crate::accounts::{AuditAction, Audited};

impl Room {
    /// Keeps what these stored events changed about people's rights.
    pub(super) fn audit(&self, events: &[LogEvent]) {
        for event in events {
            if let Some(audited) = audited(event) {
                let accounts = self.hub.accounts();
                accounts.audit(audited.in_room(&self.name));
            }
        }
    }
}

fn audited(event: &LogEvent) -> Option<Audited> {
    let (action, username, detail) = match &event.body {
        EventBody::Role { username, role } => {
            let role = match role {
                Role::Member => "member",
                Role::Moderator => "moderator",
                Role::Owner => "owner",
            };
            (AuditAction::Role, username, Some(role.to_owned()))
        }
        EventBody::Kicked { username } => (AuditAction::Kick, username, None),
        EventBody::Banned { username, until } => {
            let until = until.map(|until| format!("until {until}"));
            (AuditAction::Ban, username, until)
        }
        EventBody::Unbanned { username } => (AuditAction::Unban, username, None),
        EventBody::Muted { username, until } => {
            let until = until.map(|until| format!("until {until}"));
            (AuditAction::Mute, username, until)
        }
        EventBody::Unmuted { username } => (AuditAction::Unmute, username, None),
        EventBody::Message { .. }
        | EventBody::Edited { .. }
        | EventBody::Deleted { .. }
        | EventBody::Reacted { .. }
        | EventBody::Created { .. }
        | EventBody::Joined
        | EventBody::Left { .. }
        | EventBody::Invited { .. }
        | EventBody::Topic { .. }
        | EventBody::OfAccount { .. } => return None,
    };
    let audited = Audited::new(action, Some(&event.sender)).to(username);
    Some(match detail {
        Some(detail) => audited.detail(detail),
        None => audited,
    })
}
