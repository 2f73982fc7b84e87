//! A bot that repeats what people say in the rooms it is in.
//!
//! CHAT_SERVER=http://127.0.0.1:8000 CHAT_USER=echo CHAT_PASSWORD=… \
//!     cargo run -p chat-shared --features client --example echo_bot

use std::error::Error;
use std::io::Write;

use chat_shared::client::{ClientConfig, Event, HttpError, ServerUrl};
use chat_shared::client::{connect, register_bot, sign_in};
use chat_shared::protocol::ServerFrame;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("CHAT_SERVER").unwrap_or("http://127.0.0.1:8000".to_owned());
    let server = ServerUrl::parse(&server)?;
    let name = std::env::var("CHAT_USER").unwrap_or("echo".to_owned());
    let password = std::env::var("CHAT_PASSWORD").map_err(|_| "Set CHAT_PASSWORD.")?;

    match register_bot(&server, &name, &password).await {
        Ok(()) | Err(HttpError::NameTaken(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let me = sign_in(&server, &name, &password).await?;
    let (client, mut events) = connect(ClientConfig::new(server, me.token));

    while let Some(event) = events.next().await {
        match event {
            // Bots that answer bots never come to an end.
            Event::Frame(ServerFrame::Chat(chat)) if !chat.bot && chat.username != me.username => {
                let answer: String = format!("echo: {}", chat.message)
                    .chars()
                    .take(4_000)
                    .collect();
                if let Err(error) = client.send(&chat.room, &answer).await {
                    writeln!(std::io::stderr(), "{error}")?;
                }
            }
            Event::Frame(_) => {}
            event => writeln!(std::io::stderr(), "{event}")?,
        }
    }
    Ok(())
}
