//! Reads frames from text and writes them.
//!
//! A frame that can't be read becomes a [`DecodeError`]. It has the frame's `id` and nonce if those
//! could be read, so that the error reaches the command that caused it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::protocol::{
    Command, CommandFrame, DemoFrame, ErrorCode, ErrorFrame, Hello, ServerFrame,
};
use crate::{Nonce, RequestId, RoomName};

/// A frame that a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// The first frame of a connection.
    Hello(Hello),
    /// A command.
    Command(CommandFrame),
    /// A frame without `type`, as the page of the FastAPI demo sends.
    Demo(DemoFrame),
}

/// Why a frame could not be read. It converts into the [`ErrorFrame`] that answers it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct DecodeError(pub ErrorFrame);

impl From<DecodeError> for ErrorFrame {
    fn from(error: DecodeError) -> Self {
        error.0
    }
}

/// The parts of a frame that are read before its type is known. Each is `None` if it is missing or
/// not a string.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Lenient<'a>,
    #[serde(default, borrow)]
    id: Lenient<'a>,
}

/// A string, or a mark that the value was something else.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Lenient<'a> {
    #[serde(borrow)]
    Text(std::borrow::Cow<'a, str>),
    Other(serde::de::IgnoredAny),
    #[default]
    Missing,
}

/// Reads a frame that a client sent.
///
/// # Errors
/// - [`ErrorCode::BadJson`] if the text is not JSON or is nested too deep
/// - [`ErrorCode::BadFrame`] if it is not an object, or its `type` is not a string
/// - [`ErrorCode::UnknownCommand`] if no command has this `type`
/// - [`ErrorCode::BadField`], with the field's name, if a field is missing or wrong
/// - [`ErrorCode::NotFound`] if a room can't have the given name
pub fn decode_client_frame(text: &str) -> Result<ClientFrame, DecodeError> {
    if nesting_exceeds(text, NESTING_MAX) {
        let message = format!("That is nested too deep: {NESTING_MAX} levels at most.");
        return Err(DecodeError(ErrorFrame::new(ErrorCode::BadJson, message)));
    }
    if !text.trim_start().starts_with('{') {
        return Err(not_an_object(text));
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let id = match envelope.id {
        Lenient::Missing => None,
        Lenient::Text(id) => Some(RequestId::parse(&id).map_err(|error| bad_field("id", &error))?),
        Lenient::Other(_) => return Err(bad_field("id", &"it must be a string")),
    };
    let re = id.as_ref();
    let kind = match &envelope.kind {
        Lenient::Text(kind) => kind.as_ref(),
        Lenient::Missing => return fields(text, "", re).map(ClientFrame::Demo),
        Lenient::Other(_) => {
            let message = "A frame's `type` must be a string.";
            return Err(DecodeError(ErrorFrame::new(ErrorCode::BadFrame, message)));
        }
    };
    let command = match kind {
        "hello" => return fields(text, kind, re).map(ClientFrame::Hello),
        "send" => Command::Send(fields(text, kind, re)?),
        "edit" => Command::Edit(fields(text, kind, re)?),
        "delete" => Command::Delete(fields(text, kind, re)?),
        "react" => Command::React(fields(text, kind, re)?),
        "history" => Command::History(fields(text, kind, re)?),
        "events" => Command::Events(fields(text, kind, re)?),
        "search" => Command::Search(fields(text, kind, re)?),
        "typing" => Command::Typing(fields(text, kind, re)?),
        "read" => Command::Read(fields(text, kind, re)?),
        "rooms" => Command::Rooms(fields(text, kind, re)?),
        "members" => Command::Members(fields(text, kind, re)?),
        "create" => Command::Create(fields(text, kind, re)?),
        "join" => Command::Join(fields(text, kind, re)?),
        "leave" => Command::Leave(fields(text, kind, re)?),
        "invite" => Command::Invite(fields(text, kind, re)?),
        "kick" => Command::Kick(fields(text, kind, re)?),
        "ban" => Command::Ban(fields(text, kind, re)?),
        "unban" => Command::Unban(fields(text, kind, re)?),
        "mute" => Command::Mute(fields(text, kind, re)?),
        "unmute" => Command::Unmute(fields(text, kind, re)?),
        "role" => Command::Role(fields(text, kind, re)?),
        "topic" => Command::Topic(fields(text, kind, re)?),
        "dm" => Command::Dm(fields(text, kind, re)?),
        "profile" => Command::Profile(fields(text, kind, re)?),
        "block" => Command::Block(fields(text, kind, re)?),
        "unblock" => Command::Unblock(fields(text, kind, re)?),
        "invite_link" => Command::InviteLink(fields(text, kind, re)?),
        "invite_links" => Command::InviteLinks(fields(text, kind, re)?),
        "revoke_invite" => Command::RevokeInvite(fields(text, kind, re)?),
        "reset_link" => Command::ResetLink(fields(text, kind, re)?),
        "make_admin" => Command::MakeAdmin(fields(text, kind, re)?),
        "unmake_admin" => Command::UnmakeAdmin(fields(text, kind, re)?),
        "audit" => Command::Audit(fields(text, kind, re)?),
        "resume" => Command::Resume(fields(text, kind, re)?),
        "ping" => Command::Ping,
        _ => {
            let message = "There is no such command in this version of the protocol.";
            let mut error = ErrorFrame::new(ErrorCode::UnknownCommand, message);
            error.re = id;
            return Err(DecodeError(error));
        }
    };
    Ok(ClientFrame::Command(CommandFrame { id, command }))
}

/// Reads a frame that the server sent. A frame of a type that this version doesn't know reads as
/// [`ServerFrame::Unknown`].
///
/// # Errors
/// [`serde_json::Error`] if the text is not a frame of this protocol.
pub fn decode_server_frame(text: &str) -> Result<ServerFrame, serde_json::Error> {
    serde_json::from_str(text)
}

/// Writes a frame. A frame type, kind or error code that this version doesn't know is written as
/// `unknown`, which reads as unknown again.
///
/// # Panics
/// Never: every frame type of this crate has string keys and finite numbers and skips no variant,
/// so it can be written as JSON.
pub fn encode<T: serde::Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("a frame is JSON by its type")
}

/// Levels of nested arrays and objects in a frame.
const NESTING_MAX: usize = 64;

/// Whether brackets outside strings nest deeper than `levels_max`. The text need not be JSON.
fn nesting_exceeds(text: &str, levels_max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > levels_max {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn not_json(error: &serde_json::Error) -> DecodeError {
    DecodeError(ErrorFrame::new(
        ErrorCode::BadJson,
        format!("That is not JSON: {error}."),
    ))
}

fn not_an_object(text: &str) -> DecodeError {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => DecodeError(ErrorFrame::new(
            ErrorCode::BadFrame,
            "A frame must be a JSON object.",
        )),
        Err(error) => not_json(&error),
    }
}

fn bad_field(field: &str, why: &dyn std::fmt::Display) -> DecodeError {
    DecodeError(ErrorFrame::new(
        ErrorCode::BadField,
        format!("The field `{field}` is wrong: {why}."),
    ))
}

/// The fields of a wrong frame that its error repeats.
#[derive(Deserialize, Default)]
struct Quotable {
    nonce: Option<serde_json::Value>,
    room: Option<serde_json::Value>,
}

fn fields<T: DeserializeOwned>(
    text: &str,
    kind: &str,
    id: Option<&RequestId>,
) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|_| explain::<T>(text, kind, id))
}

/// Reads the frame once more, slowly, to find the field that is wrong.
fn explain<T: DeserializeOwned>(text: &str, kind: &str, id: Option<&RequestId>) -> DecodeError {
    let mut json = serde_json::Deserializer::from_str(text);
    let (path, why) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => (String::new(), "it holds more than a frame".to_owned()),
        Err(error) => (
            error.path().to_string(),
            without_position(&error.inner().to_string()),
        ),
    };
    let quotable: Quotable = serde_json::from_str(text).unwrap_or_default();
    let string = |value: Option<serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => Some(text),
        _ => None,
    };
    let room = string(quotable.room);
    let mut error = if path == "room" && room.is_some() && kind != "create" {
        ErrorFrame::new(ErrorCode::NotFound, "There is no such room.")
    } else if path.is_empty() || path == "." {
        ErrorFrame::new(ErrorCode::BadField, format!("A field is wrong: {why}."))
    } else {
        bad_field(&path, &why).0
    };
    error.re = id.cloned();
    error.nonce = string(quotable.nonce).and_then(|nonce| Nonce::parse(&nonce).ok());
    error.room = room.and_then(|room| RoomName::parse(&room).ok());
    DecodeError(error)
}

/// Removes the position from an error message: a frame is one line.
fn without_position(why: &str) -> String {
    why.split(" at line ").next().unwrap_or(why).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: ErrorCode, mention: &str) {
        let error = decode_client_frame(text).expect_err(text).0;
        assert_eq!(error.code, code, "{text}: {}", error.message);
        assert!(error.message.contains(mention), "{text}: {}", error.message);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        check("hello", ErrorCode::BadJson, "not JSON");
        check("{\"type\":\"ping\"", ErrorCode::BadJson, "not JSON");
        check(&"[".repeat(30_000), ErrorCode::BadJson, "nested");
        check(
            &format!("{{\"type\":\"ping\",\"x\":{}", "[".repeat(99)),
            ErrorCode::BadJson,
            "nested",
        );
        check("[\"send\"]", ErrorCode::BadFrame, "object");
        check("7", ErrorCode::BadFrame, "object");
        check(r#"{"type":7}"#, ErrorCode::BadFrame, "type");
        check(
            r#"{"type":"fly"}"#,
            ErrorCode::UnknownCommand,
            "no such command",
        );
        check(r#"{"type":"ping","id":""}"#, ErrorCode::BadField, "id");
        check(r#"{"type":"ping","id":7}"#, ErrorCode::BadField, "id");
        check(
            r#"{"type":"send","room":"lobby","text":"x"}"#,
            ErrorCode::BadField,
            "nonce",
        );
        check(
            r#"{"type":"send","room":"lobby","text":7,"nonce":"a"}"#,
            ErrorCode::BadField,
            "text",
        );
        check(
            r#"{"type":"send","room":"lobby","text":"x","nonce":"a b"}"#,
            ErrorCode::BadField,
            "nonce",
        );
        check(
            r#"{"type":"send","room":"No","text":"x","nonce":"a"}"#,
            ErrorCode::NotFound,
            "room",
        );
        check(
            r#"{"type":"send","room":[],"text":"x","nonce":"a"}"#,
            ErrorCode::BadField,
            "room",
        );
        check(
            r#"{"type":"create","room":"No"}"#,
            ErrorCode::BadField,
            "room",
        );
        check(
            r#"{"username":{"$ne":null}}"#,
            ErrorCode::BadField,
            "username",
        );
    }

    #[test]
    fn an_error_finds_its_command() {
        let text = r#"{"type":"send","id":"7","room":"lobby","text":1,"nonce":"n"}"#;
        let error = decode_client_frame(text).unwrap_err().0;
        assert_eq!(error.re, RequestId::parse("7").ok());
        assert_eq!(error.nonce, Nonce::parse("n").ok());
        assert_eq!(error.room, Some(RoomName::lobby()));
    }

    #[test]
    fn unknown_fields_and_server_types_are_ignored() {
        let text = r#"{"type":"ping","later":{"a":[1]}}"#;
        assert!(matches!(
            decode_client_frame(text),
            Ok(ClientFrame::Command(_))
        ));
        let text = r#"{"type":"poll","room":"lobby","seq":4}"#;
        assert_eq!(decode_server_frame(text).unwrap(), ServerFrame::Unknown);
    }
}
