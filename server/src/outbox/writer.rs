use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{Class, Frame, Outbox};

/// Milliseconds that what was handed to the socket may wait there.
const STALLED_MS_MAX: u64 = 15_000;

/// Milliseconds that a slow reader has for the rest of a begun frame and its close.
const LAST_WORDS_MS_MAX: u64 = 10_000;

/// Drains `outbox` into `socket` until a close was written, the socket failed, or
/// [`Outbox::end`]; then shuts the write side down.
pub async fn write_frames<W: AsyncWrite + Unpin>(outbox: &Outbox, mut socket: W) {
    while let Some(frames) = outbox.next_frames().await {
        let mut pending = Pending::new(frames);
        let closes = pending.closes;
        let bytes = pending.bytes();
        let stalled = Duration::from_millis(STALLED_MS_MAX);
        match timeout(stalled, pending.write_to(&mut socket)).await {
            Ok(Ok(())) => outbox.written(bytes),
            Ok(Err(_)) => break,
            Err(_) => {
                pending.drop_unstarted();
                outbox.close_too_slow();
                let last = async {
                    pending.write_to(&mut socket).await?;
                    let close = outbox.next_frames().await.unwrap_or_default();
                    Pending::new(close).write_to(&mut socket).await
                };
                let _ = timeout(Duration::from_millis(LAST_WORDS_MS_MAX), last).await;
                break;
            }
        }
        if closes {
            break;
        }
    }
    outbox.end();
    let _ = timeout(Duration::from_millis(LAST_WORDS_MS_MAX), socket.shutdown()).await;
}

/// Frames in the writer's hands.
struct Pending {
    frames: VecDeque<Bytes>,
    /// Whether the first of them is partly written.
    started: bool,
    /// Whether a close is among them.
    closes: bool,
}

/// Slices that one call to the socket takes.
const SLICES_MAX: usize = 64;

impl Pending {
    fn new(frames: VecDeque<Frame>) -> Self {
        let closes = frames.iter().any(|frame| frame.class() == Class::Close);
        let frames = frames
            .into_iter()
            .map(|frame| frame.bytes().clone())
            .collect();
        Self {
            frames,
            started: false,
            closes,
        }
    }

    fn bytes(&self) -> usize {
        self.frames.iter().map(Bytes::len).sum()
    }

    fn drop_unstarted(&mut self) {
        self.frames.truncate(usize::from(self.started));
    }

    async fn write_to<W: AsyncWrite + Unpin>(&mut self, socket: &mut W) -> io::Result<()> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let mut count = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                *slice = IoSlice::new(frame);
                count += 1;
            }
            let written = socket.write_vectored(&slices[..count]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.advance(written);
        }
        socket.flush().await
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.frames.front_mut() {
            if written < first.len() {
                self.started |= written > 0;
                first.advance(written);
                return;
            }
            written -= first.len();
            self.frames.pop_front();
            self.started = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn text(len: usize) -> Frame {
        Frame::text(&"x".repeat(len), Class::Durable)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_reader_gets_a_whole_frame_and_a_close() {
        let outbox = Outbox::new();
        outbox.uncork((0..40).map(|_| text(1_000)));
        let (ours, mut theirs) = tokio::io::duplex(1_500);
        let writer = tokio::spawn({
            let outbox = outbox.clone();
            async move { write_frames(&outbox, ours).await }
        });
        tokio::time::sleep(Duration::from_millis(STALLED_MS_MAX + 1)).await;
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        writer.await.unwrap();
        let frame_len = text(1_000).len();
        let close = Frame::close(
            chat_shared::protocol::CloseCode::TooSlow,
            "too slow, resume",
        );
        assert_eq!(got.len(), 2 * frame_len + close.len());
        assert!(got.ends_with(close.bytes()));
    }

    #[tokio::test]
    async fn one_byte_at_a_time_arrives_whole() {
        let outbox = Outbox::new();
        outbox.uncork([text(10), text(300), text(0)]);
        outbox.close(chat_shared::protocol::CloseCode::Normal, "");
        let expect: usize = [text(10), text(300), text(0)].iter().map(Frame::len).sum();
        let (ours, mut theirs) = tokio::io::duplex(1);
        let writer = tokio::spawn(async move { write_frames(&outbox, ours).await });
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        writer.await.unwrap();
        assert_eq!(got.len(), expect + 4);
    }
}
