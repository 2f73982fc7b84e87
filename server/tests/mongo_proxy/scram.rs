//! Signs users in with SCRAM-SHA-256 as a MongoDB does (RFC 5802 and RFC 7677). A FerretDB has no
//! users, so the proxy asks for them before it.

use std::num::NonZeroU32;

use data_encoding::BASE64;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use ring::{digest, hmac, pbkdf2};

/// The fewest that the driver accepts.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4_096).expect("above 0");
const SALT: &[u8] = b"salt of the tests";
const HASH_BYTES: usize = 32;

/// The one user whom the proxy lets in. Both are ASCII without characters that URLs or SCRAM escape.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// The sign-in of one connection.
///
/// ```text
/// New ──saslStart──▶ Challenged ──saslContinue──▶ SignedIn
///  ▲                     │ wrong proof
///  └─────────────────────┘
/// ```
#[derive(Debug, Default)]
pub(super) enum SignIn {
    #[default]
    New,
    Challenged {
        /// Both first messages, as the proof covers them.
        messages: String,
        nonce: String,
        is_name_right: bool,
    },
    SignedIn,
}

impl SignIn {
    /// Replies to a command that MongoDB would not do yet, or that signs in. `None` lets it through.
    pub(super) fn reply(&mut self, account: &Account, command: &Document) -> Option<Document> {
        let name = command.keys().next().map_or("hello", String::as_str);
        match name {
            "saslStart" => Some(self.challenge(account, command).unwrap_or_else(failed)),
            "saslContinue" => Some(self.prove(account, command).unwrap_or_else(failed)),
            "hello" | "isMaster" | "ismaster" => None,
            _ if matches!(self, Self::SignedIn) => None,
            name => Some(doc! {
                "ok": 0.0,
                "code": 13,
                "codeName": "Unauthorized",
                "errmsg": format!("Command {name} requires authentication"),
            }),
        }
    }

    fn challenge(&mut self, account: &Account, command: &Document) -> Option<Document> {
        if command.get_str("mechanism").ok()? != "SCRAM-SHA-256" {
            return None;
        }
        let first = payload(command)?;
        // No channel binding, no other identity.
        let bare = first.strip_prefix("n,,")?;
        let nonce = format!("{}{}", attribute(bare, 'r')?, BASE64.encode(&random()));
        let salt = BASE64.encode(SALT);
        let challenge = format!("r={nonce},s={salt},i={ITERATIONS}");
        *self = Self::Challenged {
            messages: format!("{bare},{challenge}"),
            nonce,
            is_name_right: attribute(bare, 'n')? == account.name,
        };
        Some(reply(&challenge, false))
    }

    fn prove(&mut self, account: &Account, command: &Document) -> Option<Document> {
        let Self::Challenged {
            messages,
            nonce,
            is_name_right,
        } = std::mem::take(self)
        else {
            return None;
        };
        let last = payload(command)?;
        let (without_proof, proof) = last.rsplit_once(",p=")?;
        let proof = BASE64.decode(proof.as_bytes()).ok()?;
        let is_of_this = attribute(without_proof, 'r')? == nonce && is_name_right;
        let auth_message = format!("{messages},{without_proof}");

        let mut salted = [0; HASH_BYTES];
        let password = account.password.as_bytes();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ITERATIONS,
            SALT,
            password,
            &mut salted,
        );
        let client_key = hmac_of(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = hmac_of(stored_key.as_ref(), auth_message.as_bytes());
        let bytes = client_key.as_ref().iter().zip(signature.as_ref());
        let expected: Vec<u8> = bytes.map(|(key, signature)| key ^ signature).collect();
        if !is_of_this || proof != expected {
            return None;
        }
        *self = Self::SignedIn;
        let server_key = hmac_of(&salted, b"Server Key");
        let verifier = hmac_of(server_key.as_ref(), auth_message.as_bytes());
        let verifier = BASE64.encode(verifier.as_ref());
        Some(reply(&format!("v={verifier}"), true))
    }
}

/// Fields of the reply to `hello` that say how to sign in.
pub(super) fn mechanisms() -> Document {
    doc! { "saslSupportedMechs": ["SCRAM-SHA-256"] }
}

fn hmac_of(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

fn payload(command: &Document) -> Option<String> {
    let bytes = command.get_binary_generic("payload").ok()?;
    String::from_utf8(bytes.clone()).ok()
}

/// The value of an attribute in a message such as `n=ann,r=abc`.
fn attribute(message: &str, name: char) -> Option<&str> {
    let attributes = message.split(',');
    attributes.into_iter().find_map(|attribute| {
        let value = attribute.strip_prefix(name)?;
        value.strip_prefix('=')
    })
}

fn reply(payload: &str, done: bool) -> Document {
    let payload = Binary {
        subtype: BinarySubtype::Generic,
        bytes: payload.as_bytes().to_vec(),
    };
    doc! { "ok": 1.0, "conversationId": 1, "done": done, "payload": payload }
}

fn failed() -> Document {
    doc! {
        "ok": 0.0,
        "code": 18,
        "codeName": "AuthenticationFailed",
        "errmsg": "Authentication failed.",
    }
}

fn random() -> [u8; 24] {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes
}
