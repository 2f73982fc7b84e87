//! The configurations of reverse proxies in docs/operate.md, run as they are there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::{PASSWORD, PATIENCE, Server, Site, note, runs};

/// Bytes of a picture that is more than nginx lets through by itself, and less than the server takes.
const PICTURE_BYTES: usize = 1_500_000;

/// A proxy that runs. It ends with this value.
struct Proxy {
    child: Child,
    dir: TempDir,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx's workers end with their master, if that is asked.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

impl Proxy {
    async fn start(config: impl FnOnce(&Path, SocketAddr) -> (PathBuf, Command)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let (said, mut command) = config(dir.path(), address);
        let said = std::fs::File::create(said).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said);
        let child = child.spawn().unwrap();
        let proxy = Self {
            child,
            dir,
            address,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).await.is_err() {
            assert!(Instant::now() < deadline, "{}", proxy.said());
            sleep(std::time::Duration::from_millis(20)).await;
        }
        proxy
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("said")).unwrap_or_default()
    }
}

/// The first block of the docs that begins with this line, without the fences.
fn snippet(begin: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (_, rest) = text
        .split_once(&format!("```{begin}"))
        .expect("it is in the docs");
    let (block, _) = rest.split_once("```").expect("the fence ends");
    block.to_owned()
}

/// The server behind a proxy, with everything that the docs promise.
async fn check(server: &Server, proxy: &Proxy) {
    let site = Site {
        address: proxy.address,
        log: server.log.clone(),
    };
    let host = format!("127.0.0.1:{}", proxy.address.port());
    let origin = format!("http://{host}");
    let page = [("Host", host.as_str()), ("Origin", origin.as_str())];
    let body = json!({"username": "ann", "password": PASSWORD});
    site.post("/register", &page, &body).await.accepted(201);
    let answer = site.post("/login", &page, &body).await;
    answer.accepted(200);
    let cookie = answer.cookie().to_owned();

    let of_ann = [page[0], page[1], ("Cookie", cookie.as_str())];
    let mut ws = site.open("ann", &of_ann).await.unwrap();
    ws.send(&json!({"type": "hello", "version": 1})).await;
    ws.expect("welcome").await;
    ws.say("lobby", "through the proxy").await;

    // The server says that it is no picture; the proxy lets it through.
    let picture = vec![0; PICTURE_BYTES];
    let answer = crate::support::call(site.address, "PUT", "/avatar", &of_ann, picture).await;
    assert_eq!(answer.status, 415, "{answer:?}");
    let metrics = site.get("/metrics", &page[..1]).await;
    assert_eq!(metrics.status, 403, "everyone could read the figures");
    assert_eq!(site.get("/", &page[..1]).await.status, 200);
}

/// A server that trusts a proxy on this machine.
async fn trusting() -> Server {
    let flags = ["--trusted-proxy", "127.0.0.1", "--registration", "open"];
    Server::start_with(&flags).await
}

#[tokio::test]
async fn the_nginx_of_the_docs_works() {
    let nginx = ["nginx", "/usr/sbin/nginx"]
        .into_iter()
        .find(|it| runs(it, &["-v"]));
    let Some(nginx) = nginx else {
        return note("no nginx here: its configuration in the docs is not tested");
    };
    let server = trusting().await;
    let locations = snippet("nginx\n").replace("127.0.0.1:8000", &server.address.to_string());
    let proxy = Proxy::start(|dir, address| {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|it| format!("{it}_temp_path {it};"));
        let text = format!(
            "daemon off; pid nginx.pid; error_log stderr; events {{}}\n\
             http {{ access_log off; {} server {{ listen {address};\n{locations}\n}} }}",
            temporary.join(" ")
        );
        std::fs::write(dir.join("nginx.conf"), text).unwrap();
        let mut command = Command::new(nginx);
        let prefix = dir.to_str().unwrap();
        command.args(["-p", prefix, "-c", "nginx.conf", "-e", "stderr"]);
        (dir.join("said"), command)
    })
    .await;
    check(&server, &proxy).await;
}

#[tokio::test]
async fn the_caddy_of_the_docs_works() {
    if !runs("caddy", &["version"]) {
        return note("no caddy here: its configuration in the docs is not tested");
    }
    let server = trusting().await;
    let site = snippet("\nchat.example {").replace("127.0.0.1:8000", &server.address.to_string());
    let proxy = Proxy::start(|dir, address| {
        let text = format!("{{\nadmin off\n}}\nhttp://{address} {{{site}");
        std::fs::write(dir.join("Caddyfile"), text).unwrap();
        let mut command = Command::new("caddy");
        command
            .args(["run", "--config", "Caddyfile"])
            .current_dir(dir);
        command.env("HOME", dir);
        (dir.join("said"), command)
    })
    .await;
    check(&server, &proxy).await;
}
