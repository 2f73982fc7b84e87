//! Frames: what can be decoded can be encoded, and means the same when it is decoded again.

use chat_shared::codec::{ClientFrame, decode_client_frame, decode_server_frame, encode};
use chat_shared::protocol::ServerFrame;

/// Bytes of an `error` frame. It quotes at most an id, a nonce and a room's name, however long the
/// frame was that it answers.
const ERROR_BYTES_MAX: usize = 1_024;

/// Reads the input as a frame of a client and as one of the server.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    check_client_frame(text);
    check_server_frame(text);
}

fn check_client_frame(text: &str) {
    let frame = match decode_client_frame(text) {
        Ok(frame) => frame,
        Err(error) => {
            let encoded = encode(&ServerFrame::Error(error.into()));
            assert!(encoded.len() <= ERROR_BYTES_MAX, "a long error: {encoded}");
            check_server_frame(&encoded);
            return;
        }
    };
    let encoded = match &frame {
        ClientFrame::Hello(hello) => encode(&hello.to_frame()),
        ClientFrame::Command(command) => encode(command),
        ClientFrame::Demo(demo) => encode(demo),
    };
    assert_eq!(decode_client_frame(&encoded), Ok(frame), "{encoded}");
}

fn check_server_frame(text: &str) {
    if let Ok(frame) = decode_server_frame(text) {
        let encoded = encode(&frame);
        let again = decode_server_frame(&encoded).expect("an encoded frame is a frame");
        assert_eq!(again, frame, "{encoded}");
    }
}
