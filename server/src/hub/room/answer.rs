//! Requests of a room that propose nothing: subscribing, catching up, reading.

use std::sync::Arc;

use chat_shared::limits::RESUME_ROOM_EVENTS_MAX;
use chat_shared::protocol::{ErrorFrame, Limited, ServerFrame};
use chat_shared::{RequestId, RoomName};

use super::super::pages::{self, MembersSnapshot};
use super::super::request::Envelope;
use super::super::{
    Ask, CatchUp, CatchUpStep, Connection, Query, Resume, RoomRequest, Subscribed, history, replay,
};
use super::{Room, reject};
use crate::messages;
use crate::send_queue::{Class, Frame, PACED_BYTES_MAX};
use chat_server_rules::Refusal;
use chat_server_store::log_failure;

impl Room {
    pub(super) fn answer_all(&mut self, requests: Vec<RoomRequest>) {
        for request in requests {
            self.answer(request);
        }
    }

    fn answer(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Client(envelope, ask) => self.answer_client(envelope, ask),
            RoomRequest::Subscribe {
                connection,
                resume,
                answer,
            } => {
                let subscribed = self.subscribe(&connection, resume);
                let _ = answer.send(subscribed);
            }
            RoomRequest::CatchUp {
                connection,
                catch_up,
                answer,
            } => {
                let _ = answer.send(self.catch_up(&connection, catch_up));
            }
            RoomRequest::Unsubscribe { connection } => {
                self.audience.unsubscribe(&connection, self.hub.now());
            }
            RoomRequest::MarkerStored(stored) => self.marker_stored(stored),
            RoomRequest::Reload => {}
        }
    }

    fn answer_client(&mut self, envelope: Envelope, ask: Ask) {
        if !self.check_access(&envelope.connection, envelope.id.as_ref()) {
            return;
        }
        match ask {
            // The committer has them all.
            Ask::Propose(_) => {}
            Ask::Query(query) => self.make_page(envelope, query),
            Ask::Read { seq } => self.store_marker(envelope, seq),
            Ask::Typing => self.begin_typing(&envelope),
        }
    }

    /// Whether a user may read, as of the stored events: one who joins by an event that may still
    /// fail is not a member yet.
    fn may_read(&self, connection: &Connection) -> bool {
        let (username, state) = (&connection.identity.username, self.committer.state());
        state.may_read(username, self.hub.now()) && !self.is_joining_in_flight(username)
    }

    /// Checks that a connection's user may read here, and replies with the reason if not.
    pub(super) fn check_access(&self, connection: &Connection, id: Option<&RequestId>) -> bool {
        if self.may_read(connection) {
            return true;
        }
        let (username, state) = (&connection.identity.username, self.committer.state());
        let refusal = if !state.is_visible_to(username) {
            Refusal::NoSuchRoom
        } else if state.is_banned(username, self.hub.now()) {
            Refusal::Banned
        } else {
            Refusal::NotMember
        };
        let error = messages::refused(refusal);
        reject(connection, id.cloned(), &self.name, error);
        false
    }

    /// Subscribes a connection: live at once, or held until it caught up.
    fn subscribe(
        &mut self,
        connection: &Arc<Connection>,
        resume: Option<Resume>,
    ) -> Option<Subscribed> {
        let subscribed =
            self.may_read(connection) && self.audience.subscribe(connection, self.hub.now());
        subscribed.then(|| Subscribed {
            info: self.info(connection, self.audience.delivered_seq()),
            active: self.committer.state().ts(),
            mark: self.mark_of(&connection.identity.username),
            behind: resume.map_or(0, |resume| self.hold(connection, resume)),
        })
    }

    /// Makes a page in a task of its own. The page is as of the last delivered event.
    fn make_page(&mut self, envelope: Envelope, query: Query) {
        let Envelope {
            connection,
            id,
            permit,
        } = envelope;
        let room = self.name.clone();
        let as_of = self.audience.delivered_seq();
        let Some(subscription) = connection.subscription(&room) else {
            return reject_not_found(&connection, id, &room);
        };
        let members = match &query {
            Query::Members(query) => Some(MembersSnapshot::new(
                &self.hub,
                self.committer.state(),
                self.audience.presence.names(),
                query,
            )),
            Query::History(_) | Query::Events(_) => None,
        };
        self.hub.spawn_background(|hub| async move {
            let Some(page_permit) = hub.page_permit(&connection).await else {
                return;
            };
            let (re, viewer) = (id.clone(), &connection.identity.username);
            let page = match (query, members) {
                (Query::History(query), _) => {
                    history::history(&hub, &room, as_of, re, query, viewer).await
                }
                (Query::Events(query), _) => replay::events(&hub, &room, as_of, re, query).await,
                (Query::Members(query), Some(snapshot)) => {
                    pages::members(&hub, &room, re, query, snapshot).await
                }
                (Query::Members(_), None) => return,
            };
            match page {
                Ok(page) => {
                    // The user was removed while the page was being read; drop it.
                    let sent = connection.send_in(&page_permit, &room, subscription, &page);
                    if sent.is_none() {
                        reject_not_found(&connection, id, &room);
                    }
                }
                Err(error) => {
                    log_failure!(error, error, %room, "a page could not be read");
                    reject(&connection, id, &room, messages::unavailable());
                }
            }
            drop(permit);
        });
    }

    /// Holds a connection's live events back until it caught up, and returns how many events it is
    /// behind. A connection that is too far behind gets `limited` and stays live.
    fn hold(&mut self, connection: &Connection, resume: Resume) -> u64 {
        let tip = self.audience.delivered_seq();
        let reset = !resume.same_log || resume.after > tip;
        let behind = tip.saturating_sub(resume.after);
        if reset || behind > resume.events_max.min(RESUME_ROOM_EVENTS_MAX) {
            connection.send(&ServerFrame::Limited(Limited {
                room: self.name.clone(),
                last_seq: tip,
                reset,
            }));
            self.audience.set_live(connection, true);
            return 0;
        }
        self.audience.set_live(connection, behind == 0);
        behind
    }

    /// One step of a subscriber's catch-up; its states are drawn at [`CatchUp`].
    fn catch_up(&mut self, connection: &Arc<Connection>, step: CatchUp) -> CatchUpStep {
        if !self.audience.is_subscribed(connection) || !self.may_read(connection) {
            return CatchUpStep::Gone;
        }
        let Some(subscription) = connection.subscription(&self.name) else {
            return CatchUpStep::Gone;
        };
        let tip = self.audience.delivered_seq();
        let after = match step {
            CatchUp::Hold => {
                self.audience.set_live(connection, false);
                return CatchUpStep::Behind { tip, subscription };
            }
            CatchUp::Start(resume) => {
                if self.hold(connection, resume) == 0 {
                    return CatchUpStep::Live { tip: resume.after };
                }
                resume.after
            }
            CatchUp::Continue { .. } if self.audience.is_live(connection) => {
                return CatchUpStep::Live { tip };
            }
            CatchUp::Continue { after } => after,
        };
        let Some(frames) = self.audience.recent_above(after, PACED_BYTES_MAX) else {
            return CatchUpStep::Behind { tip, subscription };
        };
        for frame in frames {
            connection.push(&Frame::part(frame.clone(), frame.len(), Class::Paced));
        }
        self.audience.set_live(connection, true);
        CatchUpStep::Live { tip }
    }

    /// Rejects a request while the store does not answer.
    pub(super) fn reject_request(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Client(Envelope { connection, id, .. }, _) => {
                reject(&connection, id, &self.name, self.committer.unavailable());
            }
            RoomRequest::Unsubscribe { .. } | RoomRequest::MarkerStored(_) => self.answer(request),
            // `None` leaves this room out; a new connection still gets its other rooms.
            RoomRequest::Subscribe { answer, .. } if self.committer.is_set_aside() => {
                let _ = answer.send(None);
            }
            // Dropping the answer tells the connection that the room is not available.
            RoomRequest::Reload | RoomRequest::Subscribe { .. } | RoomRequest::CatchUp { .. } => {}
        }
    }
}

fn reject_not_found(connection: &Connection, id: Option<RequestId>, room: &RoomName) {
    let error: ErrorFrame = messages::refused(Refusal::NoSuchRoom);
    reject(connection, id, room, error);
}
