//! Tests of the send queue: order, bounds and deadlines, on real and on made-up sockets.

use std::time::Duration;

use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

fn text(len: usize) -> Frame {
    Frame::text(&"x".repeat(len), Class::Durable)
}

/// A send queue whose socket takes nothing by itself, and the other end.
fn deferred(buffer: usize) -> (Arc<SendQueue>, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(buffer);
    (SendQueue::new(Socket::deferred(ours)), theirs)
}

async fn tcp() -> (Arc<SendQueue>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (ours, _) = listener.accept().await.unwrap();
    let (read, write) = ours.into_split();
    // Dropping the read half does not close the socket while the write half lives.
    drop(read);
    (SendQueue::new(Socket::Tcp(write)), theirs)
}

fn draining(send_queue: &Arc<SendQueue>) -> JoinHandle<()> {
    let send_queue = send_queue.clone();
    tokio::spawn(async move { send_queue.drain().await })
}

async fn read_all(mut socket: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut got = Vec::new();
    socket.read_to_end(&mut got).await.unwrap();
    got
}

#[tokio::test]
async fn the_first_frame_comes_first() {
    let (send_queue, theirs) = tcp().await;
    send_queue.push(&Frame::text("live", Class::Durable));
    send_queue.uncork([Frame::text("welcome", Class::Durable)]);
    send_queue.close(CloseCode::Normal, "");
    send_queue.drain().await;
    assert_eq!(
        read_all(theirs).await,
        b"\x81\x07welcome\x81\x04live\x88\x02\x03\xe8"
    );
}

#[tokio::test]
async fn bytes_that_the_socket_takes_are_not_queued() {
    let (send_queue, mut theirs) = tcp().await;
    send_queue.uncork([]);
    send_queue.push(&text(100));
    assert!(send_queue.lock().is_empty());
    let mut got = [0; 102];
    theirs.read_exact(&mut got).await.unwrap();
}

#[tokio::test]
async fn order_holds_through_a_full_socket() {
    let (send_queue, theirs) = tcp().await;
    send_queue.uncork([]);
    let drain = draining(&send_queue);
    let mut expect = Vec::new();
    for n in 0..60 {
        let frame = Frame::text(&format!("{n:>15000}"), Class::Durable);
        expect.extend_from_slice(frame.bytes());
        send_queue.push(&frame);
    }
    send_queue.close(CloseCode::Normal, "");
    let got = read_all(theirs).await;
    drain.await.unwrap();
    assert!(got.starts_with(&expect));
    assert_eq!(got.len(), expect.len() + 4);
}

#[tokio::test]
async fn one_byte_at_a_time_arrives_whole() {
    let (send_queue, theirs) = deferred(1);
    send_queue.uncork([text(10), text(300), text(0)]);
    send_queue.close(CloseCode::Normal, "");
    let drain = draining(&send_queue);
    let expect: usize = [10, 300, 0].map(|len| text(len).len()).iter().sum();
    assert_eq!(read_all(theirs).await.len(), expect + 4);
    drain.await.unwrap();
}

#[tokio::test]
async fn over_the_bound_ephemeral_goes_first_and_then_the_connection() {
    let (send_queue, _theirs) = deferred(1);
    send_queue.uncork([]);
    send_queue.push(&text(10));
    send_queue.push(&Frame::text(&"e".repeat(60_000), Class::Ephemeral));
    for _ in 0..15 {
        send_queue.push(&text(62_000));
    }
    send_queue.push(&text(62_000));
    assert!(
        !send_queue.is_closing(),
        "dropping the ephemeral frame made room"
    );
    send_queue.push(&text(62_000));
    assert!(send_queue.is_closing());
    assert!(
        send_queue.lock().pinned() < 100,
        "all that was not begun is gone"
    );
    send_queue.push(&text(1));
    assert!(send_queue.lock().pinned() < 100, "nothing follows a close");
}

#[tokio::test]
async fn a_small_part_is_charged_for_its_buffer() {
    let (send_queue, _theirs) = deferred(1);
    send_queue.uncork([]);
    let buffer = bytes::Bytes::from(vec![0; 50_000]);
    send_queue.push(&Frame::part(
        buffer.slice(..10),
        buffer.len(),
        Class::Durable,
    ));
    assert_eq!(send_queue.lock().pinned(), 50_000);
}

#[tokio::test]
async fn one_pong_waits_at_most() {
    let (send_queue, _theirs) = deferred(1);
    send_queue.uncork([]);
    for _ in 0..1_000 {
        send_queue.push(&Frame::from_wire(vec![0x8A, 0].into()));
    }
    assert_eq!(send_queue.lock().pinned(), 2);
}

/// The payloads of what was written, frame by frame; panics where a frame ends in another.
fn frames(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut found = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        assert_eq!(length & 0x80, 0, "a server masks nothing");
        let (length, rest) = match length {
            126 => (
                usize::from(u16::from_be_bytes([rest[0], rest[1]])),
                &rest[2..],
            ),
            length => (usize::from(*length), rest),
        };
        assert!(
            matches!(first, 0x81 | 0x88 | 0x8A),
            "{first:#x} begins no frame of ours"
        );
        found.push((*first, length));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty());
    found
}

/// A socket that takes less than a frame at a time, and a pong and a close in the middle of one.
#[tokio::test]
async fn a_pong_and_a_close_never_land_inside_a_frame() {
    for taken in [1, 7, 100, 999, 1_001, 4_500] {
        let (send_queue, theirs) = deferred(taken);
        let drain = draining(&send_queue);
        send_queue.uncork([text(1_000)]);
        tokio::task::yield_now().await;
        let batch: Vec<u8> = (0..3).flat_map(|_| text(900).bytes().to_vec()).collect();
        let len = batch.len();
        send_queue.push(&Frame::part(batch.into(), len, Class::Durable));
        send_queue.push(&Frame::from_wire(vec![0x8A, 0].into()));
        tokio::task::yield_now().await;
        send_queue.close(CloseCode::Normal, "");
        let got = read_all(theirs).await;
        drain.await.unwrap();
        let kinds: Vec<_> = frames(&got);
        let texts = [(0x81, 1_000), (0x81, 900), (0x81, 900), (0x81, 900)];
        let is_text = |frame: &&(u8, usize)| frame.0 == 0x81;
        assert!(
            kinds.iter().filter(is_text).eq(texts.iter()),
            "{taken}: {kinds:?}"
        );
        assert_eq!(kinds.iter().filter(|frame| frame.0 == 0x8A).count(), 1);
        assert_eq!(kinds.last(), Some(&(0x88, 2)), "the close comes last");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_gets_a_whole_frame_and_a_close() {
    let (send_queue, theirs) = deferred(1_500);
    send_queue.uncork((0..40).map(|_| text(1_000)));
    let drain = draining(&send_queue);
    tokio::time::sleep(Duration::from_millis(15_001)).await;
    assert!(send_queue.is_closing());
    let got = read_all(theirs).await;
    drain.await.unwrap();
    let close = Frame::close(CloseCode::TooSlow, "too slow, resume");
    assert_eq!(got.len(), 2 * text(1_000).len() + close.len());
    assert!(got.ends_with(close.bytes()));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_is_left_after_ten_seconds_more() {
    let (send_queue, _theirs) = deferred(10);
    send_queue.uncork([text(1_000)]);
    let drain = draining(&send_queue);
    tokio::time::sleep(Duration::from_millis(15_000 + 20_100)).await;
    assert!(drain.is_finished());
    assert_eq!(send_queue.lock().pinned(), 0);
}

/// Reads 2 KiB a second until the end.
async fn read_slowly(mut socket: DuplexStream) -> Vec<u8> {
    let (mut got, mut some) = (Vec::new(), [0; 2_048]);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        match socket.read(&mut some).await.unwrap() {
            0 => return got,
            count => got.extend_from_slice(&some[..count]),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn paced_frames_never_close_a_slow_reader() {
    const FRAMES: usize = 40;
    let (send_queue, theirs) = deferred(1_000);
    send_queue.uncork([]);
    let drain = draining(&send_queue);
    let reader = tokio::spawn(read_slowly(theirs));
    let paced = Frame::text(&"p".repeat(60_000), Class::Paced);
    let mut most = 0;
    for _ in 0..FRAMES {
        let turn = send_queue.pacing_permit().await;
        send_queue.push(&paced);
        drop(turn);
        most = most.max(send_queue.lock().pinned());
    }
    let live = text(1_000);
    send_queue.push(&live);
    send_queue.drained_to(0).await;
    send_queue.close(CloseCode::Normal, "");
    let got = timeout(Duration::from_secs(10_000), reader).await;
    let got = frames(&got.unwrap().unwrap());
    drain.await.unwrap();
    assert!(
        most <= PACED_BYTES_MAX + paced.pinned(),
        "{most} bytes waited"
    );
    assert_eq!(
        got.len(),
        FRAMES + 2,
        "all of them, the live one, the close"
    );
    assert_eq!(got.last(), Some(&(0x88, 2)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stands_still_in_a_replay_is_too_slow_after_a_minute() {
    let (send_queue, _theirs) = deferred(10);
    send_queue.uncork([]);
    let drain = draining(&send_queue);
    send_queue.push(&Frame::text("replayed", Class::Paced));
    send_queue.push(&Frame::text("replayed", Class::Paced));
    tokio::time::sleep(Duration::from_millis(59_000)).await;
    assert!(!send_queue.is_closing());
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    assert!(send_queue.is_closing());
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    assert!(drain.is_finished());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_ends_with_the_connection() {
    let (send_queue, _theirs) = deferred(1);
    send_queue.push(&text(100));
    let waiter = tokio::spawn({
        let send_queue = send_queue.clone();
        async move { send_queue.drained_to(10).await }
    });
    tokio::task::yield_now().await;
    send_queue.end();
    let ended = timeout(Duration::from_secs(60), waiter).await;
    ended.expect("the wait ends").unwrap();
}

#[tokio::test]
async fn a_close_before_the_welcome_is_all_that_is_sent() {
    let (send_queue, theirs) = tcp().await;
    send_queue.push(&Frame::text("live", Class::Durable));
    send_queue.close(CloseCode::NotSignedIn, "sign in first");
    send_queue.drain().await;
    assert!(read_all(theirs).await.starts_with(b"\x88"));
}

/// Held by a test that fills the queues of many connections: the bound on all of them is one for the
/// process, and would close the connections of another such test.
static MANY_BYTES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A thousand readers that read nothing keep no more than the bound for all connections. Above it,
/// connections with waiting frames are closed as too slow, and their bytes are given back.
#[tokio::test]
async fn a_thousand_stalled_readers_stay_under_the_bound_for_all() {
    const READERS: usize = 1_000;
    let _alone = MANY_BYTES.lock().await;
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let (send_queue, theirs) = deferred(1);
        send_queue.uncork([]);
        readers.push((send_queue, theirs));
    }
    let batch = text(60_000);
    let mut most = 0;
    // 1,000 times the bound of one, by twenty frames each, is four times the bound of all.
    for _ in 0..20 {
        for (send_queue, _) in &readers {
            send_queue.push(&batch);
        }
        most = most.max(bytes_waiting());
    }
    // Tests beside this one keep little; each queue may hold one frame above the bound.
    assert!(
        most > SEND_QUEUES_BYTES_MAX / 2,
        "{most} bytes put nothing to the test"
    );
    let alone = READERS * (batch.len() + 200);
    assert!(most <= SEND_QUEUES_BYTES_MAX + alone, "{most} bytes waited");
    let closed = readers
        .iter()
        .filter(|(send_queue, _)| send_queue.is_closing())
        .count();
    assert!(closed > 0, "nobody was too slow");
    drop(readers);
    assert!(
        bytes_waiting() < SEND_QUEUES_BYTES_MAX / 2,
        "what waited was not given back"
    );
}

#[tokio::test]
async fn lead_frames_are_written_while_others_are_held_back() {
    let (send_queue, theirs) = tcp().await;
    send_queue.push(&Frame::text("live", Class::Durable));
    send_queue.lead(Frame::text("welcome", Class::Durable));
    send_queue.lead(Frame::text("rooms", Class::Paced));
    assert!(send_queue.lock().is_empty(), "the socket has them");
    let room = timeout(Duration::from_secs(60), send_queue.pacing_permit());
    drop(room.await.expect("held frames do not count"));
    send_queue.uncork([]);
    send_queue.close(CloseCode::Normal, "");
    timeout(Duration::from_secs(60), send_queue.drain())
        .await
        .expect("the drain ends");
    assert_eq!(
        read_all(theirs).await,
        b"\x81\x07welcome\x81\x05rooms\x81\x04live\x88\x02\x03\xe8"
    );
}

#[tokio::test]
async fn connections_of_one_user_share_a_bound() {
    let _alone = MANY_BYTES.lock().await;
    let share = Arc::<QueueShare>::default();
    let mut readers = Vec::new();
    for _ in 0..40 {
        let (send_queue, theirs) = deferred(1);
        send_queue.set_share(share.clone());
        send_queue.uncork([]);
        readers.push((send_queue, theirs));
    }
    let (other, _theirs) = deferred(1);
    other.uncork([]);
    for _ in 0..12 {
        for (send_queue, _) in &readers {
            send_queue.push(&text(60_000));
        }
        other.push(&text(60_000));
    }
    let is_closing = |reader: &&(Arc<SendQueue>, DuplexStream)| reader.0.is_closing();
    assert!(readers.iter().filter(is_closing).count() > 0);
    let waiting: usize = readers.iter().map(|(queue, _)| queue.lock().pinned()).sum();
    assert!(
        waiting <= USER_SEND_QUEUES_BYTES_MAX,
        "{waiting} bytes wait"
    );
    assert!(!other.is_closing(), "other users are not affected");
}
