//! Ways out of the root: beginnings × endings × every way to read, judged by one checker that
//! must also catch a reader that trusts paths.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baton_core::digest::Digest;
use baton_core::files::{
    Entry, EntryKind, FileAnswer, FileError, FileErrorKind, FileRequest, Match, Observation,
};

use super::{Tree, everything, read, selection};

const SECRET: &str = "the-secret-of-the-outside-tree";
const SECRET_SIZE: u64 = 7_919;
/// Names that stand in the outside tree only.
const OUTSIDE_NAMES: [&str; 2] = ["secret.txt", "vault"];

const BEGINNINGS: [&str; 16] = [
    "out",
    "out-slash",
    "out-absolute",
    "out-file",
    "magic",
    "parent",
    "parent-slash",
    "itself",
    "chain",
    "through",
    "..",
    "sub/../..",
    "/",
    "./..",
    "../../..",
    "/proc/self/root",
];

const ENDINGS: [&str; 17] = [
    "",
    "/",
    "//",
    "/.",
    "/./",
    "/../outside",
    "/../outside/secret.txt",
    "/outside",
    "/outside/",
    "/secret.txt",
    "/secret.txt/",
    "/vault",
    "/vault/",
    "/new",
    "/new/",
    "/..",
    "/../",
];

fn trap() -> Tree {
    let tree = Tree::of(&["file.md", "sub/file.md", "sub/deeper/file.md"]);
    let outside = tree.holder.path().join("outside");
    fs::create_dir_all(outside.join("vault")).unwrap();
    let mut secret = SECRET.to_owned();
    secret.extend(std::iter::repeat_n('x', SECRET_SIZE as usize - SECRET.len()));
    fs::write(outside.join("secret.txt"), &secret).unwrap();
    fs::write(outside.join("vault/secret.txt"), &secret).unwrap();
    tree.link("out", "../outside");
    tree.link("out-slash", "../outside/");
    tree.link("out-absolute", &outside);
    tree.link("out-file", "../outside/secret.txt");
    tree.link("magic", "/proc/self/root");
    tree.link("parent", "..");
    tree.link("parent-slash", "../");
    tree.link("itself", "itself");
    tree.link("chain", "out");
    tree.link("through", "sub/../../outside");
    tree
}

fn requests(path: &str) -> Vec<FileRequest> {
    let below = format!("{path}/**");
    let selected = selection(&[path, &below], &[], everything());
    let all = selection(&[], &[], everything());
    let (path, pattern) = (path.to_owned(), "secret|root:".to_owned());
    vec![
        FileRequest::Read { path: path.clone() },
        FileRequest::Stat { path },
        FileRequest::List { selection: selected.clone() },
        FileRequest::List { selection: all },
        FileRequest::Search { pattern, selection: selected },
    ]
}

/// What an answer tells about the outside, if anything.
fn leak(
    tree: &Tree,
    request: &FileRequest,
    answer: &Result<FileAnswer, FileError>,
) -> Option<&'static str> {
    let told = serde_json::to_string(&Observation::of(answer)).unwrap();
    let bytes = match answer {
        Ok(FileAnswer::Content { bytes, .. }) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    if told.contains(SECRET) || bytes.contains(SECRET) {
        return Some("content");
    }
    if told.contains(tree.holder.path().to_str().unwrap()) || told.contains("os error") {
        return Some("message");
    }
    let told_paths: Vec<(&str, u64)> = match answer {
        Ok(FileAnswer::Entry(entry)) => vec![(&entry.path, entry.size)],
        Ok(FileAnswer::Listing { entries, .. }) => {
            let told = entries.iter().map(|entry| (entry.path.as_str(), entry.size));
            told.collect()
        }
        Ok(FileAnswer::Matches { matches, .. }) => {
            matches.iter().map(|found| (found.path.as_str(), 0)).collect()
        }
        Ok(FileAnswer::Content { .. }) => match request {
            FileRequest::Read { path } => vec![(path, 0)],
            _ => return Some("wrong answer"),
        },
        Err(_) => Vec::new(),
    };
    for (path, size) in told_paths {
        if size == SECRET_SIZE {
            return Some("size");
        }
        if path.split('/').any(|part| OUTSIDE_NAMES.contains(&part)) {
            return Some("name");
        }
        let Ok(real) = fs::canonicalize(tree.root().join(path)) else {
            return Some("nothing there");
        };
        if !real.starts_with(fs::canonicalize(tree.root()).unwrap()) {
            return Some("place");
        }
    }
    None
}

#[test]
fn no_path_leads_outside() {
    let tree = trap();
    let files = tree.files();
    let mut asked = 0;
    for path in corpus() {
        for request in requests(&path) {
            let answer = files.observe(&request);
            assert_eq!(leak(&tree, &request, &answer), None, "{request:?} {answer:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 16 * 17 * 5);
}

#[test]
fn a_reader_that_trusts_paths_is_caught() {
    let tree = trap();
    let caught = corpus()
        .iter()
        .flat_map(|path| requests(path))
        .filter_map(|request| leak(&tree, &request, &naive(&tree.root(), &request)))
        .fold(BTreeMap::new(), |mut counts, what| {
            *counts.entry(what).or_insert(0) += 1;
            counts
        });
    for what in ["content", "size", "name", "place"] {
        assert!(caught.get(what).is_some_and(|count| *count >= 6), "{caught:?}");
    }
}

#[test]
fn links_do_not_tell_whether_something_outside_exists() {
    let tree = trap();
    tree.link("to-existing", "../outside/secret.txt");
    tree.link("to-missing", "../outside/missing");
    tree.link("absolute-existing", "/etc/passwd");
    tree.link("absolute-missing", "/etc/baton-has-no-such-file");
    let files = tree.files();
    let verdict = |path: &str| {
        let error = read(&files, path).unwrap_err();
        (error.kind, error.code)
    };
    let outside = (FileErrorKind::Denied, "link-outside".to_owned());
    for path in [
        "to-existing",
        "to-missing",
        "absolute-existing",
        "absolute-missing",
        "out/secret.txt",
        "out/missing",
        "chain/secret.txt/x",
        "magic/etc/passwd",
        "parent/outside/vault",
    ] {
        assert_eq!(verdict(path), outside, "{path}");
    }
    assert_eq!(verdict("itself"), (FileErrorKind::Denied, "link-loop".to_owned()));
}

#[test]
fn random_paths_never_lead_outside() {
    const TOKENS: [&str; 16] = [
        "out",
        "chain",
        "parent",
        "magic",
        "through",
        "itself",
        "sub",
        "file.md",
        "..",
        ".",
        "",
        "outside",
        "secret.txt",
        "vault",
        "proc",
        "root",
    ];
    let tree = trap();
    tree.link("sub/up", "..");
    tree.link("sub/deeper/two-up", "../../parent");
    let files = tree.files();
    // Xorshift: the same paths on every machine.
    let mut state = 0x9E37_79B9_u32;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % below
    };
    for _ in 0..20_000 {
        let length = 1 + next(6);
        let parts: Vec<&str> = (0..length).map(|_| TOKENS[next(TOKENS.len())]).collect();
        let path = parts.join("/");
        for request in [FileRequest::Read { path: path.clone() }, FileRequest::Stat { path }] {
            let answer = files.observe(&request);
            assert_eq!(leak(&tree, &request, &answer), None, "{request:?} {answer:?}");
        }
    }
}

fn corpus() -> Vec<String> {
    let with_endings = |beginning: &&str| ENDINGS.map(|ending| format!("{beginning}{ending}"));
    BEGINNINGS.iter().flat_map(with_endings).collect()
}

/// What a careless implementation does: it joins the path to the root.
fn naive(root: &Path, request: &FileRequest) -> Result<FileAnswer, FileError> {
    let failed = |_| FileError::new(FileErrorKind::Io, "io-failed", "failed");
    match request {
        FileRequest::Read { path } => {
            let bytes = fs::read(root.join(path)).map_err(failed)?;
            let digest = Digest::of(&bytes);
            Ok(FileAnswer::Content { bytes, digest })
        }
        FileRequest::Stat { path } => {
            let metadata = fs::metadata(root.join(path)).map_err(failed)?;
            Ok(FileAnswer::Entry(Entry {
                path: path.clone(),
                kind: EntryKind::File,
                size: metadata.len(),
            }))
        }
        FileRequest::List { selection } => {
            let base = selection.include.first().cloned().unwrap_or_default();
            let mut entries = Vec::new();
            for entry in fs::read_dir(root.join(&base)).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                entries.push(Entry {
                    path: format!("{base}/{}", entry.file_name().to_string_lossy()),
                    kind: EntryKind::File,
                    size: entry.metadata().map_err(failed)?.len(),
                });
            }
            Ok(FileAnswer::Listing { entries, truncated: false })
        }
        FileRequest::Search { selection, .. } => {
            let path = selection.include.first().cloned().unwrap_or_default();
            let text = fs::read_to_string(root.join(&path)).map_err(failed)?;
            let found = Match { path, line: 1, column: 0, text };
            Ok(FileAnswer::Matches { matches: vec![found], truncated: false })
        }
    }
}
