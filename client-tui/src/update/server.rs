//! Applies what the network reports: the connection's state and the answers to commands.

use chat_shared::client::{CloseReason, CommandError, Event as SdkEvent};
use chat_shared::protocol::{Ack, ChatEvent, ResultsPage, RoomInfo};
use chat_shared::{Nonce, RoomName, TimestampMs};

use super::{Effect, Effects, Event, RoomAction, frames, pages, sending, to_sign_in};
use crate::messages::chat as messages;
use crate::state::{App, Chat, Compose, ConnectionState, Editor, Overlay, SaveDue, Screen};

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
        } => sent(chat, &room, &nonce, result),
        Event::History { page, result } => pages::on_page(app, &page, result),
        Event::Members { room, result } => {
            if let (Some(room), Ok(page)) = (chat.room_mut(&room), result) {
                room.members.set(&page.members, page.more);
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
            Ok(()) => chat.retain_rooms(|known| known.name != room),
            Err(error) => show_error(
                chat,
                messages::failed(&messages::cant_leave(&room), error),
                now,
            ),
        },
        Event::Opened { what, text, result } => opened(app, &what, text, result, effects),
        Event::RoomsFound(Ok(page)) => {
            let text = messages::public_rooms(&page);
            chat.current_mut().timeline.add_local(now, text, false);
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
        SdkEvent::Connected(welcome) => frames::connected(chat, welcome),
        SdkEvent::Frame(frame) => frames::on_frame(chat, frame, now),
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
            let me = chat.me.clone();
            to_sign_in(app, &me, crate::messages::sign_in::SIGNED_OUT.to_owned());
            effects.push(Effect::ForgetSession { username: me });
        }
        SdkEvent::Closed(reason) => {
            chat.connection = ConnectionState::Ended {
                why: reason.to_string(),
            }
        }
        _ => {}
    }
}

fn sent(chat: &mut Chat, room: &RoomName, nonce: &Nonce, result: Result<Ack, CommandError>) {
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
            let mut chat =
                ChatEvent::new(ack.room, ack.seq, ack.ts, me.clone(), line.text, line.nonce);
            chat.reply_to = line.reply_to;
            room.timeline.add_message(chat, &me);
        }
        // It stays in the file and is sent by the next run.
        Err(CommandError::Closed(_)) => return,
        Err(error) => room.pending[index].failed = Some(error.to_string()),
    }
    chat.save_due = SaveDue::Now;
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
            if chat.room(&name).is_none_or(|room| room.info.is_none()) {
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
            // Keep the text that was to be sent.
            if let Some(text) = text
                && chat.current().input.is_empty()
            {
                chat.current_mut().input = Editor::with_text(&text);
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
            chat.current_mut().timeline.add_local(now, text, false);
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
                room.timeline.add_local(now, text, true);
                // Keep the new text.
                if let RoomAction::Edit { seq, text } = action
                    && room.input.is_empty()
                {
                    room.input = Editor::with_text(&text);
                    room.compose = Compose::Edit(seq);
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
    chat.current_mut().timeline.add_local(now, text, true);
}
