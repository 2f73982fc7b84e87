//! Requests that propose nothing: coming, going, catching up, reading.

use std::sync::Arc;

use chat_shared::RequestId;
use chat_shared::limits::RESUME_ROOM_EVENTS_MAX;
use chat_shared::protocol::{ErrorCode, ErrorFrame, Limited, ServerFrame};
use tokio::sync::OwnedSemaphorePermit;

use super::super::pages::{self, MembersAsked};
use super::super::{Attached, CatchUp, CatchUpStep, Connection, Query, Resume, RoomRequest};
use super::{Room, turn_down, unavailable};
use crate::outbox::{Class, Frame};

impl Room {
    pub(super) fn answer(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Propose(_) => {}
            RoomRequest::Attach {
                connection,
                resume,
                answer,
            } => {
                let welcome = self.state.exists()
                    && self.state.is_member(&connection.identity.username)
                    && self.attach(&connection, true);
                let _ = answer.send(welcome.then(|| Attached {
                    info: self.info(&connection, self.told),
                    active: self.state.ts(),
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
            RoomRequest::Detach { connection } => {
                if self.subscribers.remove(&connection) {
                    self.presence
                        .disconnect(&connection.identity.username, self.hub.now());
                }
            }
            RoomRequest::Query {
                connection,
                id,
                query,
                permit,
            } => {
                let username = &connection.identity.username;
                if !self.state.is_visible_to(username) {
                    let error = ErrorFrame::new(ErrorCode::NotFound, "There is no such room.");
                    return turn_down(&connection, id, &self.room, error);
                }
                if !self.state.is_member(username) {
                    let message = "You are not in this room; join it first.";
                    let error = ErrorFrame::new(ErrorCode::Forbidden, message);
                    return turn_down(&connection, id, &self.room, error);
                }
                self.read(connection, id, query, permit);
            }
        }
    }

    /// Reads a page beside the room's own work. It stands as of the last event that was told.
    fn read(
        &mut self,
        connection: Arc<Connection>,
        id: Option<RequestId>,
        query: Query,
        permit: OwnedSemaphorePermit,
    ) {
        let (hub, room, as_of) = (self.hub.clone(), self.room.clone(), self.told);
        let members = match &query {
            Query::Members(query) => Some(MembersAsked::new(
                &self.state,
                &hub,
                self.presence.names(),
                query,
            )),
            _ => None,
        };
        tokio::spawn(async move {
            let re = id.clone();
            let page = match (query, members) {
                (Query::History(query), _) => pages::history(&hub, &room, as_of, re, query).await,
                (Query::Events(query), _) => pages::events(&hub, &room, as_of, re, query).await,
                (Query::Members(query), Some(asked)) => {
                    pages::members(&hub, &room, re, query, asked).await
                }
                (Query::Members(_), None) => return,
            };
            match page {
                Ok(page) => connection.send(&page),
                Err(error) => {
                    tracing::error!(%room, %error, "a page could not be read");
                    turn_down(&connection, id, &room, unavailable());
                }
            }
            drop(permit);
        });
    }

    /// Takes a connection's liveness away until it caught up, and returns how far it is behind. One
    /// that is behind too far is told so and stays live.
    fn hold(&mut self, connection: &Connection, resume: Resume) -> u64 {
        let tip = self.told;
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
        if !self.subscribers.contains(connection) {
            return CatchUpStep::Gone;
        }
        let tip = self.told;
        let after = match step {
            CatchUp::Hold => {
                self.subscribers.set_live(connection, false);
                return CatchUpStep::Behind { tip };
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
        let Some(frames) = self.recent.above(after, tip) else {
            return CatchUpStep::Behind { tip };
        };
        for frame in frames {
            connection.push(Frame::part(frame.clone(), frame.len(), Class::Durable));
        }
        self.subscribers.set_live(connection, true);
        CatchUpStep::Live { tip }
    }

    /// While the store does not answer.
    pub(super) fn turn_away(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Query { connection, id, .. } => {
                turn_down(&connection, id, &self.room, unavailable());
            }
            RoomRequest::Detach { .. } => self.answer(request),
            // Dropping the answer tells the connection that the room can't be had.
            RoomRequest::Propose(_) | RoomRequest::Attach { .. } | RoomRequest::CatchUp { .. } => {}
        }
    }
}
