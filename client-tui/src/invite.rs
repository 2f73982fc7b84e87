//! The invite of the command line: whether it can be used, and at which server.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use chat_shared::client::{InviteCode, ServerUrl};

use crate::messages::program as messages;

/// The text of `--invite`, before it is checked. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct InviteText(String);

impl FromStr for InviteText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for InviteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteText(…)")
    }
}

/// An invite: its code, and its server if it is a link.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) server: Option<ServerUrl>,
    pub(crate) code: InviteCode,
}

impl Invite {
    /// Reads a link or a code. The code of a link goes to the link's server and to no other:
    /// `chosen` is the server that the user names besides.
    ///
    /// # Errors
    /// A sentence for the user.
    pub(crate) fn parse(text: &InviteText, chosen: Option<&ServerUrl>) -> Result<Self, String> {
        let text = text.0.trim().trim_end_matches('/');
        let code = InviteCode::of(text);
        if !text.contains('/') && !text.is_empty() {
            return Ok(Self { server: None, code });
        }
        let link = text.rsplit_once("/join/");
        let server = link.and_then(|(server, _)| ServerUrl::parse(server).ok());
        let Some(server) = server else {
            return Err(messages::NOT_AN_INVITE.to_owned());
        };
        match chosen {
            Some(chosen) if *chosen != server => {
                Err(messages::invite_of_other_server(&server, chosen))
            }
            _ => Ok(Self {
                server: Some(server),
                code,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, chosen: Option<&str>) -> Result<Invite, String> {
        let chosen = chosen.map(|text| ServerUrl::parse(text).unwrap());
        Invite::parse(&text.parse().unwrap(), chosen.as_ref())
    }

    #[test]
    fn a_code_goes_to_its_links_server() {
        let link = "https://chat.example/join/c0de/";
        for chosen in [None, Some("wss://chat.example")] {
            let invite = parse(link, chosen).unwrap();
            assert_eq!(invite.code.expose(), "c0de");
            assert_eq!(invite.server.unwrap().to_string(), "https://chat.example");
        }
        let error = parse(link, Some("https://other.example")).unwrap_err();
        assert!(error.contains("https://other.example"), "{error}");
        let invite = parse(" c0de ", Some("https://other.example")).unwrap();
        assert_eq!((invite.server, invite.code.expose()), (None, "c0de"));
    }

    #[test]
    fn what_is_neither_link_nor_code_is_refused() {
        for text in [
            "",
            "chat.example/join/c0de",
            "/join/c0de",
            "https://chat.example/c0de",
            "https://chat.example/join/",
            "https://ann:secret@chat.example/join/c0de",
        ] {
            let error = parse(text, None).unwrap_err();
            assert!(error.contains("Copy the whole link"), "{text}: {error}");
            assert!(!error.contains("c0de"), "{error}");
        }
    }

    #[test]
    fn no_code_is_in_debug() {
        let text: InviteText = "https://chat.example/join/c0de".parse().unwrap();
        let shown = format!("{text:?} {:?}", Invite::parse(&text, None));
        assert!(!shown.contains("c0de"), "{shown}");
    }
}
