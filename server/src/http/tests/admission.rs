//! Bodies are admitted before they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
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
    let cookie = world.log_in().await.cookie();
    let mut held = Vec::new();
    let (mut rejected, mut bytes) = (0, 0);
    for _ in 0..150 {
        let (body, read) = unfinished(1 << 20);
        let request = Request::put("/avatar").header("cookie", &cookie);
        let mut asked = Box::pin(world.ask(request, body));
        // The first takes its place and is read until it has to wait; the others are answered.
        let answer = tokio::select! {
            biased;
            got = &mut asked => Some(got),
            () = settled() => None,
        };
        bytes += read.load(Ordering::Relaxed);
        match answer {
            Some(got) => {
                got.check(429, "Another picture");
                rejected += 1;
            }
            None => held.push(asked),
        }
    }
    assert_eq!((held.len(), rejected), (1, 149));
    assert_eq!(bytes, 1 << 20);
    drop(held);
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
    let elsewhere = json!({"username": "ann", "password": "password"}).to_string();
    let got = world.ask_from("192.0.2.9:9", json_post("/login"), elsewhere);
    got.await.check(401, "Invalid username");
}

/// Long enough for a request to read what there is of its body.
async fn settled() {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
}
