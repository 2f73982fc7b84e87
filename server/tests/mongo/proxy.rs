//! A network between server and store that misbehaves when told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What it does to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Connections end, and none is made.
    Cut,
    /// Everything takes longer.
    Delay(Duration),
    /// Of a write to the log the answer is lost, with its connection, after it was done.
    LoseAnswers,
    /// Of a write to the log only its beginning arrives.
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
    /// A write to the log is on its way, and its answer not yet.
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
        // What ends first ends all: both directions are dropped with this task.
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

/// The head of `{insert: "log"}` as BSON has it.
fn is_write_to_log(bytes: &[u8]) -> bool {
    let head = b"\x02insert\0\x04\0\0\0log\0";
    bytes.windows(head.len()).any(|window| window == head)
}
