//! Requests that propose nothing: coming, going, catching up, reading.

use std::sync::Arc;

use chat_shared::limits::RESUME_ROOM_EVENTS_MAX;
use chat_shared::protocol::{ErrorCode, ErrorFrame, Limited, ServerFrame};
use chat_shared::{RequestId, RoomName};
use tokio::sync::OwnedSemaphorePermit;

use super::super::pages::{self, MembersSnapshot};
use super::super::{CatchUp, CatchUpStep, Connection, Query, Resume, RoomRequest, Subscribed};
use super::super::{history, replay};
use super::{Room, reject, unavailable};
use crate::broken::{Rule, is_broken};
use crate::send_queue::{Class, Frame, PACED_BYTES_MAX};

impl Room {
    pub(super) fn answer(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Propose(_) | RoomRequest::Reload => {}
            RoomRequest::Subscribe {
                connection,
                resume,
                answer,
            } => {
                let welcome = self.may_read(&connection) && self.subscribe(&connection, true);
                let _ = answer.send(welcome.then(|| Subscribed {
                    info: self.info(&connection, self.delivered_seq),
                    active: self.state.ts(),
                    mark: self.mark_of(&connection.identity.username),
                    behind: resume.map_or(0, |resume| self.hold(&connection, resume)),
                }));
            }
            RoomRequest::CatchUp {
                connection,
                catch_up,
                answer,
            } => {
                let _ = answer.send(self.catch_up(&connection, catch_up));
            }
            RoomRequest::Unsubscribe { connection } => {
                if self.subscribers.remove(&connection) {
                    let username = &connection.identity.username;
                    self.presence.disconnect(username, self.hub.now());
                    self.typing.end(username);
                }
            }
            RoomRequest::Query {
                connection,
                id,
                query,
                permit,
            } => {
                if self.check_access(&connection, id.as_ref()) {
                    self.read(connection, id, query, permit);
                }
            }
            RoomRequest::Read {
                connection,
                id,
                seq,
                permit,
            } => {
                if self.check_access(&connection, id.as_ref()) {
                    self.read_up_to(connection, id, seq, permit);
                }
            }
            RoomRequest::MarkerStored(marking) => self.marked(marking),
            RoomRequest::Typing {
                connection,
                id,
                permit,
            } => {
                if self.check_access(&connection, id.as_ref()) {
                    self.typing(&connection, id);
                }
                drop(permit);
            }
        }
    }

    /// As of what is stored: who is let in by an event that may yet fail is not in.
    fn may_read(&self, connection: &Connection) -> bool {
        let username = &connection.identity.username;
        self.state.may_read(username, self.hub.now()) && !self.is_joining_in_flight(username)
    }

    /// Tells who may not read here so.
    pub(super) fn check_access(&self, connection: &Connection, id: Option<&RequestId>) -> bool {
        if self.may_read(connection) {
            return true;
        }
        let username = &connection.identity.username;
        let (code, message) = if !self.state.is_visible_to(username) {
            (ErrorCode::NotFound, "There is no such room.")
        } else if self.state.is_banned(username, self.hub.now()) {
            (ErrorCode::Banned, "You are banned from this room.")
        } else {
            (
                ErrorCode::Forbidden,
                "You are not in this room; join it first.",
            )
        };
        let error = ErrorFrame::new(code, message);
        reject(connection, id.cloned(), &self.room, error);
        false
    }

    /// Reads a page beside the room's own work. It stands as of the last event that was told.
    fn read(
        &mut self,
        connection: Arc<Connection>,
        id: Option<RequestId>,
        query: Query,
        permit: OwnedSemaphorePermit,
    ) {
        let (hub, room, as_of) = (self.hub.clone(), self.room.clone(), self.delivered_seq);
        let viewer = connection.identity.username.clone();
        let Some(subscription) = connection.subscription(&room) else {
            return reject_not_found(&connection, id, &room);
        };
        let members = match &query {
            Query::Members(query) => Some(MembersSnapshot::new(
                &hub,
                &self.state,
                self.presence.names(),
                query,
            )),
            _ => None,
        };
        tokio::spawn(async move {
            let Some(page_permit) = hub.page_permit(&connection).await else {
                return;
            };
            let re = id.clone();
            let page = match (query, members) {
                (Query::History(query), _) => {
                    history::history(&hub, &room, as_of, re, query, &viewer).await
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
                    if connection
                        .send_in(&page_permit, &room, subscription, &page)
                        .is_none()
                    {
                        reject_not_found(&connection, id, &room);
                    }
                }
                Err(error) => {
                    tracing::error!(%room, %error, "a page could not be read");
                    reject(&connection, id, &room, unavailable());
                }
            }
            drop(permit);
        });
    }

    /// Takes a connection's liveness away until it caught up, and returns how far it is behind. One
    /// that is behind too far is told so and stays live.
    fn hold(&mut self, connection: &Connection, resume: Resume) -> u64 {
        let tip = self.delivered_seq;
        let reset = !resume.same_log || resume.after > tip;
        let behind = tip.saturating_sub(resume.after);
        if reset || behind > resume.events_max.min(RESUME_ROOM_EVENTS_MAX) {
            let room = self.room.clone();
            connection.send(&ServerFrame::Limited(Limited {
                room,
                last_seq: tip,
                reset,
            }));
            self.subscribers.set_live(connection, true);
            return 0;
        }
        self.subscribers.set_live(connection, behind == 0);
        behind
    }

    fn catch_up(&mut self, connection: &Arc<Connection>, step: CatchUp) -> CatchUpStep {
        if !self.subscribers.contains(connection) || !self.may_read(connection) {
            return CatchUpStep::Gone;
        }
        let Some(subscription) = connection.subscription(&self.room) else {
            return CatchUpStep::Gone;
        };
        let tip = self.delivered_seq;
        let after = match step {
            CatchUp::Hold => {
                self.subscribers.set_live(connection, false);
                return CatchUpStep::Behind { tip, subscription };
            }
            CatchUp::Start(resume) => {
                if self.hold(connection, resume) == 0 {
                    return CatchUpStep::Live { tip: resume.after };
                }
                resume.after
            }
            CatchUp::Continue { .. } if self.subscribers.is_live(connection) => {
                return CatchUpStep::Live { tip };
            }
            CatchUp::Continue { after } => after,
        };
        let recent = self.recent.above(after, tip, PACED_BYTES_MAX);
        let Some(frames) = recent else {
            if is_broken(Rule::AllIsToldBeforeLive) {
                self.subscribers.set_live(connection, true);
                return CatchUpStep::Live { tip };
            }
            return CatchUpStep::Behind { tip, subscription };
        };
        for frame in frames {
            connection.push(&Frame::part(frame.clone(), frame.len(), Class::Paced));
        }
        self.subscribers.set_live(connection, true);
        CatchUpStep::Live { tip }
    }

    /// While the store does not answer.
    pub(super) fn reject_request(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Query { connection, id, .. }
            | RoomRequest::Read { connection, id, .. }
            | RoomRequest::Typing { connection, id, .. } => {
                reject(&connection, id, &self.room, unavailable());
            }
            RoomRequest::Unsubscribe { .. } | RoomRequest::MarkerStored(_) => self.answer(request),
            // Dropping the answer tells the connection that the room can't be had.
            RoomRequest::Propose(_)
            | RoomRequest::Reload
            | RoomRequest::Subscribe { .. }
            | RoomRequest::CatchUp { .. } => {}
        }
    }
}

fn reject_not_found(connection: &Connection, id: Option<RequestId>, room: &RoomName) {
    let error = ErrorFrame::new(ErrorCode::NotFound, "There is no such room.");
    reject(connection, id, room, error);
}
