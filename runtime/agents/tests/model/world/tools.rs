//! Tools that return what a test says.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use baton_agents::BackendFuture;
use baton_agents::backend::{Message, Toolbox};
use baton_core::json::Json;
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};
use serde_json::Value;

use super::model::{Said, say};

/// Tools of the run: what each returns, by its full name.
#[derive(Default)]
pub struct Given {
    pub returns: BTreeMap<String, Result<Value, CallError>>,
    pub called: Mutex<Vec<(String, Value)>>,
    pub once: bool,
    /// While the first call is at work a person says this; the call takes a second then, or for ever.
    pub meanwhile: Mutex<Option<(Said, Message, bool)>>,
}

impl Toolbox for Given {
    fn offers(&self) -> Vec<ToolOffer> {
        let offer = |name: &String| ToolOffer {
            name: name.clone(),
            description: format!("does {name}"),
            input: None,
            output: None,
        };
        self.returns.keys().map(offer).collect()
    }

    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        let input = serde_json::from_str(&spec.input).unwrap();
        self.called.lock().unwrap().push((spec.name.clone(), input));
        let returned = self.returns.get(&spec.name).cloned().map_or_else(
            || {
                let message = "no such tool";
                Err(CallError::Refused(Refusal::new(RefusalKind::NotFound, "none", message, "")))
            },
            |returned| returned.map(Json::from),
        );
        let meanwhile = self.meanwhile.lock().unwrap().take();
        Box::pin(async move {
            if let Some((said, message, for_ever)) = meanwhile {
                say(&said, message);
                match for_ever {
                    true => std::future::pending().await,
                    false => tokio::time::sleep(Duration::from_secs(1)).await,
                }
            }
            returned
        })
    }

    fn did_once(&self) -> bool {
        self.once
    }
}
