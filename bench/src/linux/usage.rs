//! The processor time, memory and sockets that a process and the kernel's work for it use.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The CPU time of all threads of a process, ended ones too, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuClock(ClockId);

impl CpuClock {
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let pid = Pid::from_raw(i32::try_from(pid)?);
        let clock = clock_getcpuclockid(pid).context("a process's CPU clock can't be had")?;
        Ok(Self(clock))
    }

    pub(crate) fn now(self) -> anyhow::Result<Duration> {
        Ok(clock_gettime(self.0)
            .context("the measured process has ended")?
            .into())
    }
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) all: u64,
    pub(crate) anonymous: u64,
}

pub(crate) fn resident(pid: u32) -> anyhow::Result<Resident> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    Ok(Resident {
        all: kilobytes(&text, "Rss").context(path.clone())?,
        anonymous: kilobytes(&text, "Anonymous").context(path)?,
    })
}

/// The memory that a process holds, in bytes: cheaper to ask for than [`resident`], and as often as
/// one likes.
pub(crate) fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    kilobytes(&text, "VmRSS").context(path)
}

/// The value of a line such as `Rss:   123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1_024)
}

/// The kernel's memory for sockets on the whole machine: slabs and socket buffers.
pub(crate) fn kernel_memory() -> anyhow::Result<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo")?;
    let sockstat = std::fs::read_to_string("/proc/net/sockstat")?;
    let slab = kilobytes(&meminfo, "Slab").context("/proc/meminfo has no Slab")?;
    let pages = tcp_pages(&sockstat).context("/proc/net/sockstat has no TCP mem")?;
    Ok(slab + pages * 4_096)
}

fn tcp_pages(sockstat: &str) -> Option<u64> {
    let line = sockstat
        .lines()
        .find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace().skip_while(|word| *word != "mem");
    words.nth(1)?.parse().ok()
}

/// Total bytes that wait in the kernel to be sent from `local` to `remote` (ports).
pub(crate) fn unsent(local: u16, remote: &HashSet<u16>) -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let rows = table.lines().skip(1).filter_map(tcp_row);
    Ok(rows
        .filter(|row| row.local == local && remote.contains(&row.remote))
        .map(|row| row.unsent)
        .sum())
}

#[derive(Debug, PartialEq, Eq)]
struct TcpRow {
    local: u16,
    remote: u16,
    unsent: u64,
}

fn tcp_row(line: &str) -> Option<TcpRow> {
    let mut words = line.split_whitespace().skip(1);
    let port = |word: &str| u16::from_str_radix(word.split_once(':')?.1, 16).ok();
    let local = port(words.next()?)?;
    let remote = port(words.next()?)?;
    let queues = words.nth(1)?;
    let unsent = u64::from_str_radix(queues.split_once(':')?.0, 16).ok()?;
    Some(TcpRow {
        local,
        remote,
        unsent,
    })
}

/// Total TCP segments with data that `local` sent to `remote` (ports). On loopback a write of less
/// than 64 KiB is one segment, so this counts writes without a tracer.
pub(crate) fn segments_sent(local: u16, remote: &HashSet<u16>) -> anyhow::Result<u64> {
    let filter = format!("sport = :{local}");
    let output = Command::new("ss")
        .args(["-tinHO", "state", "established", &filter])
        .output()
        .context("`ss` counts the writes; it is in the package iproute2")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`ss` failed: {}", said.trim());
    }
    let text = String::from_utf8(output.stdout)?;
    let rows = text.lines().filter_map(ss_row);
    Ok(rows
        .filter(|(port, _)| remote.contains(port))
        .map(|(_, segments)| segments)
        .sum())
}

/// The peer's port and the number of data segments sent. `ss` with a state has no column for it, so
/// the peer is the fourth word.
fn ss_row(line: &str) -> Option<(u16, u64)> {
    let port = line.split_whitespace().nth(3)?.rsplit_once(':')?.1;
    let segments = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("data_segs_out:"))
        .unwrap_or("0");
    Some((port.parse().ok()?, segments.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_are_read() {
        let text = "Rss:                4321 kB\nPss:     17 kB\nAnonymous:   8 kB\n";
        assert_eq!(kilobytes(text, "Rss"), Some(4_321 * 1_024));
        assert_eq!(kilobytes(text, "Anonymous"), Some(8_192));
        assert_eq!(kilobytes(text, "Swap"), None);
        assert_eq!(kilobytes("Rss: many kB", "Rss"), None);
    }

    #[test]
    fn socket_pages_are_read() {
        let text = "sockets: used 131\nTCP: inuse 4 orphan 0 tw 9 alloc 5 mem 77\nUDP: inuse 1\n";
        assert_eq!(tcp_pages(text), Some(77));
        assert_eq!(tcp_pages("UDP: inuse 1 mem 3"), None);
    }

    #[test]
    fn unsent_bytes_are_read() {
        let line = "   1: 0100007F:1F90 0100007F:D431 01 0001E240:00000010 01:00000014 00000000";
        let expect = TcpRow {
            local: 8_080,
            remote: 54_321,
            unsent: 123_456,
        };
        assert_eq!(tcp_row(line), Some(expect));
        assert_eq!(tcp_row("  sl  local_address rem_address"), None);
    }

    #[test]
    fn segments_are_read() {
        let line = "0 0 127.0.0.1:8000 127.0.0.1:54321 cubic wscale:7,7 data_segs_out:12 segs_in:3";
        assert_eq!(ss_row(line), Some((54_321, 12)));
        assert_eq!(ss_row("0 0 127.0.0.1:8000 127.0.0.1:5 cubic"), Some((5, 0)));
        assert_eq!(ss_row(""), None);
    }

    #[test]
    fn our_own_time_passes() {
        let clock = CpuClock::of(std::process::id()).unwrap();
        let before = clock.now().unwrap();
        let mut sum = 0_u64;
        while clock.now().unwrap() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(clock.now().unwrap() > before);
        assert!(resident(std::process::id()).unwrap().all > 100_000);
    }
}
