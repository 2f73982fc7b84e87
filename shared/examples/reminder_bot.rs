//! A bot that reminds people: "remind 10 tea" is answered after ten seconds. It survives restarts:
//! what it owes, and up to where it has read, stands in a file, and a reminder's nonce is made of
//! the message that asked for it, so that it is given once.
//!
//! CHAT_SERVER=http://127.0.0.1:8000 CHAT_USER=reminder CHAT_PASSWORD=… CHAT_FILE=reminders.json \
//!     cargo run -p chat-shared --features client --example reminder_bot

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_shared::client::{
    Client, ClientConfig, CommandError, Event, HttpError, ResumePoint, ServerUrl, connect,
    register_bot, sign_in,
};
use chat_shared::protocol::{ChatEvent, Send, ServerFrame};
use chat_shared::{Nonce, RoomName, Seq};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    log: String,
    rooms: BTreeMap<RoomName, Seq>,
    owed: Vec<Reminder>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Reminder {
    due_s: u64,
    room: RoomName,
    asked: Seq,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("CHAT_SERVER").unwrap_or("http://127.0.0.1:8000".to_owned());
    let server = ServerUrl::parse(&server)?;
    let name = std::env::var("CHAT_USER").unwrap_or("reminder".to_owned());
    let password = std::env::var("CHAT_PASSWORD").map_err(|_| "Set CHAT_PASSWORD.")?;
    let file = PathBuf::from(std::env::var("CHAT_FILE").unwrap_or("reminders.json".to_owned()));

    match register_bot(&server, &name, &password).await {
        Ok(()) | Err(HttpError::NameTaken(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let me = sign_in(&server, &name, &password).await?;
    let mut kept: Kept = match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(_) => Kept::default(),
    };
    let from = ResumePoint {
        log: kept.log.clone(),
        rooms: kept.rooms.clone(),
    };
    let (client, mut events) = connect(ClientConfig::new(server, me.token).resume(from));

    loop {
        let next = kept.owed.iter().map(|it| it.due_s).min();
        let wait = next.map_or(3_600, |due| due.saturating_sub(now_s()));
        tokio::select! {
            event = events.next() => {
                let Some(event) = event else { return Ok(()) };
                if let Event::Frame(ServerFrame::Chat(chat)) = &event && !chat.bot {
                    kept.owed.extend(asked(chat));
                }
                kept.log.clone_from(&events.resume_point().log);
                kept.rooms.clone_from(&events.resume_point().rooms);
                keep(&file, &kept)?;
            }
            () = tokio::time::sleep(Duration::from_secs(wait)) => {
                let due: Vec<_> = kept.owed.iter().filter(|it| it.due_s <= now_s()).cloned().collect();
                for reminder in due {
                    // A refused reminder is dropped. After a lost connection it is sent again.
                    let _ = remind(&client, &kept.log, &reminder).await;
                    kept.owed.retain(|it| (&it.room, it.asked) != (&reminder.room, reminder.asked));
                    keep(&file, &kept)?;
                }
            }
        }
    }
}

/// "remind SECONDS TEXT".
fn asked(chat: &ChatEvent) -> Option<Reminder> {
    let (seconds, text) = chat.message.strip_prefix("remind ")?.split_once(' ')?;
    Some(Reminder {
        due_s: now_s() + seconds.parse::<u32>().ok().map(u64::from)?,
        room: chat.room.clone(),
        asked: chat.seq,
        text: text.chars().take(1_000).collect(),
    })
}

async fn remind(client: &Client, log: &str, it: &Reminder) -> Result<(), CommandError> {
    let log: String = log.chars().take(32).collect();
    let message = Send {
        room: it.room.clone(),
        text: format!("Reminder: {}", it.text),
        nonce: Nonce::parse(&format!("remind-{log}-{}", it.asked))?,
        reply_to: Some(it.asked),
    };
    client.submit(message).await.map(drop)
}

/// Written whole, then put in its place: a crash leaves the old file or the new one.
fn keep(file: &Path, kept: &Kept) -> Result<(), Box<dyn Error>> {
    let new = file.with_extension("new");
    std::fs::write(&new, serde_json::to_vec(kept)?)?;
    std::fs::rename(&new, file)?;
    Ok(())
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
