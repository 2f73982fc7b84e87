//! A client that fills the lobby with messages, so that the terminal client has something to draw.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::ws::{TEXT, client_frame};

/// The last message, with characters that no other message has.
pub(super) const LAST: &str = "####################";

/// The interval at which messages are sent.
const STEP: Duration = Duration::from_millis(10);

/// Messages, and how many a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feed {
    pub(super) messages: usize,
    pub(super) a_second: usize,
}

impl Feed {
    pub(super) fn to_chat(self, mut stream: TcpStream) -> anyhow::Result<()> {
        // Frames are read and dropped, so that the server never waits for this client.
        let mut reader = stream.try_clone()?;
        reader.set_read_timeout(None)?;
        let reading = std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while matches!(reader.read(&mut buffer), Ok(1..)) {}
        });
        self.pace(|index, text| {
            let send = json!({"type": "send", "room": "lobby", "text": text, "nonce": format!("f{index}")});
            Ok(stream.write_all(&client_frame(TEXT, send.to_string().as_bytes()))?)
        })?;
        // Wait until the messages are stored and delivered before the connection ends.
        std::thread::sleep(Duration::from_secs(1));
        stream.shutdown(std::net::Shutdown::Both)?;
        drop(reading.join());
        Ok(())
    }

    pub(super) fn to_irc(self, mut stream: &TcpStream) -> anyhow::Result<()> {
        self.pace(|_, text| {
            let line = format!(":u00001!u@bench PRIVMSG #lobby :{text}\r\n");
            Ok(stream.write_all(line.as_bytes())?)
        })
    }

    fn pace(self, mut say: impl FnMut(usize, &str) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut said = 0;
        while said < self.messages {
            let due = start.elapsed().as_secs_f64() * self.a_second as f64;
            while said < self.messages && (said as f64) < due {
                said += 1;
                if said == self.messages {
                    say(said, LAST)?;
                } else {
                    say(said, &text(said))?;
                }
            }
            std::thread::sleep(STEP);
        }
        Ok(())
    }
}

/// A hundred bytes, different for each message.
fn text(index: usize) -> String {
    format!(
        "{index:06} a hundred bytes of plain text, as someone may type them into a chat on a day of much to tell."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_bytes_without_a_sign_that_is_looked_for() {
        assert_eq!(text(7).len(), 100);
        assert!(!text(7).contains(['#', '@', '%', '$', '&', '*', '+', '=', '^', '~']));
    }
}
