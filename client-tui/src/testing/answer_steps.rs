//! Steps of the connection, and the server's answers to commands.

use std::ops::RangeInclusive;
use std::time::Duration;

use chat_shared::client::{CloseReason, CommandError, Event as SdkEvent};
use chat_shared::protocol::{
    Ack, ErrorCode, ErrorFrame, HistoryPage, MembersPage, ResultsPage, RoomInfo,
};
use chat_shared::view::RoomView;
use chat_shared::{RoomName, Seq};

use super::fixtures::{first_page, member, message, refusal, welcome};
use super::{Args, NOW, Script};
use crate::state::{Room, Screen};
use crate::update::{Effect, Event, PageRequest};

impl Script {
    /// Runs a step of the connection; returns false if `word` is not one.
    pub(super) fn answer_step(&mut self, word: &str, args: &Args<'_>) -> bool {
        match word {
            "welcome" => self.event(Event::Sdk(SdkEvent::Connected(welcome("log", &args.words)))),
            "restored" => {
                let welcome = welcome("other", &args.words);
                self.event(Event::Sdk(SdkEvent::Connected(welcome)));
            }
            "down" => {
                let retry_in = Some(Duration::from_secs(args.number(0)));
                self.disconnected(args.text(1), retry_in);
            }
            "ended" => self.disconnected(args.text(0), None),
            "signed-out" => self.event(Event::Sdk(SdkEvent::Closed(CloseReason::NotSignedIn))),
            "sign-in-failed" => self.event(Event::SignInFailed(args.text(0))),
            "ack" => self.ack(args),
            "refused" => self.event(Event::Sent {
                room: RoomName::lobby(),
                nonce: args.nonce(0),
                result: Err(refusal(&args.text(1))),
            }),
            "rate-limited" => {
                let mut error = ErrorFrame::new(ErrorCode::RateLimited, "That is too often.");
                error.retry_after_ms = Some(args.number(1));
                self.event(Event::Sent {
                    room: RoomName::lobby(),
                    nonce: args.nonce(0),
                    result: Err(CommandError::Refused(error)),
                });
            }
            "welcome-as" => {
                let mut welcome = welcome("log", &["lobby"]);
                welcome.username = args.user(0);
                self.event(Event::Sdk(SdkEvent::Connected(welcome)));
            }
            "left-here" => {
                let room = args.room(0);
                self.event(Event::Left {
                    room,
                    result: Ok(()),
                });
            }
            "members" => self.members(args),
            "can-join" | "cannot-join" => {
                let room = args.room(0);
                let result = match word {
                    "can-join" => Ok(()),
                    _ => Err(refusal("There is no such room.")),
                };
                self.event(Event::Joined { room, result });
            }
            "not-done" => self.not_done(&args.text(0)),
            "found" => self.found(args),
            _ => return self.page_step(word, args),
        }
        true
    }

    fn page_step(&mut self, word: &str, args: &Args<'_>) -> bool {
        match word {
            "log" => self.log(&RoomName::lobby(), args.number(0)),
            "page" => {
                let more = (args.is(2, "more"), args.is(3, "newer"));
                let (first, last) = (args.number(0), args.number(1));
                let page = self.last_page_request();
                let tip = self.state().room(&page.room).map_or(0, Room::tip);
                self.page(page, first..=last, more, last.max(tip));
            }
            "late-page" => {
                let (first, last) = (args.number(0), args.number(1));
                self.page(self.first_page_request(), first..=last, (true, false), last);
            }
            "page-as-of" => {
                let (as_of, seqs) = (args.number(0), args.number(1)..=args.number(2));
                self.page(self.last_page_request(), seqs, (false, false), as_of);
            }
            "no-page" => {
                let page = self.last_page_request();
                let result = Err(refusal("The store does not answer."));
                self.event(Event::History { page, result });
            }
            _ => return false,
        }
        true
    }

    fn disconnected(&mut self, reason: String, retry_in: Option<Duration>) {
        self.event(Event::Sdk(SdkEvent::Disconnected { reason, retry_in }));
    }

    fn ack(&mut self, args: &Args<'_>) {
        let (room, nonce) = (RoomName::lobby(), args.nonce(0));
        let ack = Ack {
            re: None,
            room: room.clone(),
            nonce: nonce.clone(),
            seq: args.number(1),
            ts: NOW,
        };
        self.event(Event::Sent {
            room,
            nonce,
            result: Ok(ack),
        });
    }

    fn members(&mut self, args: &Args<'_>) {
        let room = RoomName::lobby();
        let page = MembersPage {
            re: None,
            room: room.clone(),
            members: args.words.iter().map(|word| member(word)).collect(),
            more: false,
        };
        self.event(Event::Members {
            room,
            result: Ok(page),
        });
    }

    fn not_done(&mut self, why: &str) {
        let last = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::RoomAction { room, action } => Some((room.clone(), action.clone())),
            _ => None,
        });
        let (room, action) = last.unwrap();
        let result = Err(refusal(why));
        self.event(Event::ActionDone {
            room,
            action,
            result,
        });
    }

    fn found(&mut self, args: &Args<'_>) {
        let seqs = (args.number(0)..=args.number(1)).rev();
        let page = ResultsPage {
            re: None,
            messages: seqs
                .map(|seq| message("lobby", seq, "bob", &format!("tea {seq}")))
                .collect(),
            cursor: args.is(2, "more").then(|| "next".to_owned()),
        };
        let number = self.state().searches;
        self.event(Event::Found {
            number,
            result: Ok(page),
        });
    }

    /// Answers a requested page with the messages of these numbers.
    fn page(
        &mut self,
        page: PageRequest,
        seqs: RangeInclusive<Seq>,
        (more_before, more_after): (bool, bool),
        as_of: Seq,
    ) {
        let view = self.state().room(&page.room).unwrap().view.as_ref();
        if view.is_some_and(|view| view.seq() == 0 && view.shown().is_empty()) {
            self.log(&page.room, as_of);
        }
        let room = page.room.as_str();
        let messages = seqs.map(|seq| message(room, seq, "bob", &format!("line {seq}")));
        let answer = HistoryPage {
            re: None,
            messages: messages.collect(),
            room: page.room.clone(),
            as_of,
            more_before,
            more_after,
        };
        self.event(Event::History {
            page,
            result: Ok(answer),
        });
    }

    /// Makes a room one whose log ended at `last_seq` when it was announced. The fixtures announce
    /// empty logs, which have no pages.
    fn log(&mut self, room: &RoomName, last_seq: Seq) {
        let Screen::Chat(chat) = &mut self.app.screen else {
            panic!("the sign-in form is shown");
        };
        let me = chat.me.clone();
        let room = chat.room_mut(room).unwrap();
        let info = RoomInfo {
            last_seq,
            read_seq: last_seq,
            ..room.info().unwrap().clone()
        };
        let known = room.view.replace(RoomView::new(me, info)).unwrap();
        let view = room.view.as_mut().unwrap();
        if !known.wants_members() {
            view.ask_members();
        }
        if known.people().is_complete() {
            view.take_members(&MembersPage {
                re: None,
                room: room.name.clone(),
                members: known.people().iter().cloned().collect(),
                more: false,
            });
        }
    }

    fn last_page_request(&self) -> PageRequest {
        self.page_requests()
            .last()
            .unwrap_or_else(|| first_page(self.state().rooms()))
    }

    fn first_page_request(&self) -> PageRequest {
        self.page_requests()
            .next()
            .unwrap_or_else(|| first_page(self.state().rooms()))
    }

    fn page_requests(&self) -> impl Iterator<Item = PageRequest> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::FetchHistory(page) => Some(page.clone()),
            _ => None,
        })
    }
}
