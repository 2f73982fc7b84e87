//! Checks of a command's fields that ask neither a room nor the store.

use chat_shared::limits::{
    EVENTS_LIMIT_MAX, FOR_S_MAX, HISTORY_LIMIT_MAX, INVITE_FOR_S_MAX, INVITE_USES_MAX,
    LIST_LIMIT_MAX, QUERY_CHARS_MAX, RESUME_ROOMS_MAX, SEARCH_LIMIT_MAX,
};
use chat_shared::protocol::{Command, ErrorFrame};

use crate::messages;

/// Checks the ranges of a command's fields.
///
/// # Errors
/// The reply.
pub(super) fn check(command: &Command) -> Result<(), ErrorFrame> {
    match command {
        Command::History(history) => {
            let ends = [history.before, history.after, history.around];
            if ends.iter().flatten().count() > 1 {
                return Err(messages::exclusive_ends());
            }
            check_limit(history.limit, HISTORY_LIMIT_MAX)
        }
        Command::Events(events) => check_limit(events.limit, EVENTS_LIMIT_MAX),
        Command::Members(members) => check_limit(members.limit, LIST_LIMIT_MAX),
        Command::Rooms(rooms) => check_limit(rooms.limit, LIST_LIMIT_MAX),
        Command::Search(search) => {
            if search.query.chars().nth(QUERY_CHARS_MAX).is_some() {
                return Err(messages::query_too_long());
            }
            check_limit(search.limit, SEARCH_LIMIT_MAX)
        }
        Command::Audit(audit) => check_limit(audit.limit, LIST_LIMIT_MAX),
        Command::InviteLinks(links) => check_limit(links.limit, LIST_LIMIT_MAX),
        Command::InviteLink(link) => {
            check_range("uses", link.uses.map(u64::from), INVITE_USES_MAX.into())?;
            check_range("for_s", link.for_s, INVITE_FOR_S_MAX)
        }
        Command::Ban(about) | Command::Mute(about) => check_range("for_s", about.for_s, FOR_S_MAX),
        Command::Resume(resume) if resume.rooms.len() > RESUME_ROOMS_MAX => {
            Err(messages::too_many_rooms())
        }
        Command::Send(_)
        | Command::Edit(_)
        | Command::Delete(_)
        | Command::React(_)
        | Command::Typing(_)
        | Command::Read(_)
        | Command::Create(_)
        | Command::Join(_)
        | Command::Leave(_)
        | Command::Invite(_)
        | Command::Kick(_)
        | Command::Unban(_)
        | Command::Unmute(_)
        | Command::Role(_)
        | Command::Topic(_)
        | Command::Dm(_)
        | Command::Profile(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::RevokeInvite(_)
        | Command::ResetLink(_)
        | Command::MakeAdmin(_)
        | Command::UnmakeAdmin(_)
        | Command::Resume(_)
        | Command::Ping => Ok(()),
    }
}

fn check_limit(limit: Option<u32>, max: u32) -> Result<(), ErrorFrame> {
    check_range("limit", limit.map(u64::from), max.into())
}

/// A number that may be left out is 1 to `max`.
fn check_range(field: &str, value: Option<u64>, max: u64) -> Result<(), ErrorFrame> {
    match value {
        Some(value) if value == 0 || value > max => Err(messages::out_of_range(field, max)),
        Some(_) | None => Ok(()),
    }
}
