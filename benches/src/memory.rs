//! What this process holds.

/// Resident KiB of this process (`/proc/self/status`).
///
/// # Panics
/// On a system without that file.
#[must_use]
pub fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
