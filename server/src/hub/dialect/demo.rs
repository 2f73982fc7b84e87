//! The dialect of the FastAPI demo's page, which an operator may still serve with `--web-dir`.
//!
//! - The page's first frame is `{"username"}`. The session decides who it is, and the name must be
//!   that of the session.
//! - Every later frame is `{"message"}`, a message to the lobby. The page knows no other room.
//! - The page gets `chat` and `system` frames only. It sets `innerHTML`, so names and texts are
//!   escaped for HTML. An error becomes a `system` line.

use std::collections::BTreeMap;

use chat_shared::protocol::{
    ChatEvent, Command, CommandFrame, DemoFrame, ErrorCode, ErrorFrame, Hello, Send, ServerFrame,
    SystemEvent,
};
use chat_shared::{Nonce, PROTOCOL_VERSION, RoomName, Username};

use crate::hub::{random_hex, wire};
use crate::messages;
use crate::send_queue::{Class, Frame};

/// The page's first frame as a `hello`: it resumes nothing, and the cookie signs it in.
pub(super) fn hello() -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        token: None,
        client: None,
        log: None,
        resume: BTreeMap::new(),
    }
}

/// The command in a frame: a message to the lobby.
///
/// # Errors
/// The reply, if the frame has no message.
pub(super) fn command(frame: DemoFrame) -> Result<CommandFrame, ErrorFrame> {
    let Some(text) = frame.message else {
        return Err(messages::missing_message());
    };
    let nonce = Nonce::parse(&random_hex(16))
        .map_err(|error| ErrorFrame::new(ErrorCode::Internal, error.to_string()))?;
    let send = Send {
        room: RoomName::lobby(),
        text,
        nonce,
        reply_to: None,
    };
    Ok(CommandFrame {
        id: None,
        command: Command::Send(send),
    })
}

/// Encodes a frame, or returns `None` if the page does not know it.
pub(super) fn encode(frame: &ServerFrame, class: Class) -> Option<Frame> {
    let escaped = match frame {
        ServerFrame::Chat(chat) => ServerFrame::Chat(ChatEvent {
            username: escape_name(&chat.username),
            message: escape(&chat.message),
            ..chat.clone()
        }),
        ServerFrame::System(system) => ServerFrame::System(SystemEvent {
            message: escape(&system.message),
            username: system.username.as_ref().map(escape_name),
            usernames: system.usernames.iter().map(escape_name).collect(),
            by: system.by.as_ref().map(escape_name),
            ..system.clone()
        }),
        ServerFrame::Error(ErrorFrame { message, .. }) => wire::notice(escape(message), 0),
        _ => return None,
    };
    Some(wire::frame(&escaped, class))
}

fn escape_name(name: &Username) -> Username {
    Username::existing(&escape(name.as_str()))
}

/// Escapes text for HTML, as OWASP's Cross Site Scripting Prevention Cheat Sheet says.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_gets_no_markup() {
        let error = ErrorFrame::new(
            chat_shared::protocol::ErrorCode::BadField,
            "a <b> & \"c\" 'd'",
        );
        let frame = encode(&ServerFrame::Error(error), Class::Durable).unwrap();
        let text = String::from_utf8_lossy(frame.bytes()).into_owned();
        assert!(
            text.contains("a &lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;"),
            "{text}"
        );
        let pong = ServerFrame::Pong { re: None };
        assert!(
            encode(&pong, Class::Durable).is_none(),
            "it would draw an empty box"
        );
    }
}
