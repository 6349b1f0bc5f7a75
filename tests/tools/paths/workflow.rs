//! The corpus through the interface `files`, which workflows and agents read by.

use std::fs;

use baton_core::files::{FileAnswer, FileRequest, Selection, SelectionOptions};
use baton_core::limits::FileLimits;
use baton_host::files::{Root, ScopedFiles};
use baton_test_support::guest;
use serde_json::json;

use super::judge::{Escape, told_too_much};
use super::yard::{Layout, SECRET, SECRET_SIZE, Yard};
use crate::project::project;

fn requests(path: &str) -> [(&'static str, FileRequest); 5] {
    let options = SelectionOptions { ignored: true, hidden: true, directories: true, limit: None };
    let selection = |include: &[&str]| Selection {
        include: include.iter().map(ToString::to_string).collect(),
        exclude: Vec::new(),
        options: options.clone(),
    };
    let below = format!("{path}/**");
    let selected = || selection(&[path, &below]);
    let path = path.to_owned();
    let pattern = format!("{SECRET}|root:");
    [
        ("read", FileRequest::Read { path: path.clone() }),
        ("stat", FileRequest::Stat { path: path.clone() }),
        ("list", FileRequest::List { selection: selected() }),
        ("list-all", FileRequest::List { selection: selection(&[]) }),
        ("search", FileRequest::Search { pattern, selection: selected() }),
    ]
}

/// Everything that an answer tells.
fn told(files: &ScopedFiles, request: &FileRequest) -> String {
    match files.observe(request) {
        Ok(FileAnswer::Content { bytes, .. }) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(FileAnswer::Entry(entry)) => format!("{:?} size={}", entry.kind, entry.size),
        Ok(FileAnswer::Listing { entries, .. }) => {
            let entries = entries.into_iter();
            entries.map(|entry| format!("{} size={}\n", entry.path, entry.size)).collect()
        }
        Ok(FileAnswer::Matches { matches, .. }) => {
            matches.into_iter().map(|found| format!("{}: {}\n", found.path, found.text)).collect()
        }
        // Messages repeat the path that was asked for, and nothing else.
        Err(error) => error.code,
    }
}

/// Every request with every path; what got out.
pub fn attack(layout: Layout) -> Vec<Escape> {
    let yard = Yard::new(layout);
    let root = Root::open(&yard.root()).unwrap();
    let files = root.scoped(&yard.scope(), &FileLimits::default()).unwrap();
    let inside = FileRequest::Read { path: yard.seen("sub/file.md") };
    assert_eq!(told(&files, &inside), "inside");
    let mut escapes = Vec::new();
    for path in super::corpus() {
        let path = yard.seen(&path);
        for (act, request) in requests(&path) {
            let told = told(&files, &request);
            let what = told_too_much(act, &told);
            escapes.extend(what.map(|what| Escape::new(act, &path, what, &told)));
        }
    }
    assert!(yard.outside_is_unchanged());
    escapes
}

/// Every path of the corpus, asked for by a workflow that the real binary runs.
pub fn attack_as_guest() -> Vec<Escape> {
    let yard = Yard::new(Layout::Root);
    let project = project();
    for name in ["hostile.wasm", "hostile-twin.wasm"] {
        project.write(name, guest("hostile"));
    }
    let paths = super::corpus();
    let mut asked: Vec<&str> = paths.iter().map(String::as_str).collect();
    asked.push("sub/file.md");
    let input = json!({ "case": "paths", "paths": asked }).to_string();
    let root = yard.path("in");
    let report = project.object(&[
        "run",
        "./hostile.wasm",
        "--yes",
        "--json",
        "--root",
        root.to_str().unwrap(),
        "--input",
        &input,
    ]);
    let answers = &report["output"];
    assert_eq!(answers["sub/file.md"]["read"], "inside", "{report}");
    let kept = kept(&project.path("home"));
    assert!(!kept.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    let mut escapes = Vec::new();
    for path in asked {
        let read = answers[path]["read"].as_str().unwrap();
        let stat = answers[path]["stat"].as_str().unwrap();
        let size = stat.ends_with(&format!(" {SECRET_SIZE}")).then_some("size");
        let content = read.contains(SECRET).then_some("content");
        let what = content.or(size);
        escapes.extend(what.map(|what| Escape::new("read", path, what, read)));
    }
    escapes
}

/// All bytes below a folder.
fn kept(folder: &std::path::Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { kept(&path) } else { fs::read(&path).unwrap_or_default() });
    }
    bytes
}
