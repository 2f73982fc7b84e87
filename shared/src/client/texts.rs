//! Every sentence that the SDK shows to people, except the sentences of its error types, which are
//! in [`super::CommandError`], [`super::HttpError`], [`super::CloseReason`] and their neighbours.

use std::fmt::Display;

use crate::limits::AVATAR_BYTES_MAX;
use crate::protocol::CloseCode;

pub(super) const CONNECTION_LOST: &str = "The connection to the server was lost.";
pub(super) const NOT_HEARD: &str = "The server did not answer for too long.";
pub(super) const NOT_UNDERSTOOD: &str =
    "The server sent something that this program does not understand.";
pub(super) const EVENTS_LOST: &str = "Some events were lost on the way; requesting them again.";
pub(super) const NOT_A_TOKEN: &str = "This is not a valid token.";
pub(super) const NOT_A_SESSION_ID: &str = "This is not the id of a session.";
pub(super) const NOT_A_PICTURE: &str = "A picture must be a PNG, JPEG, WebP or GIF file.";

pub(super) fn picture_too_big() -> String {
    format!("A picture must be at most {} MiB.", AVATAR_BYTES_MAX >> 20)
}

/// Explains a close for which the server gave no reason of its own.
pub(super) fn explain(close: CloseCode) -> &'static str {
    match close {
        CloseCode::Normal => "The server closed the connection.",
        CloseCode::GoingAway => "The server is shutting down.",
        CloseCode::ServerFault => "The server had an internal error.",
        CloseCode::TimedOut => "The server received nothing from this program for too long.",
        CloseCode::TooManyConnections => "There are too many connections to this server.",
        CloseCode::TooSlow => "The connection was too slow for everything there was to read.",
        CloseCode::Flood => "This program sent too much in too short a time.",
        _ => "The server does not understand this program; one of them may be out of date.",
    }
}

pub(super) fn connection_failed(error: &dyn Display) -> String {
    format!("The connection to the server was lost: {error}.")
}

pub(super) fn no_websocket(server: &dyn Display, error: &dyn Display) -> String {
    format!("{server} does not speak WebSocket as expected: {error}.")
}

pub(super) fn no_request(error: &dyn Display) -> String {
    format!("The request could not be made: {error}.")
}

pub(super) fn no_answer(server: &dyn Display) -> String {
    format!("{server} did not answer in time.")
}

pub(super) fn not_let_in(server: &dyn Display) -> String {
    format!("{server} does not accept this program.")
}

pub(super) fn too_many_connections(server: &dyn Display) -> String {
    format!("{server} has too many connections from this address.")
}

pub(super) fn cannot_answer(server: &dyn Display, status: &dyn Display) -> String {
    format!("{server} can't answer now ({status}).")
}

pub(super) fn not_a_chat_server(server: &dyn Display, status: &dyn Display) -> String {
    format!("There is no chat server at {server} ({status}); check the address.")
}

pub(super) fn call_failed(server: &dyn Display, error: &dyn Display) -> String {
    format!("The request to {server} failed: {error}.")
}

pub(super) fn other_version(version: u32) -> String {
    format!("It answered with version {version}.")
}

pub(super) fn server_said(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(" The server says: {said}")
    }
}

pub(super) fn connected(username: &dyn Display) -> String {
    format!("Connected as {username}.")
}

pub(super) fn room_entered(room: &dyn Display) -> String {
    format!("[{room}] You are now in this room.")
}

pub(super) fn room_gone(room: &dyn Display) -> String {
    format!("[{room}] You are no longer in this room.")
}

pub(super) fn events_skipped(room: &dyn Display) -> String {
    format!("[{room}] You missed more than can be replayed; see the room's history.")
}

pub(super) fn more_rooms(count: usize) -> String {
    format!("You are in {count} more rooms.")
}

pub(super) fn reconnecting(reason: &str, seconds: f64) -> String {
    format!("{reason} Reconnecting in {seconds:.0} s.")
}
