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
        requests.insert("write".into(), json!({ "include": write.texts_or_none()? }));
    }
    if let Some(agents) = find(arguments, "agents") {
        agents.flag()?;
        requests.insert("agents".into(), json!(true));
    }
    for key in ["workflows", "tools", "exec"] {
        if let Some(names) = find(arguments, key) {
            requests.insert(key.into(), json!(names.texts()?));
        }
    }
    // Without patterns these say that tools may do nothing of the kind.
    for key in ["http", "env", "secrets"] {
        if let Some(names) = find(arguments, key) {
            requests.insert(key.into(), json!(names.texts_or_none()?));
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
