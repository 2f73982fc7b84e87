//! The forms of the log.

use serde_json::Value;

use super::flags;
use crate::support::Bare;

/// The lines of a server's start in this form.
async fn lines(format: &str) -> Vec<String> {
    let data = tempfile::tempdir().unwrap();
    let mut flags = flags("127.0.0.1:0", data.path()).to_vec();
    flags.extend(["--log-format", format]);
    let mut server = Bare::start(&[], &flags, &[]);
    server.logged("accounts").await;
    server.stop().await;
    server.logged("stopped").await;
    server.log.lines()
}

#[tokio::test]
async fn json_is_an_object_a_line() {
    let lines = lines("json").await;
    let objects = lines.iter().map(|line| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["timestamp", "level", "message"] {
            assert!(object[field].is_string(), "{line}");
        }
        object
    });
    let objects: Vec<Value> = objects.collect();
    let listening = objects.iter().find(|it| it["message"] == "listening");
    let listening = listening.unwrap_or_else(|| panic!("{objects:#?}"));
    assert_eq!(listening["level"], "INFO");
    let address = listening["address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
}

#[tokio::test]
async fn journald_gets_a_priority_and_no_time() {
    let lines = lines("journald").await;
    let listening = "<6>listening address=127.0.0.1:";
    assert!(
        lines.iter().any(|line| line.starts_with(listening)),
        "{lines:#?}"
    );
    assert!(
        lines.iter().all(|line| line.starts_with("<6>")),
        "{lines:#?}"
    );
}
