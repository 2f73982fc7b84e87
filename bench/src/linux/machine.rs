//! The machine: its name, its cores, its limits.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use serde::Serialize;

/// The core of the measured program.
pub(crate) const SERVER_CPU: usize = 0;

/// The core of the load.
pub(crate) const LOAD_CPU: usize = 1;

/// Descriptors for 10,000 connections and the rest of a process.
const DESCRIPTORS_NEEDED: u64 = 12_000;

/// Binds the calling thread, and what it starts from now on, to a core.
pub(crate) fn pin(cpu: usize) -> anyhow::Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &cpus)
        .with_context(|| format!("this needs CPU {cpu}: the server and the load have one each"))
}

/// Raises the limit of descriptors as far as 10,000 connections need it. If that is not allowed, it
/// raises it as far as it may, which is enough for fewer connections.
pub(crate) fn raise_descriptor_limit() -> anyhow::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < DESCRIPTORS_NEEDED {
        let raised_hard = hard.max(DESCRIPTORS_NEEDED);
        setrlimit(Resource::RLIMIT_NOFILE, DESCRIPTORS_NEEDED, raised_hard)
            .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, hard, hard))?;
    }
    Ok(())
}

/// The advice for a system that refuses a descriptor.
pub(crate) const DESCRIPTORS_HELP: &str = "10,000 connections need 12,000 file descriptors in a process: raise `ulimit -Hn`, or ask for fewer with \
     --subscribers";

/// The facts that figures depend on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    hypervisor: bool,
    kernel: String,
    memory_gib: f64,
    filesystem: String,
    /// TCP's congestion control, which may pace writes.
    congestion_control: String,
    /// Other programs on the machine make figures noisy.
    load_average: String,
}

impl Machine {
    pub(crate) fn this(data: &Path) -> anyhow::Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).with_context(|| path.to_owned());
        let cpuinfo = read("/proc/cpuinfo")?;
        let meminfo = read("/proc/meminfo")?;
        let data = data.canonicalize()?;
        Ok(Self {
            cpu: field(&cpuinfo, "model name")
                .unwrap_or("unknown")
                .to_owned(),
            cores: cpuinfo
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            hypervisor: field(&cpuinfo, "flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            memory_gib: field(&meminfo, "MemTotal")
                .and_then(|kb| kb.strip_suffix(" kB")?.parse::<f64>().ok())
                .map_or(0.0, |kb| kb / f64::from(1 << 20)),
            filesystem: filesystem(&read("/proc/self/mountinfo")?, &data)
                .unwrap_or("unknown")
                .to_owned(),
            congestion_control: read("/proc/sys/net/ipv4/tcp_congestion_control")?
                .trim()
                .to_owned(),
            load_average: read("/proc/loadavg")?
                .split(' ')
                .take(3)
                .collect::<Vec<_>>()
                .join(" "),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} × {}{}, Linux {}, {:.0} GiB, data on {}, TCP {}; load average at the start {}",
            self.cores,
            self.cpu,
            if self.hypervisor { " (virtual)" } else { "" },
            self.kernel,
            self.memory_gib,
            self.filesystem,
            self.congestion_control,
            self.load_average,
        )
    }
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

/// The type of the file system that `path` is on: of the mount with the longest matching prefix.
fn filesystem<'a>(mountinfo: &'a str, path: &Path) -> Option<&'a str> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        let kind = kind.split(' ').next()?;
        path.starts_with(point).then_some((point.len(), kind))
    });
    // Of two mounts on one point, the later one is visible.
    mounts.max_by_key(|(len, _)| *len).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC: fast\nmodel\t: 1\n";
        assert_eq!(field(text, "model name"), Some("AMD EPYC: fast"));
        assert_eq!(field(text, "model"), Some("1"));
        assert_eq!(field(text, "flags"), None);
    }

    #[test]
    fn the_nearest_mount_counts() {
        let text = "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                    22 21 0:5 / /tmp rw - tmpfs tmpfs rw\n\
                    23 21 0:6 / /tmpfoo rw - xfs /dev/vdb rw\n";
        let check = |path, expect| assert_eq!(filesystem(text, Path::new(path)), Some(expect));
        check("/home/x", "ext4");
        check("/tmp/x", "tmpfs");
        check("/tmpfoo", "xfs");
        check("/tmpbar", "ext4");
    }
}
