//! A network of one's own.

use std::fs;
use std::io;

use nix::sched::{CloneFlags, unshare};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketType, sendto, socket};
use rustix::process::{getgid, getuid};

use super::Barrier;

/// Leaves the network of the machine for one that has only a loopback interface.
pub(super) fn enter(barrier: Barrier) -> io::Result<()> {
    match barrier {
        Barrier::Namespace => unshare(CloneFlags::CLONE_NEWNET)?,
        Barrier::UserNamespace => {
            // Afterwards this process has no user until it is told which.
            let (user, group) = (getuid().as_raw(), getgid().as_raw());
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
            fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
        }
        Barrier::Tcp => return Ok(()),
    }
    // A command can do without it, unless it speaks with itself.
    let _ = raise_loopback();
    Ok(())
}

/// Number of the loopback interface in a new namespace.
const LOOPBACK: i32 = 1;

/// Takes the loopback interface into service: one `RTM_NEWLINK` request, see `rtnetlink(7)`.
fn raise_loopback() -> rustix::io::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST: u16 = 1;
    const IFF_UP: u32 = 1;
    const LENGTH: u32 = 32;
    let mut request = Vec::new();
    request.extend(LENGTH.to_ne_bytes());
    request.extend(RTM_NEWLINK.to_ne_bytes());
    request.extend(NLM_F_REQUEST.to_ne_bytes());
    // Number of the request, and of its sender: nobody waits for an answer.
    request.extend([0; 8]);
    // Any family and any type.
    request.extend([0; 4]);
    request.extend(LOOPBACK.to_ne_bytes());
    // The flags to set, and which of them are meant.
    request.extend(IFF_UP.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());
    // Without a protocol it is the one for routes and interfaces.
    let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    sendto(&socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    Ok(())
}
