//! A proxy between server and store that injects network faults.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A fault, and its effect on the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Connections are cut, and new ones are refused.
    Cut,
    /// Everything is delayed.
    Delay(Duration),
    /// A write to the log is done, and then its reply and its connection are lost.
    LoseAnswers,
    /// Only the beginning of a write to the log arrives.
    CutWrites,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    fault: watch::Sender<Fault>,
    /// How many writes or answers were lost.
    pub(crate) lost: Arc<std::sync::atomic::AtomicUsize>,
}

impl Proxy {
    pub(crate) async fn start(upstream: &str) -> Self {
        let upstream = upstream
            .trim_start_matches("mongodb://")
            .split('/')
            .next()
            .unwrap()
            .rsplit('@')
            .next()
            .unwrap()
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fault, faults) = watch::channel(Fault::None);
        let lost = Arc::default();
        let counter = Arc::clone(&lost);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let link = Link {
                    faults: faults.clone(),
                    writing: Arc::default(),
                    lost: Arc::clone(&counter),
                };
                tokio::spawn(link.carry(stream, upstream.clone()));
            }
        });
        Self {
            address,
            fault,
            lost,
        }
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

#[derive(Clone)]
struct Link {
    faults: watch::Receiver<Fault>,
    /// Whether a write to the log was forwarded and its reply has not come yet.
    writing: Arc<std::sync::atomic::AtomicBool>,
    lost: Arc<std::sync::atomic::AtomicUsize>,
}

impl Link {
    async fn carry(self, client: TcpStream, upstream: String) {
        let Ok(store) = TcpStream::connect(upstream).await else {
            return;
        };
        let (client_read, client_write) = client.into_split();
        let (store_read, store_write) = store.into_split();
        let mut faults = self.faults.clone();
        let cut = faults.wait_for(|fault| *fault == Fault::Cut);
        // When one direction ends, both are dropped with this task.
        tokio::select! {
            _ = self.clone().pump(client_read, store_write, true) => {}
            _ = self.clone().pump(store_read, client_write, false) => {}
            _ = cut => {}
        }
    }

    async fn pump(
        self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        to_store: bool,
    ) -> std::io::Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let bytes = &buffer[..read];
            let fault = *self.faults.borrow();
            if let Fault::Delay(time) = fault {
                tokio::time::sleep(time).await;
            }
            if to_store && is_write_to_log(bytes) {
                self.writing.store(true, SeqCst);
                if fault == Fault::CutWrites {
                    to.write_all(&bytes[..read / 2]).await?;
                    self.lost.fetch_add(1, SeqCst);
                    return Ok(());
                }
            } else if !to_store && self.writing.swap(false, SeqCst) && fault == Fault::LoseAnswers {
                self.lost.fetch_add(1, SeqCst);
                return Ok(());
            }
            to.write_all(bytes).await?;
        }
    }
}

/// The beginning of `{insert: "log"}` in BSON.
fn is_write_to_log(bytes: &[u8]) -> bool {
    let head = b"\x02insert\0\x04\0\0\0log\0";
    bytes.windows(head.len()).any(|window| window == head)
}
