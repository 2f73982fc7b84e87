//! A person with one connection at a time, whose events are folded as they come.

use std::sync::{Arc, Mutex, MutexGuard};

use chat_shared::Username;
use chat_shared::client::{Client, ClientConfig, Event, Events, ResumePoint, ServerUrl, connect};
use chat_shared::view::RoomsView;
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

use crate::support::{Server, User};

pub(super) struct Person {
    pub(super) name: Username,
    user: User,
    url: ServerUrl,
    pub(super) client: Client,
    view: Arc<Mutex<RoomsView>>,
    listening: JoinHandle<ResumePoint>,
}

impl Person {
    pub(super) async fn new(server: &Server, name: &str) -> Self {
        let user = server.user(name).await;
        let url = ServerUrl::parse(&format!("http://{}", server.address)).unwrap();
        let (client, events) = connect(ClientConfig::new(url.clone(), user.token.clone()));
        let view = Arc::default();
        let person = Self {
            name: Username::existing(name),
            listening: listen(events, Arc::clone(&view)),
            user,
            url,
            client,
            view,
        };
        person.online().await;
        person
    }

    pub(super) fn view(&self) -> MutexGuard<'_, RoomsView> {
        self.view.lock().unwrap()
    }

    /// A fresh connection of the same person.
    pub(super) fn fresh(&self) -> (Client, Events) {
        connect(self.config())
    }

    fn config(&self) -> ClientConfig {
        ClientConfig::new(self.url.clone(), self.user.token.clone())
    }

    /// Drops the connection and resumes on a new one.
    pub(super) async fn vanish_and_come_back(&mut self) {
        self.client.close().await;
        let listening = std::mem::replace(
            &mut self.listening,
            tokio::spawn(async { ResumePoint::default() }),
        );
        let point = listening.await.unwrap();
        let (client, events) = connect(self.config().resume(point));
        self.client = client;
        self.listening = listen(events, Arc::clone(&self.view));
        self.online().await;
    }

    async fn online(&self) {
        while self.client.ping().await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn listen(mut events: Events, view: Arc<Mutex<RoomsView>>) -> JoinHandle<ResumePoint> {
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let mut view = view.lock().unwrap();
            match event {
                Event::Connected(welcome) => view.welcome(&welcome),
                Event::Frame(frame) => view.apply(&frame),
                _ => {}
            }
        }
        events.resume_point().clone()
    })
}
