//! A minimal IRC server (RFC 2812) for one client in one room.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::bail;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct IrcServer(TcpListener);

impl IrcServer {
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self(TcpListener::bind("127.0.0.1:0")?))
    }

    pub(super) fn port(&self) -> anyhow::Result<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Accepts a client and lets it join #lobby. Later commands are read, and answered if the
    /// client waits for a reply.
    pub(super) fn welcome(&self) -> anyhow::Result<TcpStream> {
        let (mut stream, _) = self.0.accept()?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let (mut nick, mut user) = (false, false);
        while !(nick && user) {
            let line = read(&mut lines)?;
            nick |= line.starts_with("NICK");
            user |= line.starts_with("USER");
            answer(&mut stream, &line)?;
        }
        stream.write_all(
            b":bench 001 ann :Welcome\r\n:bench 005 ann CHANTYPES=# :are supported\r\n\
              :bench 422 ann :No MOTD\r\n:ann!ann@bench JOIN #lobby\r\n\
              :bench 353 ann = #lobby :ann u00001\r\n:bench 366 ann #lobby :End\r\n",
        )?;
        let mut replies = stream.try_clone()?;
        std::thread::spawn(move || {
            while let Ok(line) = read(&mut lines) {
                if answer(&mut replies, &line).is_err() {
                    return;
                }
            }
        });
        Ok(stream)
    }
}

fn read(lines: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        bail!("the IRC client left");
    }
    Ok(line.trim_end().to_owned())
}

fn answer(stream: &mut TcpStream, line: &str) -> anyhow::Result<()> {
    let reply = match line.split_once(' ') {
        Some(("CAP", rest)) if rest.starts_with("LS") => ":bench CAP * LS :\r\n".to_owned(),
        Some(("PING", rest)) => format!(":bench PONG bench {rest}\r\n"),
        Some(("MODE", "#lobby")) => ":bench 324 ann #lobby +n\r\n".to_owned(),
        Some(("WHO", _)) => ":bench 315 ann #lobby :End\r\n".to_owned(),
        _ => return Ok(()),
    };
    Ok(stream.write_all(reply.as_bytes())?)
}
