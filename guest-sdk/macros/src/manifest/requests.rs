//! What a component asks to be granted.

use serde_json::{Map, Value as Json, json};

use super::find;
use crate::arguments::{Argument, Arguments};

/// The member `requests` of the manifest.
pub(super) fn requests(arguments: &Arguments) -> syn::Result<Json> {
    let mut requests = Map::new();
    let exclude = find(arguments, "exclude");
    match (find(arguments, "read"), exclude) {
        (Some(read), exclude) => {
            requests.insert("read".into(), layer(read, exclude)?);
        }
        (None, Some(exclude)) => return Err(exclude.error("needs `read(\"…\")` beside it")),
        (None, None) => {}
    }
    if let Some(write) = find(arguments, "write") {
        requests.insert("write".into(), layer(write, None)?);
    }
    if let Some(agents) = find(arguments, "agents") {
        agents.flag()?;
        requests.insert("agents".into(), json!(true));
    }
    for key in ["workflows", "tools", "http", "env", "secrets", "exec"] {
        if let Some(names) = find(arguments, key) {
            requests.insert(key.into(), json!(names.texts()?));
        }
    }
    Ok(Json::Object(requests))
}

fn layer(include: &Argument, exclude: Option<&Argument>) -> syn::Result<Json> {
    let mut layer = Map::new();
    layer.insert("include".into(), json!(include.texts()?));
    if let Some(exclude) = exclude {
        layer.insert("exclude".into(), json!(exclude.texts()?));
    }
    Ok(Json::Object(layer))
}
