//! Checking links.

use std::collections::BTreeMap;
use std::time::Duration;

use baton_guest::{Schema, ToolError};
use baton_tool_kit::{FILE_BYTES_MAX, Selection, Tree, extension, inside};
use docs_audit_analysis::links::{Anchors, Destination, Link, links, resolve};
use serde::{Deserialize, Serialize};

use crate::web::Web;

/// Most results, and how many where nobody says.
const RESULTS_MAX: usize = 5_000;
const RESULTS: usize = 500;
/// Most pages that are asked for, and how many where nobody says.
const PAGES_MAX: usize = 900;
const PAGES: usize = 200;
/// Longest wait for a page, and how long where nobody says, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 60_000;
const TIMEOUT_MS: u64 = 10_000;
/// Most bytes of files that are read, so that the fuel of a call is enough.
const READ_BYTES_MAX: u64 = 32 << 20;
/// Longest target that is shown, in characters.
const TARGET_CHARS_MAX: usize = 500;

/// Which files, and what of their links.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckInput {
    /// Directory or file, relative to the granted directory. Default: all of it.
    pub path: String,
    /// Glob patterns of files. Default: `*.md` and `*.markdown`.
    pub include: Vec<String>,
    /// Glob patterns of files and directories to leave out.
    pub exclude: Vec<String>,
    /// Also files that `.gitignore` and `.ignore` leave out.
    pub ignored: bool,
    /// Ask for web pages, too. Default: they are skipped.
    pub http: bool,
    /// Return every link, not only those that lead nowhere.
    pub all: bool,
    /// Most results to return, at most 5000. Default: 500.
    pub limit: Option<usize>,
    /// Most web pages to ask for, at most 900. Default: 200.
    pub pages: Option<usize>,
    /// Longest wait for a page, in milliseconds, at most 60000. Default: 10000.
    pub timeout_ms: Option<u64>,
}

/// What came of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkStatus {
    /// It leads where it says.
    Ok,
    /// It leads nowhere.
    Broken,
    /// Requests to its host were not granted.
    Refused,
    /// Its host does not answer, or answers neither yes nor no.
    Unreachable,
    /// Nobody looked.
    Skipped,
}

/// A link and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct CheckedLink {
    /// File, relative to the granted directory.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// The target as it is written.
    pub target: String,
    /// What came of it.
    pub status: LinkStatus,
    /// Why; empty where all is well.
    pub message: String,
}

/// How many links there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct Counts {
    /// They lead where they say.
    pub ok: usize,
    /// They lead nowhere.
    pub broken: usize,
    /// Requests to their host were not granted.
    pub refused: usize,
    /// Their host does not answer, or answers neither yes nor no.
    pub unreachable: usize,
    /// Nobody looked.
    pub skipped: usize,
}

/// What came of the links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct CheckOutput {
    /// Files that were read.
    pub files: usize,
    /// How many links there are of each kind.
    pub counts: Counts,
    /// Links that are broken, refused or unreachable, or all, in order of path and line.
    pub results: Vec<CheckedLink>,
    /// Whether a limit cut the results.
    pub truncated: bool,
}

/// Checks.
///
/// # Errors
/// When the selection cannot be read, or the path is not there.
pub fn check(tree: &Tree, input: &CheckInput) -> Result<CheckOutput, ToolError> {
    let patterns = ["*.md", "*.markdown"].map(str::to_owned).to_vec();
    let selection = Selection {
        include: if input.include.is_empty() { patterns } else { input.include.clone() },
        exclude: input.exclude.clone(),
        hidden: false,
        ignored: input.ignored,
    };
    let mut listing = tree.select(&inside(&input.path)?, &selection)?;
    listing.cut(READ_BYTES_MAX, FILE_BYTES_MAX);
    let timeout = input.timeout_ms.unwrap_or(TIMEOUT_MS).clamp(1, TIMEOUT_MS_MAX);
    let pages = input.pages.unwrap_or(PAGES).min(PAGES_MAX);
    let mut checker = Checker {
        tree,
        web: input.http.then(|| Web::new(pages, Duration::from_millis(timeout))),
        anchors: BTreeMap::new(),
    };
    let limit = input.limit.unwrap_or(RESULTS).clamp(1, RESULTS_MAX);
    let mut output = CheckOutput { truncated: listing.truncated, ..CheckOutput::default() };
    for file in &listing.files {
        let Ok(text) = tree.read_text(&file.path) else { continue };
        output.files += 1;
        for link in links(&text) {
            let (status, message) = checker.link(&file.path, &text, &link);
            output.counts.add(status);
            let matters = !matches!(status, LinkStatus::Ok | LinkStatus::Skipped);
            if !matters && !input.all {
                continue;
            }
            if output.results.len() == limit {
                output.truncated = true;
                continue;
            }
            let target = link.target.chars().take(TARGET_CHARS_MAX).collect();
            let (path, line) = (file.path.clone(), link.line);
            output.results.push(CheckedLink { path, line, target, status, message });
        }
    }
    Ok(output)
}

impl Counts {
    fn add(&mut self, status: LinkStatus) {
        *match status {
            LinkStatus::Ok => &mut self.ok,
            LinkStatus::Broken => &mut self.broken,
            LinkStatus::Refused => &mut self.refused,
            LinkStatus::Unreachable => &mut self.unreachable,
            LinkStatus::Skipped => &mut self.skipped,
        } += 1;
    }
}

struct Checker<'a> {
    tree: &'a Tree,
    /// None: web pages are not asked for.
    web: Option<Web>,
    /// Anchors of the files that were met; none of one that cannot be read.
    anchors: BTreeMap<String, Option<Anchors>>,
}

impl Checker<'_> {
    fn link(&mut self, file: &str, text: &str, link: &Link) -> (LinkStatus, String) {
        let skipped = |why: &str| (LinkStatus::Skipped, why.to_owned());
        match &link.destination {
            Destination::Other => skipped("its target cannot be looked up"),
            Destination::Web(url) => match &mut self.web {
                Some(web) => web.check(url),
                None => skipped("web pages are not asked for"),
            },
            Destination::Anchor(fragment) => {
                let known = self.anchors.entry(file.to_owned());
                let anchors = known.or_insert_with(|| Some(Anchors::of(text)));
                anchor(anchors.as_ref(), fragment)
            }
            Destination::Path { path, fragment } => {
                let Some(target) = resolve(file, path) else {
                    return skipped("it leads out of the granted directory");
                };
                let is_file = self.tree.is_file(&target);
                if !is_file && !self.tree.is_directory(&target) {
                    let message = format!("`{target}` is not there, or was not granted");
                    return (LinkStatus::Broken, message);
                }
                let is_markdown = matches!(extension(&target).as_str(), "md" | "markdown");
                match fragment {
                    Some(fragment) if is_file && is_markdown => {
                        let tree = self.tree;
                        let read = || Some(Anchors::of(&tree.read_text(&target).ok()?));
                        let anchors = self.anchors.entry(target.clone()).or_insert_with(read);
                        anchor(anchors.as_ref(), fragment)
                    }
                    _ => (LinkStatus::Ok, String::new()),
                }
            }
        }
    }
}

fn anchor(anchors: Option<&Anchors>, fragment: &str) -> (LinkStatus, String) {
    match anchors {
        None => (LinkStatus::Skipped, "the file cannot be read".into()),
        Some(anchors) if anchors.has(fragment) => (LinkStatus::Ok, String::new()),
        Some(anchors) => {
            let message = match anchors.nearest(fragment) {
                Some(near) => format!("there is no anchor `#{fragment}`; `#{near}` is close"),
                None => format!("there is no anchor `#{fragment}`"),
            };
            (LinkStatus::Broken, message)
        }
    }
}
