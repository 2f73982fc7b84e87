//! Acts on rooms.

use chat_server_rules::{RoomScope, RoomState};
use chat_shared::protocol::Role;
use chat_shared::{RoomName, Username};

use super::act::{Outcome, RoomRow};
use super::executor::{Executor, Failure, is_found};
use crate::accounts::{AuditAction, Audited, now_ms};
use chat_server_store::AccountState;

/// Rooms that are read for one page of the list: a search passes over those that do not match.
const ROOMS_READ_MAX: usize = 100;

impl Executor {
    pub(super) async fn rooms(&self, search: &str, after: &str) -> Result<Outcome, Failure> {
        let search = search.to_lowercase();
        let page = self.store.rooms_after(after, ROOMS_READ_MAX).await?;
        let next = page.last().filter(|_| page.len() == ROOMS_READ_MAX);
        let next = next.map(RoomName::to_string);
        let mut rooms = Vec::new();
        for room in page.iter().filter(|room| !room.is_direct()) {
            let state = self.hub.stored_state(room).await?;
            if is_found(&search, [room.as_str(), state.topic()]) {
                rooms.push(self.row(&state));
            }
        }
        Ok(Outcome::Rooms { rooms, next })
    }

    fn row(&self, state: &RoomState) -> RoomRow {
        let members = match RoomScope::of(state.room()).has_everyone() {
            true => self.accounts.account_count(),
            false => state.members().len() as u64,
        };
        RoomRow {
            room: state.room().to_string(),
            kind: state.kind(),
            topic: state.topic().to_owned(),
            members,
            owners: owners(state).map(Username::to_string).collect(),
            messages: state.messages(),
            last: state.ts(),
        }
    }

    /// Makes a person the only owner of a room: first an owner, then those before them are members.
    pub(super) async fn hand_over(&self, room: &str, name: &str) -> Result<Outcome, Failure> {
        let no_room = || Failure::NoSuchRoom(room.to_owned());
        let user = self.user(name).await?;
        if user.state != AccountState::Active {
            return Err(Failure::Unusable(user.username));
        }
        let to = user.username;
        let room = RoomName::parse(room).map_err(|_| no_room())?;
        if room.is_direct() || RoomScope::of(&room).has_everyone() {
            return Err(Failure::NoOwner(room));
        }
        let before = self.hub.stored_state(&room).await?;
        if !before.exists() {
            return Err(no_room());
        }
        if before.is_banned(&to, now_ms()) {
            return Err(Failure::BannedFrom(to, room));
        }
        let failed = || Failure::NotHandedOver(room.clone());
        if !self.hub.take_over_room(&to, &room).await {
            return Err(failed());
        }
        let now = self.hub.stored_state(&room).await?;
        // They step down only beside an owner.
        if now.role_of(&to, false) != Role::Owner {
            return Err(failed());
        }
        let audited = Audited::new(AuditAction::Role, None).to(&to);
        self.accounts.audit(audited.in_room(&room).detail("owner"));
        for owner in owners(&now).filter(|owner| **owner != to) {
            if !self.hub.step_down(owner, &room).await {
                return Err(failed());
            }
        }
        let now = self.hub.stored_state(&room).await?;
        if let Some(left) = owners(&now).find(|owner| **owner != to) {
            return Err(Failure::OwnerLeft(to, room, left.clone()));
        }
        Ok(Outcome::Done {
            sentence: format!("{to} owns #{room}."),
        })
    }
}

/// The people who own a room, admins not counted.
fn owners(state: &RoomState) -> impl Iterator<Item = &Username> {
    let members = state.members().iter();
    let owners = members.filter(|(_, member)| member.role == Role::Owner);
    owners.map(|(name, _)| name)
}
