//! What one call may touch, ready to be enforced.

use std::fmt;
use std::sync::Arc;

use baton_core::scope::{Authority, HttpRule};
use baton_core::tool::Denial;

use crate::files::Root;

/// Told of everything that a call tries and may not do.
pub type OnDenial = Arc<dyn Fn(Denial) + Send + Sync>;

/// What one call may touch.
#[derive(Clone)]
pub struct ToolGrant {
    /// The granted directory, if there is one.
    pub root: Option<Arc<Root>>,
    /// What is let through.
    pub authority: Arc<Authority>,
    /// The environment: names that the authority lets through, with their values, and the stand-ins
    /// of secrets.
    pub environment: Vec<(String, String)>,
    /// Secrets that are put into requests.
    pub secrets: Vec<GrantedSecret>,
    /// Certificates of further authorities for TLS, in DER.
    pub certificates: Arc<Vec<Vec<u8>>>,
    /// Told of denials.
    pub denied: OnDenial,
}

/// A secret that is put into requests.
#[derive(Clone)]
pub struct GrantedSecret {
    /// Its name.
    pub name: String,
    /// What a guest holds in its place.
    pub placeholder: String,
    /// The secret itself. It never enters a guest.
    pub value: Arc<str>,
    /// Requests it may be put into.
    pub hosts: Vec<HttpRule>,
}

// Its value is shown nowhere.
impl fmt::Debug for GrantedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantedSecret").field("name", &self.name).finish_non_exhaustive()
    }
}
