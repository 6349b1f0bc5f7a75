//! Files and artifacts, for the extensions. Answers are JSON texts: `{"ok": …}` or
//! `{"error": …}`.

use std::rc::Rc;

use rquickjs::function::Func;
use rquickjs::{Object, TypedArray};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::encoding::bytes_of;
use crate::bindings::baton::runtime::files::{FileError, FileErrorKind, Selection};
use crate::host;

/// Adds the functions to the object of host functions.
pub fn add<'js>(object: &Object<'js>, host: &host::Shared) -> rquickjs::Result<()> {
    let at = Rc::clone(host);
    object.set("readText", Func::from(move |path: String| read_text(&at, &path)))?;
    let at = Rc::clone(host);
    object.set(
        "list",
        Func::from(move |chosen: String| {
            answer(at.list(&selection(&chosen)), |listing| {
                let paths: Vec<_> = listing.entries.into_iter().map(|entry| entry.path).collect();
                json!({ "paths": paths, "truncated": listing.truncated })
            })
        }),
    )?;
    let at = Rc::clone(host);
    object.set(
        "search",
        Func::from(move |pattern: String, chosen: String| {
            answer(at.search(&pattern, &selection(&chosen)), |found| {
                let matches: Vec<_> = found
                    .matches
                    .into_iter()
                    .map(|one| {
                        json!({
                            "path": one.path,
                            "line": one.line,
                            "column": one.column,
                            "text": one.text,
                        })
                    })
                    .collect();
                json!({ "matches": matches, "truncated": found.truncated })
            })
        }),
    )?;
    let at = Rc::clone(host);
    object.set(
        "artifact",
        Func::from(move |name: String, media_type: String, bytes: TypedArray<'js, u8>| {
            let kept = at.artifact(&name, &media_type, &bytes_of(&bytes));
            match kept {
                Ok(digest) => json!({ "ok": digest }),
                Err(words) => json!({ "error": words }),
            }
            .to_string()
        }),
    )
}

fn read_text(host: &host::Shared, path: &str) -> String {
    match host.read(path) {
        Err(error) => refused(&error),
        Ok(content) => match String::from_utf8(content.bytes) {
            Ok(text) => json!({ "ok": text }).to_string(),
            Err(_) => {
                let message = format!("{path} is not UTF-8");
                let error = json!({ "kind": "invalid", "code": "not-utf8", "message": message });
                json!({ "error": error }).to_string()
            }
        },
    }
}

fn answer<T>(answer: Result<T, FileError>, shown: impl FnOnce(T) -> Json) -> String {
    match answer {
        Ok(value) => json!({ "ok": shown(value) }).to_string(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &FileError) -> String {
    let kind = match error.kind {
        FileErrorKind::InvalidPath => "invalid-path",
        FileErrorKind::Denied => "denied",
        FileErrorKind::NotFound => "not-found",
        FileErrorKind::WrongKind => "wrong-kind",
        FileErrorKind::NotRegular => "not-regular",
        FileErrorKind::TooLarge => "too-large",
        FileErrorKind::InvalidQuery => "invalid-query",
        FileErrorKind::Io => "io",
    };
    json!({ "error": { "kind": kind, "code": error.code, "message": error.message } }).to_string()
}

#[derive(Default, Deserialize)]
struct Chosen {
    include: Vec<String>,
    exclude: Vec<String>,
    options: String,
}

/// A selection as the prelude writes it.
fn selection(text: &str) -> Selection {
    let chosen: Chosen = serde_json::from_str(text).unwrap_or_default();
    Selection { include: chosen.include, exclude: chosen.exclude, options: chosen.options }
}
