//! The sentences about what admins of the server do.

use std::fmt::Display;

use chat_shared::protocol::{InviteInfo, InvitesPage, NewInviteLink, NewResetLink};
use chat_shared::{TimestampMs, Username};

pub(crate) const INVITE_REVOKED: &str = "The invite was revoked: nobody signs up by it any more.";
pub(crate) const NO_INVITES: &str = "There are no invites. /invite-link makes one.";
pub(crate) const INVITE_LINK_USAGE: &str =
    "Say for how many people, and for how long: /invite-link 10 7d";
pub(crate) const REVOKE_INVITE_USAGE: &str =
    "/revoke-invite needs the id of an invite; /invite-links lists them.";

pub(crate) fn invite_link(server: impl Display, link: &NewInviteLink, now: TimestampMs) -> String {
    let (who, time) = (people(link.uses), time_left(link.expires, now));
    format!(
        "{who} can sign up by this link within {time}; it is not shown again: {server}{}",
        link.path
    )
}

pub(crate) fn reset_link(server: impl Display, link: &NewResetLink, now: TimestampMs) -> String {
    let (who, time) = (&link.username, time_left(link.expires, now));
    format!(
        "{who} can set a new password once by this link within {time}; it is not shown again: \
         {server}{}",
        link.path
    )
}

pub(crate) fn is_admin(who: &Username) -> String {
    format!("{who} is an admin of the server.")
}

pub(crate) fn is_no_admin(who: &Username) -> String {
    format!("{who} is no admin of the server any more.")
}

pub(crate) fn invite_links(page: &InvitesPage, now: TimestampMs) -> String {
    if page.invites.is_empty() {
        return NO_INVITES.to_owned();
    }
    let line = |it: &InviteInfo| {
        let (uses, time) = (it.uses, time_left(it.expires, now));
        let room = it.room.as_ref();
        let room = room.map_or(String::new(), |room| format!(", into #{room}"));
        let InviteInfo {
            invite, by, used, ..
        } = it;
        format!("{invite}: by {by}, used {used} of {uses} times, for {time} more{room}")
    };
    let mut lines: Vec<_> = page.invites.iter().map(line).collect();
    if page.more {
        lines.push("There are more.".to_owned());
    }
    lines.join("\n")
}

fn people(uses: u32) -> String {
    match uses {
        1 => "One person".to_owned(),
        uses => format!("{uses} people"),
    }
}

/// Rounded up, in the largest unit that is there twice, so that little is lost.
fn time_left(until: TimestampMs, now: TimestampMs) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let seconds = until.saturating_sub(now).div_ceil(1_000);
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= 2 * unit);
    match unit {
        Some((unit, name)) => format!("{} {name}", seconds.div_ceil(unit)),
        None => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_a_unit_that_fits() {
        let check = |seconds: u64, expect: &str| {
            assert_eq!(time_left(seconds * 1_000, 0), expect);
        };
        check(604_800, "7 days");
        check(604_799, "7 days");
        check(86_400, "24 hours");
        check(7_200, "2 hours");
        check(90, "90 seconds");
        check(0, "0 seconds");
    }
}
