//! Keeps work that a stranger can make endless away from the threads that drive everything else.

use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Bytes of schema times bytes of output up to which a validation without references is done on
/// the spot: some milliseconds in the worst case.
const ON_THE_SPOT_MAX: usize = 16 << 20;

/// How long guarded work may take.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Stack of the thread. Schemas and outputs are at most 64 levels deep, and each level of both may
/// cost a few frames.
const STACK_BYTES: usize = 8 << 20;

/// Runs `job`, in the caller's thread if `size` is small and nothing is `recursive`, else in a
/// thread of its own. None: it did not end in time. Such a thread goes on, since no thread can be
/// stopped, but nobody waits for it, not even the end of the process.
pub(super) async fn run<T: Send + 'static>(
    size: usize,
    recursive: bool,
    job: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if size <= ON_THE_SPOT_MAX && !recursive {
        return Some(job());
    }
    let (answer, answered) = oneshot::channel();
    let work = move || {
        // Nobody listens after the time is over.
        let _ = answer.send(job());
    };
    let thread = thread::Builder::new().name("schema".into()).stack_size(STACK_BYTES);
    // A detached thread, not one of the runtime's: those are waited for when it shuts down.
    thread.spawn(work).ok()?;
    timeout(TIME_MAX, answered).await.ok()?.ok()
}
