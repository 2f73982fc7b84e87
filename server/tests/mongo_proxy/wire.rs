//! Messages of MongoDB's wire, as far as the proxy reads and writes them.

use mongodb::bson::{Document, RawDocument, doc};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Command;

/// The longest message that is read: MongoDB's own bound.
const MESSAGE_BYTES_MAX: usize = 48_000_000;

const HEADER_BYTES: usize = 16;
pub(super) const OP_MSG: i32 = 2013;
const OP_REPLY: i32 = 1;
pub(super) const MORE_TO_COME: u32 = 1 << 1;

pub(super) async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut message = vec![0; HEADER_BYTES];
    from.read_exact(&mut message).await?;
    let length = usize::try_from(number(&message, 0)).unwrap_or(0);
    if !(HEADER_BYTES..=MESSAGE_BYTES_MAX).contains(&length) {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    message.resize(length, 0);
    from.read_exact(&mut message[HEADER_BYTES..]).await?;
    Ok(message)
}

pub(super) fn number(message: &[u8], at: usize) -> i32 {
    let bytes = message
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, i32::from_le_bytes)
}

pub(super) fn opcode(message: &[u8]) -> i32 {
    number(message, 12)
}

pub(super) fn flags(message: &[u8]) -> u32 {
    number(message, HEADER_BYTES).cast_unsigned()
}

/// The document of an `OP_MSG`'s body section, which the driver and MongoDB send first.
pub(super) fn body_of(message: &[u8]) -> Option<Document> {
    const BODY_SECTION: usize = HEADER_BYTES + 4;
    if opcode(message) != OP_MSG || message.get(BODY_SECTION) != Some(&0) {
        return None;
    }
    let begin = BODY_SECTION + 1;
    let length = usize::try_from(number(message, begin)).ok()?;
    let bytes = message.get(begin..begin + length)?;
    Document::try_from(RawDocument::from_bytes(bytes).ok()?).ok()
}

pub(super) fn command_of(request: &[u8]) -> Command {
    let body = body_of(request).unwrap_or_else(|| doc! { "hello": 1 });
    let (name, target) = body.iter().next().expect("a command has a name");
    let collection = match name.as_str() {
        "getMore" => body.get_str("collection").ok(),
        _ => target.as_str(),
    };
    let filter = body.get_document("filter").ok();
    let room = filter.and_then(|filter| filter.get_str("room").ok());
    Command {
        name: name.clone(),
        collection: collection.unwrap_or_default().to_owned(),
        room: room.unwrap_or_default().to_owned(),
    }
}

/// An `OP_MSG` that replies to `request`.
pub(super) fn reply_to(request: &[u8], answer: &Document) -> Vec<u8> {
    let id = number(request, 4);
    message_of(id.wrapping_add(1), id, answer)
}

/// The reply with more fields. The first `hello` of a connection is answered by an `OP_REPLY`.
pub(super) fn amend(reply: &[u8], fields: &Document) -> Vec<u8> {
    /// Flags, a cursor, and two numbers stand before the document of an `OP_REPLY`.
    const OLD_BEGIN: usize = HEADER_BYTES + 20;
    if opcode(reply) == OP_REPLY {
        let body = RawDocument::from_bytes(&reply[OLD_BEGIN..]).expect("one document");
        let mut body = Document::try_from(body).expect("a document");
        body.extend(fields.clone());
        let mut amended = reply[..OLD_BEGIN].to_vec();
        amended.extend(body.to_vec().expect("a document of ours"));
        let length = i32::try_from(amended.len()).expect("a short message");
        amended[..4].copy_from_slice(&length.to_le_bytes());
        return amended;
    }
    let Some(mut body) = body_of(reply) else {
        return reply.to_vec();
    };
    body.extend(fields.clone());
    message_of(number(reply, 4), number(reply, 8), &body)
}

fn message_of(id: i32, reply_to: i32, body: &Document) -> Vec<u8> {
    let body = body.to_vec().expect("a document of ours");
    let length = HEADER_BYTES + 4 + 1 + body.len();
    let length = i32::try_from(length).expect("a short message");
    let mut message = Vec::new();
    for number in [length, id, reply_to, OP_MSG, 0] {
        message.extend_from_slice(&number.to_le_bytes());
    }
    message.push(0);
    message.extend_from_slice(&body);
    message
}
