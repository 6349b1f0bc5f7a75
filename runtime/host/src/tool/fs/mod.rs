//! `wasi:filesystem` for tools: one directory, `/`, in which there is what the grant names.
//!
//! Nothing of the system's path resolution is used, and nothing of anybody's sandbox for it: a
//! descriptor of a directory is a real path inside the root, every operation walks from the root to
//! what it means ([`walk`]), and asks the grant's patterns about the real path ([`bounds`]). What
//! they do not name looks as if it were not there, and trying it is a denial.
//!
//! All operations work in place: none waits for anything but a disk, and each is of bounded size.

mod bounds;
mod change;
mod convert;
mod error;
mod handle;
mod interface;
mod list;
mod open;
mod place;
mod stream;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod tests;
mod view;
mod walk;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use baton_core::limits::Limits;
use baton_core::scope::Capability;
use baton_core::tool::{DENIALS_MAX, Denial};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

pub(crate) use bounds::Scopes;
pub(crate) use view::link;

use super::grant::{OnDenial, ToolGrant};
use crate::files::{Root, ScopeError};
use crate::meter::Meter;
use bounds::Bounds;
use error::{Fault, Result};
use place::Place;
use stream::Written;
use walk::{Last, walk};

/// How often an operation is tried anew when what it looks at is replaced under its hands.
const ATTEMPTS: u32 = 4;
/// Characters of a path in a denial.
const SHOWN_MAX: usize = 256;

/// What an operation does to what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Touch {
    Read,
    Write,
}

/// The files of an instance.
pub(crate) struct Files {
    /// None: there is no directory.
    root: Option<Arc<Root>>,
    bounds: Arc<Bounds>,
    denied: OnDenial,
    /// Denials that were told already.
    told: Mutex<HashSet<(Touch, String)>>,
    meter: Arc<Meter>,
    written: Arc<Written>,
    /// One more for each open file.
    open: Arc<()>,
}

impl Files {
    /// The files of a grant.
    ///
    /// # Errors
    /// When a pattern of the grant cannot be used.
    pub(super) fn new(
        grant: &ToolGrant,
        scopes: &Scopes,
        limits: &Limits,
        meter: &Arc<Meter>,
    ) -> std::result::Result<Self, ScopeError> {
        let bounds = scopes.get(&grant.authority, &limits.files)?;
        Ok(Self {
            root: grant.root.clone().filter(|_| !bounds.are_empty()),
            bounds,
            denied: Arc::clone(&grant.denied),
            told: Mutex::default(),
            meter: Arc::clone(meter),
            written: Arc::new(Written::new(limits.tools.write_bytes)),
            open: Arc::default(),
        })
    }

    /// Begins a further call.
    pub(super) fn renew(&self) {
        self.written.renew();
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn root(&self) -> Result<&Root> {
        self.root.as_deref().ok_or_else(|| ErrorCode::BadDescriptor.into())
    }

    /// Finds what a path means, and tells of it if that is outside of the grant.
    fn find(&self, touch: Touch, base: &str, path: &str, last: Last) -> Result<Place<'_>> {
        match walk(self.root()?, &self.bounds, base, path, last) {
            Err(Fault::Outside(code)) => {
                self.deny(touch, base, path);
                Err(Fault::Outside(match (touch, code) {
                    (Touch::Write, ErrorCode::NoEntry) => ErrorCode::NotPermitted,
                    (_, code) => code,
                }))
            }
            found => found,
        }
    }

    /// Whether a place that was found by `path` may be changed.
    fn may_change(&self, place: &Place<'_>, base: &str, path: &str) -> Result<()> {
        if self.bounds.writable(&place.path) {
            return Ok(());
        }
        self.deny(Touch::Write, base, path);
        Err(self.not_writable(&place.path))
    }

    /// What a guest is told that tries to write what it may not.
    fn not_writable(&self, path: &str) -> Fault {
        let readable = self.bounds.readable(path);
        Fault::Outside(if readable { ErrorCode::ReadOnly } else { ErrorCode::NotPermitted })
    }

    /// Tells of an attempt, once.
    fn deny(&self, touch: Touch, base: &str, path: &str) {
        let shown: String = [base, path]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join("/")
            .chars()
            .filter(|letter| !letter.is_control())
            .take(SHOWN_MAX)
            .collect();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() >= DENIALS_MAX || !told.insert((touch, shown.clone())) {
                return;
            }
        }
        let (capability, code, word) = match touch {
            Touch::Read => (Capability::Read, "path-read", "read"),
            Touch::Write => (Capability::Write, "path-write", "write"),
        };
        (self.denied)(Denial {
            capability,
            code: code.into(),
            tried: format!("{word} {shown}"),
            hint: format!("the tool must ask for it under `{word}`, and policy must grant it"),
        });
    }
}

/// Does something again that was disturbed by a change of the tree.
fn undisturbed<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(Fault::Changed) => {}
            done => return done,
        }
    }
    attempt()
}
