//! The code of an invite.

use std::fmt;

/// The code of an invite. `Debug` does not show it, so that it gets into no log.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(String);

impl InviteCode {
    /// The code in a link such as `https://chat.example/join/CODE`; a code alone is itself.
    pub fn of(code_or_link: &str) -> Self {
        let text = code_or_link.trim().trim_end_matches('/');
        Self(text.rsplit('/').next().unwrap_or(text).to_owned())
    }

    /// The code in text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Accounts, ServerUrl};

    #[test]
    fn a_code_is_read_from_a_link_and_not_shown() {
        for text in ["c0de", " c0de\n", "https://chat.example/join/c0de/"] {
            assert_eq!(InviteCode::of(text).expose(), "c0de", "{text}");
        }
        let server = ServerUrl::parse("https://chat.example").unwrap();
        let accounts = Accounts::new(server).invite("c0de");
        let shown = format!("{accounts:?} {:?}", InviteCode::of("c0de"));
        assert!(!shown.contains("c0de"), "{shown}");
    }
}
