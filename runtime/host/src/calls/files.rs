//! Interface `files`: reading inside the granted root.
//!
//! The disk's time is nobody's fuel, so every call is charged for it: a part for asking, and a part
//! for what came back. Both are derived from request and answer alone, so a replay, which asks no
//! disk, burns the same.

use baton_core::files::{
    FileAnswer, FileError, FileErrorKind, FileRequest, Selection, SelectionOptions,
};
use baton_core::json::Json;
use baton_core::limits::Limits;
use wasmtime::component::Linker;
use wasmtime::{StoreContextMut, Trap};

use super::enter;
use crate::bindings::v0_1::workflow::baton::runtime::files as wit;
use crate::convert;
use crate::port::PortError;
use crate::state::{Port, State};

/// Fuel for asking about one path.
const PATH_FUEL: u64 = 10_000;
/// Fuel for walking a tree.
const LIST_FUEL: u64 = 200_000;
/// Fuel for walking a tree and looking into its files.
const SEARCH_FUEL: u64 = 2_000_000;
/// Fuel for each entry or match that came back.
const ENTRY_FUEL: u64 = 200;

type Answer<T> = Result<T, wit::FileError>;

pub(crate) fn link<P: Port>(linker: &mut Linker<State<P>>) -> wasmtime::Result<()> {
    let mut files = linker.instance("baton:runtime/files@0.1.0")?;
    files.func_wrap_async("read", |store: StoreContextMut<'_, State<P>>, (path,): (String,)| {
        Box::new(call(store, Ok(FileRequest::Read { path }), convert::content))
    })?;
    files.func_wrap_async(
        "list",
        |store: StoreContextMut<'_, State<P>>, (selected,): (wit::Selection,)| {
            let request = selection(selected, &store.data().limits)
                .map(|selection| FileRequest::List { selection });
            Box::new(call(store, request, convert::listing))
        },
    )?;
    files.func_wrap_async(
        "search",
        |store: StoreContextMut<'_, State<P>>, (pattern, selected): (String, wit::Selection)| {
            let request = selection(selected, &store.data().limits)
                .map(|selection| FileRequest::Search { pattern, selection });
            Box::new(call(store, request, convert::matches))
        },
    )?;
    files.func_wrap_async("stat", |store: StoreContextMut<'_, State<P>>, (path,): (String,)| {
        Box::new(call(store, Ok(FileRequest::Stat { path }), convert::entry_answer))
    })
}

async fn call<P: Port, T>(
    mut store: StoreContextMut<'_, State<P>>,
    request: Result<FileRequest, FileError>,
    part: fn(FileAnswer) -> Option<T>,
) -> wasmtime::Result<(Answer<T>,)> {
    let fuel = enter(&store)?;
    let limits = store.data().limits;
    let request = match request.and_then(|request| fits(request, &limits)) {
        Ok(request) => request,
        Err(error) => return Ok((Err(convert::file_error(error)),)),
    };
    let asked = asking_fuel(&request);
    let answer = store.data_mut().port.observe(request, fuel).await?;
    let cost = asked.saturating_add(answer.as_ref().map_or(0, answer_fuel));
    charge(&mut store, cost)?;
    match answer {
        Ok(answer) => match part(answer) {
            Some(part) => Ok((Ok(part),)),
            None => Err(PortError::Internal("the port answered another question".into()).into()),
        },
        Err(error) => Ok((Err(convert::file_error(error)),)),
    }
}

fn charge<P>(store: &mut StoreContextMut<'_, State<P>>, cost: u64) -> wasmtime::Result<()> {
    let Some(left) = store.get_fuel()?.checked_sub(cost) else {
        store.set_fuel(0)?;
        return Err(Trap::OutOfFuel.into());
    };
    store.set_fuel(left)
}

fn asking_fuel(request: &FileRequest) -> u64 {
    match request {
        FileRequest::Read { .. } | FileRequest::Stat { .. } => PATH_FUEL,
        FileRequest::List { .. } => LIST_FUEL,
        FileRequest::Search { .. } => SEARCH_FUEL,
    }
}

/// One unit for each byte that goes into the guest, and a part for each entry.
fn answer_fuel(answer: &FileAnswer) -> u64 {
    let (entries, bytes) = match answer {
        FileAnswer::Content { bytes, .. } => (0, bytes.len()),
        FileAnswer::Listing { entries, .. } => {
            (entries.len(), entries.iter().map(|entry| entry.path.len()).sum())
        }
        FileAnswer::Matches { matches, .. } => {
            (matches.len(), matches.iter().map(|found| found.path.len() + found.text.len()).sum())
        }
        FileAnswer::Entry(entry) => (1, entry.path.len()),
    };
    (entries as u64).saturating_mul(ENTRY_FUEL).saturating_add(bytes as u64)
}

/// Checks sizes before anyone looks at the text.
fn fits(request: FileRequest, limits: &Limits) -> Result<FileRequest, FileError> {
    let files = &limits.files;
    let selection = match &request {
        FileRequest::Read { path } | FileRequest::Stat { path } => {
            if path.len() as u64 > files.path_bytes {
                return Err(FileError::new(
                    FileErrorKind::InvalidPath,
                    "path-too-long",
                    format!("a path of {} bytes; the limit is {}", path.len(), files.path_bytes),
                ));
            }
            return Ok(request);
        }
        FileRequest::List { selection } => selection,
        FileRequest::Search { pattern, selection } => {
            pattern_fits(pattern, files.pattern_bytes)?;
            selection
        }
    };
    let patterns = selection.include.len().saturating_add(selection.exclude.len()) as u64;
    if patterns > files.patterns {
        return Err(FileError::new(
            FileErrorKind::InvalidQuery,
            "too-many-patterns",
            format!("{patterns} patterns; the limit is {}", files.patterns),
        ));
    }
    for pattern in selection.include.iter().chain(&selection.exclude) {
        pattern_fits(pattern, files.pattern_bytes)?;
    }
    Ok(request)
}

fn pattern_fits(pattern: &str, max: u64) -> Result<(), FileError> {
    if pattern.len() as u64 <= max {
        return Ok(());
    }
    Err(FileError::new(
        FileErrorKind::InvalidQuery,
        "pattern-too-long",
        format!("a pattern of {} bytes; the limit is {max}", pattern.len()),
    ))
}

fn selection(selection: wit::Selection, limits: &Limits) -> Result<Selection, FileError> {
    let wit::Selection { include, exclude, options } = selection;
    Ok(Selection { include, exclude, options: options_of(&options, limits)? })
}

fn options_of(text: &str, limits: &Limits) -> Result<SelectionOptions, FileError> {
    if text.trim().is_empty() {
        return Ok(SelectionOptions::default());
    }
    let invalid =
        |code, message: String| FileError::new(FileErrorKind::InvalidQuery, code, message);
    let json = Json::parse(text, limits.run.json_bytes, limits.run.json_depth)
        .map_err(|error| invalid("bad-json", format!("options: {error}")))?;
    serde_json::from_str(json.as_str()).map_err(|error| {
        let message = error.to_string();
        let unknown = message.starts_with("unknown field");
        invalid(
            if unknown { "unknown-option" } else { "bad-option" },
            format!("options: {message}"),
        )
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use baton_core::digest::Digest;
    use baton_core::files::Entry;

    use super::*;

    fn small() -> Limits {
        let mut limits = Limits::default();
        limits.files.path_bytes = 4;
        limits.files.patterns = 2;
        limits.files.pattern_bytes = 4;
        limits
    }

    fn list(include: &[&str], exclude: &[&str]) -> FileRequest {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let selection = Selection {
            include: texts(include),
            exclude: texts(exclude),
            options: SelectionOptions::default(),
        };
        FileRequest::List { selection }
    }

    #[test]
    fn requests_beyond_their_limits_are_refused() {
        let read = |path: &str| FileRequest::Read { path: path.into() };
        let stat = |path: &str| FileRequest::Stat { path: path.into() };
        let search = |pattern: &str| FileRequest::Search {
            pattern: pattern.into(),
            selection: Selection::default(),
        };
        for (request, code) in [
            (read("abcd"), None),
            (read("abcde"), Some("path-too-long")),
            (stat("abcde"), Some("path-too-long")),
            (list(&["a"], &["b"]), None),
            (list(&["a", "b"], &["c"]), Some("too-many-patterns")),
            (list(&["abcde"], &[]), Some("pattern-too-long")),
            (list(&[], &["abcde"]), Some("pattern-too-long")),
            (search("abcd"), None),
            (search("abcde"), Some("pattern-too-long")),
        ] {
            let refused = fits(request.clone(), &small()).err().map(|error| error.code);
            assert_eq!(refused.as_deref(), code, "{request:?}");
        }
    }

    #[test]
    fn options_are_taken_apart_and_unknown_ones_named() {
        let limits = Limits::default();
        let options = options_of(r#"{"hidden":true,"limit":3}"#, &limits).unwrap();
        assert!(options.hidden && options.limit == Some(3));
        assert_eq!(options_of(" ", &limits).unwrap(), SelectionOptions::default());
        for (text, code, words) in [
            (r#"{"colour":1}"#, "unknown-option", "`colour`"),
            (r#"{"hidden":1}"#, "bad-option", "boolean"),
            ("{", "bad-json", "not JSON"),
        ] {
            let error = options_of(text, &limits).unwrap_err();
            assert_eq!(error.code, code);
            assert!(error.message.contains(words), "{}", error.message);
        }
    }

    #[test]
    fn answers_are_charged_by_bytes_and_entries() {
        let entry =
            Entry { path: "ab".into(), kind: baton_core::files::EntryKind::File, size: 1 << 40 };
        for (answer, fuel) in [
            (FileAnswer::Content { bytes: vec![0; 100], digest: Digest::of(b"") }, 100),
            (FileAnswer::Entry(entry.clone()), ENTRY_FUEL + 2),
            (
                FileAnswer::Listing { entries: vec![entry.clone(), entry], truncated: false },
                2 * ENTRY_FUEL + 4,
            ),
        ] {
            assert_eq!(answer_fuel(&answer), fuel, "{answer:?}");
        }
    }
}
