//! `chat-tui send`: sends one message and waits until it is stored.

use std::io::{ErrorKind, Read};

use chat_shared::MessageText;
use chat_shared::client::new_nonce;
use chat_shared::limits::FRAME_BYTES_MAX;
use chat_shared::protocol::{Ack, Send as Message, ServerFrame};

use super::connection::{Connection, Identity};
use super::output::Output;
use super::{Failure, Send, usage, username};
use crate::messages::scripts as messages;

pub(super) async fn run(args: Send, who: &Identity, out: &mut Output) -> Result<(), Failure> {
    let text = match args.text.as_deref() {
        None | Some("-") => from_stdin()?,
        Some(text) => text.to_owned(),
    };
    // Reject an invalid text before connecting.
    let text = MessageText::parse(&text)
        .map_err(|error| usage(messages::wrong_text(&text, error)))?
        .into_string();
    let is_json = args.json;
    let mut connection = Connection::open(who, args.timeout).await?;
    let ack = send(&mut connection, args, text).await;
    connection.close().await;
    let ack = ack?;
    if is_json {
        out.json(&ServerFrame::Ack(ack))?;
    }
    Ok(())
}

async fn send(connection: &mut Connection, args: Send, text: String) -> Result<Ack, Failure> {
    let client = connection.client.clone();
    let room = match (args.room, args.to) {
        (Some(room), _) => room,
        (None, Some(to)) => connection.ask(client.dm(&username(&to))).await?.room,
        (None, None) => return Err(usage(messages::NO_RECIPIENT)),
    };
    let message = Message {
        room,
        text,
        nonce: new_nonce()?,
        reply_to: args.reply_to,
    };
    connection.ask(client.submit(message)).await
}

/// Reads standard input, as far as a message may be long.
fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let bytes_max = u64::try_from(FRAME_BYTES_MAX).unwrap_or(u64::MAX);
    let read = std::io::stdin()
        .take(bytes_max + 1)
        .read_to_string(&mut text);
    match read {
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(usage(messages::STDIN_NOT_UTF8))
        }
        Err(error) => Err(usage(messages::stdin_not_read(error))),
        Ok(_) => Ok(text),
    }
}
