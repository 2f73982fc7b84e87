//! Bodies are admitted before they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt, stream};
use serde_json::json;

use super::world::{json_post, world};

/// A body of which all but the last byte comes, and what was read of it.
fn unfinished(bytes: usize) -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let chunks = stream::iter(vec![Bytes::from(vec![0_u8; 1_024]); bytes / 1_024]);
    let chunks = chunks.map(move |chunk| {
        counted.fetch_add(chunk.len(), Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk)
    });
    (Body::from_stream(chunks.chain(stream::pending())), read)
}

#[tokio::test]
async fn of_many_unfinished_pictures_one_is_read() {
    let world = world().await;
    let cookie = world.sign_in().await.cookie();
    let (mut asked, mut read) = (FuturesUnordered::new(), Vec::new());
    for _ in 0..150 {
        let (body, counter) = unfinished(1 << 20);
        let request = Request::put("/avatar").header("cookie", &cookie);
        asked.push(world.ask(request, body));
        read.push(counter);
    }
    // All are answered but the one that has the place, which waits for the rest of its body.
    for _ in 0..149 {
        let got = asked.next().await.unwrap();
        got.check(429, "Another picture");
    }
    let bytes = || -> usize { read.iter().map(|read| read.load(Ordering::Relaxed)).sum() };
    while bytes() < 1 << 20 {
        let waiting = tokio::time::timeout(Duration::from_millis(1), asked.next());
        assert!(
            waiting.await.is_err(),
            "the unfinished picture was answered"
        );
    }
    assert_eq!(bytes(), 1 << 20);
    drop(asked);
    let request = Request::put("/avatar").header("cookie", &cookie);
    world.ask(request, "no picture").await.check(415, "PNG");
}

#[tokio::test]
async fn one_network_does_not_take_every_place_for_bodies() {
    let world = world().await;
    let mut held = Vec::new();
    let (mut rejected, mut bytes) = (0, 0);
    for _ in 0..600 {
        let (body, read) = unfinished(15 << 10);
        let mut asked = Box::pin(world.post_raw("/login", body));
        for _ in 0..20 {
            if let Some(got) = asked.as_mut().now_or_never() {
                got.check(503, "too many requests");
                rejected += 1;
                break;
            }
        }
        bytes += read.load(Ordering::Relaxed);
        held.push(asked);
    }
    assert_eq!(rejected, 600 - 512);
    assert_eq!(bytes, 512 * (15 << 10));
    let elsewhere = json!({"username": "ann", "password": "long enough"}).to_string();
    let got = world.ask_from("192.0.2.9:9", json_post("/login"), elsewhere);
    got.await.check(401, "Invalid username");
}
