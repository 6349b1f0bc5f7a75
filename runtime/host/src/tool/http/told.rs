//! Denials of requests.

use baton_core::scope::Capability;
use baton_core::tool::Denial;

use crate::tool::OnDenial;

/// Tells of what was refused about one request.
#[derive(Clone)]
pub(super) struct Told {
    denied: OnDenial,
    /// The request as people see it.
    tried: String,
}

impl Told {
    pub(super) fn new(denied: OnDenial, tried: String) -> Self {
        Self { denied, tried }
    }

    /// The request may not be sent.
    pub(super) fn http(&self, code: &str, hint: &str) {
        self.tell(Capability::Http, code, hint);
    }

    /// A secret may not go where the request goes.
    pub(super) fn secret(&self, code: &str, hint: &str) {
        self.tell(Capability::Secrets, code, hint);
    }

    /// The request, or its response, is more than the limit `tools.NAME` allows.
    pub(super) fn limit(&self, name: &str) {
        let hint = format!("the limit is tools.{name}; raise it with --limit tools.{name}=N");
        self.tell(Capability::Http, "http-limit", &hint);
    }

    fn tell(&self, capability: Capability, code: &str, hint: &str) {
        (self.denied)(Denial {
            capability,
            code: code.to_owned(),
            tried: self.tried.clone(),
            hint: hint.to_owned(),
        });
    }
}
