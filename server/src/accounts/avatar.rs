use chat_shared::Username;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where someone's picture is, as a path of this server.
pub fn avatar_path(username: &Username) -> String {
    format!(
        "/avatars/{}",
        utf8_percent_encode(username.as_str(), PATH_SEGMENT)
    )
}
