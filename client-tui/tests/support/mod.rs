//! A server and terminals for the tests. Each has a directory of its own and is removed at the end.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_chat-tui");

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The shell's prompt.
const SHELL_PROMPT: &str = "ready$ ";

pub(crate) struct Server {
    child: Child,
    address: String,
    data: TempDir,
    flags: &'static [&'static str],
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(flags: &'static [&'static str]) -> Self {
        let data = TempDir::new().unwrap();
        let (child, address) = spawn("127.0.0.1:0", data.path(), flags);
        Self {
            child,
            address,
            data,
            flags,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Kills the server, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the server at the same address with the same data.
    pub(crate) fn restart(&mut self) {
        (self.child, self.address) = spawn(&self.address, self.data.path(), self.flags);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CHAT_SERVER_BIN") {
        return path.into();
    }
    // The server is built beside this test's own binary.
    let built = Path::new(CLIENT).with_file_name("chat-server");
    assert!(
        built.exists(),
        "There is no {}. Build it with `cargo build -p chat-server`, or name one in \
         CHAT_SERVER_BIN.",
        built.display()
    );
    built
}

/// Starts the server and reads its address from its log.
fn spawn(listen: &str, data: &Path, flags: &[&str]) -> (Child, String) {
    let mut child = Command::new(server_binary())
        .args(["--listen", listen, "--data-dir"])
        .arg(data)
        .args(flags)
        .env_remove("MONGO_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = child.stderr.take().unwrap();
    let (found, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Read the log to its end, so that the server never blocks on it.
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some(address) = address_in(&line) {
                let _ = found.send(address);
            }
        }
    });
    let address = address
        .recv_timeout(PATIENCE)
        .expect("the server did not log its address");
    (child, address)
}

/// The first 127.0.0.1:PORT of a line.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty() && port != "0").then(|| format!("127.0.0.1:{port}"))
}

/// A shell in a terminal of 120×40, with a home directory of its own.
pub(crate) struct Terminal {
    socket: String,
    home: TempDir,
    settings: String,
}

impl Terminal {
    pub(crate) fn new(name: &str) -> Self {
        let home = TempDir::new().unwrap();
        let socket = format!("chat-tui-{}-{name}", std::process::id());
        let shell = format!(
            "env -i PATH={} HOME={} LANG=C.UTF-8 TERM=tmux-256color TZ=UTC PS1='{SHELL_PROMPT}' \
             bash --norc --noprofile -i",
            std::env::var("PATH").unwrap(),
            home.path().display(),
        );
        let mut terminal = Self {
            socket,
            home,
            settings: String::new(),
        };
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "40",
            &shell,
        ]);
        terminal.wait_for(SHELL_PROMPT.trim());
        terminal.settings = terminal.stty();
        terminal
    }

    /// Starts the client with `settings` like `NAME=VALUE` in its environment.
    pub(crate) fn start(&self, server: &Server, settings: &str) {
        self.start_at(&server.url(), settings);
    }

    pub(crate) fn start_at(&self, url: &str, settings: &str) {
        self.run("clear");
        self.run(&format!("{settings} {CLIENT} --server {url}"));
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    pub(crate) fn run(&self, command: &str) {
        self.write(command);
        self.keys(&["Enter"]);
    }

    pub(crate) fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    pub(crate) fn keys(&self, keys: &[&str]) {
        let mut args = vec!["send-keys"];
        args.extend(keys);
        self.tmux(&args);
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text));
    }

    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{what} is not seen; the screen:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until the program has ended with `code`, and checks that the terminal is as before.
    #[track_caller]
    pub(crate) fn expect_sane(&self, code: i32) {
        self.wait_until("the shell's prompt", |screen| {
            screen.trim_end().ends_with(SHELL_PROMPT.trim())
        });
        let flags = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(flags.trim(), "0 1", "alternate screen left, cursor visible");
        let status = self.home.path().join("status");
        self.run(&format!("echo $? > {}", status.display()));
        let said = self.wait_for_file(&status);
        assert_eq!(said.trim(), code.to_string());
        assert_eq!(self.stty(), self.settings);
        self.run("clear");
        self.run("echo typed'-'is-seen");
        self.wait_until("what is typed and its echo", |screen| {
            screen.contains("echo typed'-'is-seen") && screen.contains("\ntyped-is-seen")
        });
    }

    /// Sends a signal to the client in this terminal.
    pub(crate) fn signal(&self, signal: &str) {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let children = Command::new("pgrep")
            .args(["-P", shell.trim(), "chat-tui"])
            .output();
        let client = String::from_utf8(children.unwrap().stdout).unwrap();
        let sent = Command::new("kill")
            .args(["-s", signal, client.trim()])
            .status()
            .unwrap();
        assert!(sent.success(), "no client to signal: {client:?}");
    }

    pub(crate) fn token_file_modes(&self) -> Vec<String> {
        self.file_modes("sessions")
    }

    /// The permissions of the files in a directory of the client's state.
    pub(crate) fn file_modes(&self, dir: &str) -> Vec<String> {
        let dir = self.home.path().join(".local/state/chat-tui").join(dir);
        let files = std::fs::read_dir(dir).unwrap();
        let mode = |file: std::fs::DirEntry| file.metadata().unwrap().permissions().mode();
        files
            .map(|file| format!("{:o}", mode(file.unwrap()) & 0o777))
            .collect()
    }

    /// The settings of the terminal's driver.
    fn stty(&self) -> String {
        let file = self.home.path().join("stty");
        let _ = std::fs::remove_file(&file);
        self.run(&format!(
            "stty -a > {0}.new && mv {0}.new {0}",
            file.display()
        ));
        self.wait_for_file(&file)
    }

    fn wait_for_file(&self, path: &Path) -> String {
        let start = Instant::now();
        loop {
            match std::fs::read_to_string(path) {
                Ok(text) if text.ends_with('\n') => {
                    std::fs::remove_file(path).unwrap();
                    return text;
                }
                _ => assert!(start.elapsed() < PATIENCE, "no {}", path.display()),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn tmux(&self, args: &[&str]) -> String {
        let run = Command::new("tmux")
            .arg("-L")
            .arg(&self.socket)
            .args(args)
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8_lossy(&run.stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
    }
}
