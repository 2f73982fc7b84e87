//! Whatever value the wire's types can hold, the other end reads as the same value.
#![expect(clippy::unwrap_used, reason = "tests")]

mod commands;
mod server_frames;
mod values;

use chat_shared::codec::{ClientFrame, decode_client_frame, decode_server_frame, encode};
use chat_shared::protocol::CommandFrame;
use proptest::option::of;
use proptest::prelude::*;

use self::commands::{command, hello};
use self::server_frames::server_frame;
use self::values::id;

proptest! {
    #[test]
    fn server_frames(frame in server_frame()) {
        prop_assert_eq!(decode_server_frame(&encode(&frame)).unwrap(), frame);
    }

    #[test]
    fn commands(id in of(id()), command in command()) {
        let frame = CommandFrame { id, command };
        let read = decode_client_frame(&encode(&frame));
        prop_assert_eq!(read, Ok(ClientFrame::Command(frame)));
    }

    #[test]
    fn hellos(hello in hello()) {
        let read = decode_client_frame(&encode(&hello.to_frame()));
        prop_assert_eq!(read, Ok(ClientFrame::Hello(hello)));
    }

    #[test]
    fn whatever_comes_is_read_without_a_panic(text: String) {
        let _ = decode_client_frame(&text);
        let _ = decode_server_frame(&text);
    }
}

/// A newer server's frames can be written again, for a log or a proxy.
#[test]
fn frames_with_parts_that_are_unknown_round_trip() {
    for text in [
        r#"{"type":"poll","room":"lobby","seq":4}"#,
        r#"{"type":"system","room":"lobby","ts":1,"event":"renamed","message":"ann renamed it"}"#,
        r#"{"type":"error","code":"too_early","message":"Not yet."}"#,
        r#"{"type":"events","room":"lobby","events":[{"type":"poll"}],"more":false}"#,
    ] {
        let frame = decode_server_frame(text).unwrap();
        assert_eq!(
            decode_server_frame(&encode(&frame)).unwrap(),
            frame,
            "{text}"
        );
    }
}
