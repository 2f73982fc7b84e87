//! A TCP proxy whose connections can be cut.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct Wire {
    is_cut: bool,
    open: Vec<TcpStream>,
}

pub(crate) struct Proxy {
    address: String,
    wire: Arc<Mutex<Wire>>,
}

impl Proxy {
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let wire = Arc::new(Mutex::new(Wire::default()));
        let (server, shared) = (server.to_owned(), Arc::clone(&wire));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut wire = shared.lock().unwrap();
                if wire.is_cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else {
                    continue;
                };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _ = copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                wire.open.extend([client, server]);
            }
        });
        Self { address, wire }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every connection and accepts none until `mend` is called.
    pub(crate) fn cut(&self) {
        let mut wire = self.wire.lock().unwrap();
        wire.is_cut = true;
        for stream in wire.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.wire.lock().unwrap().is_cut = false;
    }
}
