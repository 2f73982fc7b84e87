//! Standard output of the script commands.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use chat_shared::TimestampMs;
use chat_shared::protocol::{ChatEvent, ServerFrame};
use chat_shared::text::escape_controls;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Failure, Status};
use crate::messages::scripts as messages;
use crate::text::sanitize;

/// Writes lines of data for programs or people to standard output.
pub(super) struct Output<W: Write = Stdout> {
    out: BufWriter<W>,
    zone: TimeZone,
}

impl Output {
    pub(super) fn stdout() -> Self {
        Self::new(io::stdout(), TimeZone::system())
    }
}

impl<W: Write> Output<W> {
    pub(super) fn new(out: W, zone: TimeZone) -> Self {
        let out = BufWriter::new(out);
        Self { out, zone }
    }

    /// Writes a line for people, without control characters.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        written(writeln!(self.out, "{}", sanitize(text)))
    }

    /// Writes columns separated by tabs.
    pub(super) fn columns(&mut self, columns: &[&str]) -> Result<(), Failure> {
        let columns: Vec<_> = columns
            .iter()
            .map(|text| sanitize(&text.replace('\t', " ")))
            .collect();
        written(writeln!(self.out, "{}", columns.join("\t")))
    }

    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(value)
            .map_err(|error| Failure::WithStatus(Status::Failed, error.to_string()))?;
        written(writeln!(self.out, "{}", escape_controls(&json)))
    }

    pub(super) fn frame(&mut self, frame: &ServerFrame, json: bool) -> Result<(), Failure> {
        if json {
            return self.json(frame);
        }
        match self.words(frame) {
            Some(line) => self.line(&line),
            None => Ok(()),
        }
    }

    pub(super) fn message(&mut self, chat: ChatEvent, json: bool) -> Result<(), Failure> {
        self.frame(&ServerFrame::Chat(chat), json)
    }

    /// Flushes what was written.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        written(self.out.flush())
    }

    /// An event as a sentence: number, time, room, sender, text.
    fn words(&self, frame: &ServerFrame) -> Option<String> {
        let (room, seq) = frame.place()?;
        let (ts, said) = match frame {
            ServerFrame::Chat(chat) if chat.deleted => (
                chat.ts,
                messages::message(&chat.username, crate::messages::chat::DELETED),
            ),
            ServerFrame::Chat(chat) => (chat.ts, messages::message(&chat.username, &chat.message)),
            ServerFrame::Edited(it) => {
                let (who, target, text) = (&it.username, it.target, &it.message);
                (it.ts, messages::edited(who, target, text))
            }
            ServerFrame::Deleted(it) => (it.ts, messages::deleted(&it.username, it.target)),
            ServerFrame::Reacted(it) => {
                let (who, emoji) = (&it.username, it.emoji.as_str());
                (it.ts, messages::reacted(who, emoji, it.target, it.on))
            }
            ServerFrame::System(it) => (it.ts, messages::system(&it.message)),
            _ => return None,
        };
        Some(format!("{seq} {} [{room}] {said}", self.time(ts)))
    }

    fn time(&self, ts: TimestampMs) -> String {
        let ts = i64::try_from(ts).ok();
        let ts = ts.and_then(|ts| Timestamp::from_millisecond(ts).ok());
        let time = self.zone.to_datetime(ts.unwrap_or_default());
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    outcome.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::WithStatus(Status::Failed, messages::stdout_not_written(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;

    #[test]
    fn a_line_is_one_line_and_runs_nothing() {
        let mut written = Vec::new();
        let mut out = Output::new(&mut written, TimeZone::UTC);
        let chat = message("lobby", 7, "ann\x1b[2J", "one\ntwo\u{202e}\x07");
        out.message(chat, false).unwrap();
        out.columns(&["a\tb", "c\nd"]).unwrap();
        out.flush().unwrap();
        drop(out);
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "7 2026-09-21 14:20:20 [lobby] ann␛[2J: one␤two\u{fffd}␇\na b\tc␤d\n"
        );
    }

    #[test]
    fn json_is_one_line_that_reads_back() {
        let mut written = Vec::new();
        let mut out = Output::new(&mut written, TimeZone::UTC);
        let chat = message("lobby", 7, "ann", "one\ntwo \"quoted\"");
        out.message(chat.clone(), true).unwrap();
        out.flush().unwrap();
        drop(out);
        assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 1);
        let read: ServerFrame = serde_json::from_slice(&written).unwrap();
        assert_eq!(read, ServerFrame::Chat(chat));
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_acts_on() {
        let mut written = Vec::new();
        let mut out = Output::new(&mut written, TimeZone::UTC);
        let text = "\u{1b}[2J \u{7f} \u{9b}31m \u{85} \u{2028}\u{2029} \u{202e}\u{2066} \u{200b}\u{feff} \u{e0041} é 日 😀";
        let chat = message("lobby", 7, "ann", text);
        out.message(chat.clone(), true).unwrap();
        out.flush().unwrap();
        drop(out);
        let json = String::from_utf8(written).unwrap();
        let line = json.trim_end_matches('\n');
        let acts = |c: char| {
            c.is_control()
                || matches!(
                    c,
                    '\u{2028}'..='\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{feff}' | '\u{e0041}'
                )
        };
        assert!(!line.chars().any(acts), "{line:?}");
        assert!(
            line.contains("\\udb40\\udc41") && line.contains("é 日 😀"),
            "{line}"
        );
        let read: ServerFrame = serde_json::from_str(line).unwrap();
        assert_eq!(read, ServerFrame::Chat(chat));
    }

    #[test]
    fn a_closed_pipe_is_not_an_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut out = Output::new(Gone, TimeZone::UTC);
        out.line("x").unwrap();
        assert!(matches!(out.flush(), Err(Failure::OutputClosed)));
    }
}
