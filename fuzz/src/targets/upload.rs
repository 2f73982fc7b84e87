//! Uploads: each becomes a small PNG or an error, within the memory and the time that libFuzzer
//! gives it.

use chat_server::fuzzing::picture;
use chat_shared::limits::AVATAR_SIDE_PIXELS;

/// Bytes of the picture that is served. A square of noise takes 64 KiB and little more.
const SERVED_BYTES_MAX: usize = 80 * 1024;

/// Reads the input as an uploaded picture.
pub(crate) fn run(input: &[u8]) {
    let Ok(png) = picture(input) else {
        return;
    };
    assert!(png.len() <= SERVED_BYTES_MAX, "{} bytes", png.len());
    assert!(png.starts_with(b"\x89PNG\r\n\x1A\n"), "it is a PNG");
    // PNG specification, 11.2.1: the first chunk is IHDR, and begins with the width and the height.
    let side = AVATAR_SIDE_PIXELS.to_be_bytes();
    assert_eq!((&png[16..20], &png[20..24]), (&side[..], &side[..]));
}
