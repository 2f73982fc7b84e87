//! A bot that takes out messages with words that are not wanted, and mutes who repeats them. Make
//! it a moderator of its rooms (`role`).
//!
//! CHAT_SERVER=http://127.0.0.1:8000 CHAT_USER=warden CHAT_PASSWORD=… CHAT_WORDS=spam,scam \
//!     cargo run -p chat-shared --features client --example moderation_bot

use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

use chat_shared::client::{
    Client, ClientConfig, CommandError, Event, HttpError, ServerUrl, connect, register_bot, sign_in,
};
use chat_shared::protocol::{ChatEvent, ServerFrame};

/// Messages that are taken out before someone is muted.
const PATIENCE: u32 = 3;

const MUTED_FOR: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("CHAT_SERVER").unwrap_or("http://127.0.0.1:8000".to_owned());
    let server = ServerUrl::parse(&server)?;
    let name = std::env::var("CHAT_USER").unwrap_or("warden".to_owned());
    let password = std::env::var("CHAT_PASSWORD").map_err(|_| "Set CHAT_PASSWORD.")?;
    let words = std::env::var("CHAT_WORDS").map_err(|_| "Set CHAT_WORDS: spam,scam")?;
    let words: Vec<String> = words.split(',').map(str::to_lowercase).collect();

    match register_bot(&server, &name, &password).await {
        Ok(()) | Err(HttpError::NameTaken(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let me = sign_in(&server, &name, &password).await?;
    let (client, mut events) = connect(ClientConfig::new(server, me.token));
    let mut taken_out = HashMap::new();

    while let Some(event) = events.next().await {
        let Event::Frame(ServerFrame::Chat(chat)) = event else {
            continue;
        };
        let text = chat.message.to_lowercase();
        if chat.username == me.username || !words.iter().any(|word| text.contains(word)) {
            continue;
        }
        let times: &mut u32 = taken_out.entry(chat.username.clone()).or_default();
        *times += 1;
        if let Err(error) = moderate(&client, &chat, *times).await {
            writeln!(std::io::stderr(), "{}: {error}", chat.room)?;
        }
    }
    Ok(())
}

async fn moderate(client: &Client, chat: &ChatEvent, times: u32) -> Result<(), CommandError> {
    client.delete(&chat.room, chat.seq).await?;
    if times >= PATIENCE {
        client
            .mute(&chat.room, &chat.username, Some(MUTED_FOR))
            .await?;
    }
    Ok(())
}
