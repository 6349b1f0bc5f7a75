//! Where a client gets its key.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A key, or why there is none: one sentence for a person that holds nothing secret.
pub type KeyFuture = Pin<Box<dyn Future<Output = Result<Arc<str>, String>> + Send>>;

/// Asked for the key before every request, so that a key that was replaced is taken up. The key
/// goes into a header of the request and nowhere else.
pub type KeySource = Arc<dyn Fn() -> KeyFuture + Send + Sync>;

/// A key that does not change.
#[must_use]
pub fn fixed(key: &str) -> KeySource {
    let key: Arc<str> = key.into();
    Arc::new(move || {
        let key = Arc::clone(&key);
        Box::pin(async move { Ok(key) })
    })
}
