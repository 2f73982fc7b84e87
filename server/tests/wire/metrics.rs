//! Every metric has a help text and a line in docs/operate.md, and nothing else is in the docs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Server;

/// The metrics of SQLite's disk, which are not there with MongoDB.
const OF_A_DISK: [&str; 3] = [
    "chat_database_bytes",
    "chat_disk_free_bytes",
    "chat_disk_low",
];

fn docs(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The table of metrics in the docs: names and kinds.
fn documented() -> BTreeMap<String, String> {
    let text = docs("operate.md");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`').to_owned();
        let kind = cells.next()?.trim().to_owned();
        ["counter", "gauge", "histogram"]
            .contains(&kind.as_str())
            .then_some((name, kind))
    });
    rows.collect()
}

/// What `/metrics` shows: names and kinds. Each has a text for people.
fn shown(metrics: &str) -> BTreeMap<String, String> {
    let comments = |word: &str| {
        let lines = metrics.lines().filter_map(|line| line.strip_prefix(word));
        let pairs = lines.filter_map(|line| line.split_once(' '));
        pairs
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let (helps, kinds) = (comments("# HELP "), comments("# TYPE "));
    for name in kinds.keys() {
        assert!(helps.contains_key(name), "{name} has no help text");
    }
    kinds
}

/// Does what has metrics with labels.
async fn use_all(server: &Server) {
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "hi").await;
    ann.refused(json!({"type": "join", "room": "nowhere"}), &["not_found"])
        .await;
    let wrong = json!({"username": "ann", "password": "not that one"});
    server.post("/login", &[], &wrong).await.refused(&[401]);
    let mut stranger = server.open("stranger", &[]).await.unwrap();
    stranger.send(&json!({"type": "hello", "version": 1})).await;
    assert_eq!(stranger.closed().await.0, 4401);
}

#[tokio::test]
async fn the_docs_list_what_a_server_shows() {
    let server = Server::start().await;
    use_all(&server).await;
    let answer = server.get("/metrics", &[]).await;
    let shown = shown(&answer.body);
    let mut documented = documented();
    if server.database().is_some() {
        documented.retain(|name, _| !OF_A_DISK.contains(&name.as_str()));
    }
    assert_eq!(shown, documented);

    let has = |line: &str| {
        assert!(
            answer.body.lines().any(|it| it == line),
            "{line:?} is not in {}",
            answer.body
        );
    };
    has("chat_messages_total 1");
    has("chat_logins_failed_total 1");
    has("chat_commands_rejected_total{code=\"not_found\"} 1");
    has("chat_closes_total{code=\"4401\"} 1");
    has("chat_store_failing 0");
    has("chat_store_batch_events_bucket{le=\"+Inf\"} 1");
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_metric = |word: &&str| word.starts_with("chat_") || word.starts_with("process_");
    let names = words.filter(is_metric).map(|word| {
        let part = ["_bucket", "_sum", "_count"];
        let whole = part.iter().find_map(|part| word.strip_suffix(part));
        whole.unwrap_or(word).to_owned()
    });
    names.collect()
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let documented: BTreeSet<String> = documented().into_keys().collect();
    let dashboard: Value = serde_json::from_str(&docs("monitoring/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().len();
    assert!(panels > 10, "{panels}");
    for text in [dashboard.to_string(), docs("monitoring/alerts.yml")] {
        let named = named(&text);
        assert!(named.len() > 5, "{named:?}");
        let unknown: Vec<_> = named.difference(&documented).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
