//! Applies what the network reports: the connection's state and the answers to commands.

use chat_shared::client::{CloseReason, CommandError, Event as SdkEvent};
use chat_shared::protocol::{Ack, ChatEvent, ErrorCode, ResultsPage, RoomInfo};
use chat_shared::{Nonce, RoomName, TimestampMs};

use super::{Effect, Effects, Event, RoomAction, frames, pages, sending, to_sign_in};
use crate::messages::{chat as messages, sign_in as messages_of_sign_in};
use crate::state::{
    App, Chat, Compose, ConnectionState, Editor, Membership, Overlay, PendingState, SaveDue, Screen,
};

pub(super) fn on_event(app: &mut App, event: Event, effects: &mut Effects) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match event {
        Event::Sdk(event) => on_sdk(app, event, effects),
        Event::Sent {
            room,
            nonce,
            result,
        } => sent(chat, &room, &nonce, result, now),
        Event::History { page, result } => pages::on_page(app, &page, result),
        Event::Members { room, result } => {
            if let (Some(room), Ok(page)) = (chat.room_mut(&room), result)
                && let Some(view) = &mut room.view
            {
                view.take_members(&page);
                if let Some(last) = page.members.last()
                    && page.more
                    && view.people().iter().count() < MEMBERS_MAX
                {
                    let after = Some(last.username.clone());
                    effects.push(Effect::FetchMembers {
                        room: room.name.clone(),
                        after,
                    });
                }
            }
        }
        Event::Joined { room, result } => match result {
            Ok(()) => chat.go_to(&room),
            Err(error) => show_error(
                chat,
                messages::failed(&messages::cant_join(&room), error),
                now,
            ),
        },
        Event::Left { room, result } => match result {
            Ok(()) => left(chat, &room),
            Err(error) => {
                if let Some(room) = chat.room_mut(&room) {
                    room.membership = Membership::Member;
                }
                show_error(
                    chat,
                    messages::failed(&messages::cant_leave(&room), error),
                    now,
                );
            }
        },
        Event::Opened { what, text, result } => opened(app, &what, text, result, effects),
        Event::RoomsFound(Ok(page)) => {
            let text = messages::public_rooms(&page);
            chat.current_mut().note(now, text, false);
        }
        Event::RoomsFound(Err(error)) => {
            show_error(
                chat,
                messages::failed(messages::ROOMS_NOT_LISTED, error),
                now,
            );
        }
        Event::Found { number, result } => found(chat, number, result),
        Event::ActionDone {
            room,
            action,
            result,
        } => action_done(chat, &room, action, result, now),
        Event::Administered(Ok(text)) => chat.current_mut().note(now, text, false),
        Event::Administered(Err(error)) => show_error(chat, error, now),
        Event::Edited { room, result } => edited(chat, &room, result),
        Event::NotSaved(error) => show_error(chat, error, now),
        _ => {}
    }
}

fn on_sdk(app: &mut App, event: SdkEvent, effects: &mut Effects) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match event {
        SdkEvent::Connected(welcome) if welcome.username.folded() != chat.me.folded() => {
            // The saved token belongs to another user: show and send nothing in their name.
            effects.push(Effect::Disconnect);
            let error = messages_of_sign_in::saved_for_other_user(&welcome.username, &chat.me);
            to_sign_in(app, error, effects);
        }
        SdkEvent::Connected(welcome) => frames::connected(chat, welcome),
        SdkEvent::Frame(frame) => frames::on_frame(chat, frame, now, &app.zone),
        SdkEvent::Disconnected { reason, retry_in } => {
            chat.connection = match retry_in {
                Some(wait) => {
                    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    ConnectionState::Waiting {
                        until: now.saturating_add(wait_ms),
                        why: reason,
                    }
                }
                None => ConnectionState::Ended { why: reason },
            };
        }
        SdkEvent::Closed(CloseReason::NotSignedIn) => {
            to_sign_in(app, messages_of_sign_in::SIGNED_OUT.to_owned(), effects);
        }
        SdkEvent::Closed(reason) => {
            chat.connection = ConnectionState::Ended {
                why: reason.to_string(),
            }
        }
        _ => {}
    }
}

/// Members that are asked for, page by page; a larger room shows how many are online.
const MEMBERS_MAX: usize = 2_000;

/// How long a message waits if the server limits the rate and does not say for how long.
const RETRY_AFTER_MS: u64 = 1_000;

/// Bounds of what the server asks for: no busy loop, and no message that never leaves.
const RETRY_AFTER_MS_MIN: u64 = 50;
const RETRY_AFTER_MS_MAX: u64 = 60_000;

fn sent(
    chat: &mut Chat,
    room: &RoomName,
    nonce: &Nonce,
    result: Result<Ack, CommandError>,
    now: TimestampMs,
) {
    let me = chat.me.clone();
    let Some(room) = chat.room_mut(room) else {
        return;
    };
    let Some(index) = room.pending.iter().position(|line| line.nonce == *nonce) else {
        return;
    };
    match result {
        Ok(ack) => {
            let line = room.pending.remove(index);
            let mut chat = ChatEvent::new(ack.room, ack.seq, ack.ts, me, line.text, line.nonce);
            chat.reply_to = line.reply_to;
            if let Some(view) = &mut room.view {
                view.take_acknowledged(&chat);
            }
        }
        // It stays in the file and is sent by the next run.
        Err(CommandError::Closed(_)) => return,
        // It waits for its turn, and the later messages wait behind it.
        Err(CommandError::Refused(error)) if error.code == ErrorCode::RateLimited => {
            let wait_ms = error.retry_after_ms.unwrap_or(RETRY_AFTER_MS);
            room.send_after = now + wait_ms.clamp(RETRY_AFTER_MS_MIN, RETRY_AFTER_MS_MAX);
            room.pending[index].state = PendingState::Waiting;
        }
        Err(error) => room.pending[index].state = PendingState::Failed(error.to_string()),
    }
    chat.save_due = SaveDue::Now;
}

/// This client left a room, which goes once nothing unsent is in it.
fn left(chat: &mut Chat, name: &RoomName) {
    let Some(room) = chat.room_mut(name) else {
        return;
    };
    if room.holds_text() {
        room.membership = Membership::Closed(messages::not_in_room(name));
    } else {
        chat.retain_rooms(|room| room.name != *name);
    }
}

fn opened(
    app: &mut App,
    what: &str,
    text: Option<String>,
    result: Result<RoomInfo, CommandError>,
    effects: &mut Effects,
) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match result {
        Ok(info) => {
            let name = info.room.clone();
            if chat.room(&name).is_none_or(|room| room.view.is_none()) {
                chat.put_room(info);
            }
            chat.go_to(&name);
            if let Some(text) = text
                && let Err(error) = sending::send_text(app, &text, None, effects)
                && let Screen::Chat(chat) = &mut app.screen
            {
                chat.notice = Some(error);
            }
        }
        Err(error) => {
            show_error(chat, messages::failed(what, error), now);
            if let Some(text) = text {
                let text = Editor::with_text(&text);
                chat.current_mut().load(text, Compose::New);
            }
        }
    }
}

fn found(chat: &mut Chat, number: u64, result: Result<ResultsPage, CommandError>) {
    let Some(Overlay::Search(view)) = &mut chat.overlay else {
        return;
    };
    if view.number != number {
        return;
    }
    view.busy = false;
    match result {
        Ok(page) => {
            view.found.extend(page.messages);
            view.cursor = page.cursor;
        }
        Err(error) => view.error = Some(error.to_string()),
    }
}

fn action_done(
    chat: &mut Chat,
    name: &RoomName,
    action: RoomAction,
    result: Result<(), CommandError>,
    now: TimestampMs,
) {
    match (result, action) {
        (Ok(()), RoomAction::Profile(name)) => {
            let text = messages::display_name_changed(&name);
            chat.current_mut().note(now, text, false);
        }
        (Ok(()), RoomAction::Block(who)) => {
            let text = messages::blocked(&who);
            chat.current_mut().note(now, text, false);
        }
        (Ok(()), RoomAction::Unblock(who)) => {
            let text = messages::unblocked(&who);
            chat.current_mut().note(now, text, false);
        }
        (Ok(()), _) => {}
        (Err(error), action) => {
            let text = messages::failed(&action.failure(), error);
            let current = chat.current().name.clone();
            let shown = if chat.room(name).is_some() {
                name
            } else {
                &current
            };
            if let Some(room) = chat.room_mut(shown) {
                room.note(now, text, true);
                // The new text comes back, to be corrected.
                if let RoomAction::Edit { seq, text } = action {
                    room.load(Editor::with_text(&text), Compose::Edit(seq));
                }
            }
        }
    }
}

fn edited(chat: &mut Chat, room: &RoomName, result: Result<String, String>) {
    match result {
        Ok(text) => {
            if let Some(room) = chat.room_mut(room) {
                room.input.set("");
                let fits = room.input.insert(text.trim_end());
                if !fits {
                    room.input.undo();
                    chat.notice = Some(messages::TOO_LONG_FOR_A_MESSAGE.to_owned());
                }
            }
            chat.save_due = SaveDue::Now;
        }
        Err(error) => chat.notice = Some(error),
    }
}

fn show_error(chat: &mut Chat, text: String, now: TimestampMs) {
    chat.current_mut().note(now, text, true);
}
