//! The golden frames: one file each, read by the page's tests too. What these types read they
//! write again with the same fields.
#![expect(clippy::unwrap_used, reason = "tests")]

use chat_shared::codec::{ClientFrame, decode_client_frame, decode_server_frame};
use chat_shared::protocol::ServerFrame;
use serde_json::Value;

fn frames(side: &str) -> Vec<(String, String)> {
    let dir = format!("{}/golden/{side}", env!("CARGO_MANIFEST_DIR"));
    let mut frames: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    frames.sort();
    assert!(frames.len() > 10, "the golden frames are missing");
    frames
}

fn same_json(path: &str, golden: &str, written: &Value) {
    assert_eq!(
        serde_json::from_str::<Value>(golden).unwrap(),
        *written,
        "{path}"
    );
}

#[test]
fn server_frames_round_trip() {
    for (path, golden) in frames("server") {
        let frame = decode_server_frame(&golden).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_ne!(frame, ServerFrame::Unknown, "{path}");
        same_json(&path, &golden, &serde_json::to_value(&frame).unwrap());
    }
}

#[test]
fn client_frames_round_trip() {
    for (path, golden) in frames("client") {
        let frame = decode_client_frame(&golden).unwrap_or_else(|e| panic!("{path}: {e}"));
        let written = match frame {
            ClientFrame::Hello(hello) => serde_json::to_value(hello.to_frame()),
            ClientFrame::Command(command) => serde_json::to_value(command),
            ClientFrame::Demo(demo) => serde_json::to_value(demo),
        };
        same_json(&path, &golden, &written.unwrap());
    }
}

/// A stranger finds each shape in the document, and finds each file that it names.
#[test]
fn the_document_names_every_golden_frame() {
    let document = include_str!("../PROTOCOL.md");
    let mut named: Vec<String> = document
        .split("(golden/")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect();
    named.sort();
    named.dedup();
    let mut files = Vec::new();
    for side in ["client", "server"] {
        for (path, _) in frames(side) {
            let name = path.rsplit('/').next().unwrap_or_default();
            files.push(format!("{side}/{name}"));
        }
    }
    files.sort();
    assert_eq!(named, files);
}

/// Every command, event, code and limit of the types stands in the document by its name.
#[test]
fn the_document_has_every_type_of_frame() {
    let document = include_str!("../PROTOCOL.md");
    for side in ["client", "server"] {
        for (path, golden) in frames(side) {
            let frame: Value = serde_json::from_str(&golden).unwrap();
            for key in frame.as_object().unwrap().keys() {
                assert!(document.contains(key), "{path}: `{key}` is not explained");
            }
        }
    }
}
