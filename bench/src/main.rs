//! What the server costs, against what the machine itself costs and against peers.
//!
//! Linux only: the server is charged by its own CPU clock, pinned to a core of its own, and the
//! load is one epoll loop on another.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    use std::io::Write;
    // Where even this can't be written, the exit status tells.
    let _ = writeln!(
        std::io::stderr(),
        "chat-bench measures with epoll, /proc and CPU affinity: run it on Linux."
    );
    ExitCode::FAILURE
}
