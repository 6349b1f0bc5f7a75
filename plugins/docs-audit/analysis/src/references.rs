//! References to files, anchors and labels that do not exist.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::anchors::Anchors;
use crate::document::{BlockKind, Document, Form, Link};
use crate::project::Projects;
use crate::report::{Finding, Kind, Place, Severity};
use crate::target::Target;
use crate::tree::{Presence, Source, Tree};
use crate::{path, prose, rules};

/// Longest quote of a finding in bytes.
pub const QUOTE_BYTES_MAX: usize = 240;

/// Checks the references of files; keeps the anchors of files it has met.
pub struct References<'a> {
    tree: &'a dyn Tree,
    projects: &'a Projects<'a>,
    anchors: RefCell<HashMap<String, Option<Rc<Anchors>>>>,
}

impl<'a> References<'a> {
    pub fn new(tree: &'a dyn Tree, projects: &'a Projects<'a>) -> Self {
        Self { tree, projects, anchors: RefCell::default() }
    }

    /// Findings of one file, one for each missing target.
    pub fn check(&self, file: &str, source: &Source, document: &Document<'_>) -> Vec<Finding> {
        let page = Page {
            file,
            source,
            document,
            // Such files are parts of a page that rustdoc builds, with links relative to that page.
            in_rustdoc: is_in_sources(file),
            has_headings: document.blocks.iter().any(|block| block.kind == BlockKind::Heading),
            own: Anchors::of(&source.text),
        };
        let mut findings: Vec<Finding> = Vec::new();
        let mut add = |finding: Finding| {
            let same = |known: &&mut Finding| {
                known.kind == finding.kind && known.subject == finding.subject
            };
            match findings.iter_mut().find(same) {
                Some(known) if known.others.len() < PLACES_MAX => known.others.push(finding.place),
                Some(_) => {}
                None => findings.push(finding),
            }
        };
        for link in &document.links {
            if let Some(finding) = self.link(&page, link) {
                add(finding);
            }
        }
        for (label, range) in &document.undefined {
            if prose::is_label(document.text, label, range) {
                add(page.finding(Kind::UndefinedLabel, range.clone(), label.clone()));
            }
        }
        for (target, range) in prose::paths(document) {
            if self.is_missing_everywhere(file, &target) {
                let mut finding = page.finding(Kind::MissingFile, range, target.clone());
                finding.severity = Severity::Low;
                finding.why = format!(
                    "The text sends the reader to `{target}`, which exists neither beside this file nor in a directory above it."
                );
                finding.fix = "Correct the path, or drop the reference.".into();
                add(finding);
            }
        }
        findings
    }

    fn link(&self, page: &Page<'_>, link: &Link) -> Option<Finding> {
        match Target::parse(&link.target) {
            Target::Elsewhere => None,
            Target::Anchor(fragment) => {
                // A text without headings is a part of a page; the anchors are on the whole page.
                if page.in_rustdoc || !page.has_headings || page.own.has(&fragment) {
                    return None;
                }
                if link.form == Form::Html
                    && is_contributor_mark(&fragment, page.document.slice(&link.range))
                {
                    return None;
                }
                Some(page.anchor_finding(link, page.file, &page.own, &fragment))
            }
            Target::Path { path: relative, fragment } => {
                let directory = path::parent(page.file);
                let resolved = path::resolve(directory, &relative)?;
                match self.presence(&resolved, &relative, directory) {
                    Presence::Missing => self.missing(page, link, &relative, &resolved),
                    Presence::File => {
                        let fragment = fragment?;
                        if !is_markdown(&resolved) || is_in_sources(&resolved) && page.in_rustdoc {
                            return None;
                        }
                        let anchors = self.anchors(&resolved)?;
                        if anchors.has(&fragment) {
                            return None;
                        }
                        Some(page.anchor_finding(link, &resolved, &anchors, &fragment))
                    }
                    Presence::Directory | Presence::Unknown => None,
                }
            }
        }
    }

    /// What is at a path; a name that contains `%` may also be meant as it stands.
    fn presence(&self, resolved: &str, relative: &str, directory: &str) -> Presence {
        let present = self.tree.stat(resolved);
        if present == Presence::Missing && relative.contains(['+', '&']) {
            let other = relative.replace('+', " ");
            return path::resolve(directory, &other).map_or(present, |path| self.tree.stat(&path));
        }
        present
    }

    fn anchors(&self, file: &str) -> Option<Rc<Anchors>> {
        if let Some(known) = self.anchors.borrow().get(file) {
            return known.clone();
        }
        let anchors = self.tree.read(file).map(|source| Rc::new(Anchors::of(&source.text)));
        self.anchors.borrow_mut().insert(file.into(), anchors.clone());
        anchors
    }

    /// The finding for a path where nothing is, unless the path may be meant otherwise.
    fn missing(
        &self,
        page: &Page<'_>,
        link: &Link,
        relative: &str,
        resolved: &str,
    ) -> Option<Finding> {
        let directory = path::parent(page.file);
        let climbs = relative.starts_with("..");
        if climbs && resolved.split('/').chain(relative.split('/')).any(is_site_page) {
            return None;
        }
        // Outside its project, a package on a shelf of packages says nothing about its neighbours.
        let project = self.projects.of(page.file).unwrap_or_default();
        if !path::within(resolved, &project) && !self.projects.encloses(path::parent(&project)) {
            return None;
        }
        if page.in_rustdoc && !is_markdown(resolved) {
            return None;
        }
        if self.is_route(page, relative, resolved) {
            return None;
        }
        let mut finding = page.finding(Kind::MissingFile, link.range.clone(), resolved.into());
        finding.severity = match link.form {
            _ if rules::is_boilerplate_file(page.file) => Severity::Low,
            _ if is_picture(resolved) => Severity::Low,
            Form::Inline | Form::Definition | Form::Html => Severity::Medium,
        };
        finding.why =
            format!("The link leads to `{resolved}`, and nothing of that name is in this tree.");
        finding.fix = match self.elsewhere(directory, relative) {
            Some(found) => {
                let better = path::relative(directory, &found);
                format!("Link to `{better}`, which exists.")
            }
            None => "Correct the path, add the file, or drop the link.".into(),
        };
        Some(finding)
    }

    /// Whether a program that builds sites may lead this path to a page.
    fn is_route(&self, page: &Page<'_>, relative: &str, resolved: &str) -> bool {
        let is_page = |base: &str| {
            [".md", ".mdx", ".markdown", ".rst", ".adoc", "/index.md", "/_index.md", "/README.md"]
                .iter()
                .any(|end| self.tree.stat(&format!("{base}{end}")) == Presence::File)
        };
        let plain = resolved.trim_end_matches('/');
        let from_page = path::resolve(page.file.trim_end_matches(".md"), relative);
        let bare = path::extension(plain).is_empty();
        if bare && (is_page(plain) || from_page.as_deref().is_some_and(is_page)) {
            return true;
        }
        let built = page.source.text.starts_with("---\n") || self.projects.in_site(page.file);
        built
            && (bare
                || !is_markdown(plain)
                || from_page.is_some_and(|path| self.tree.stat(&path) == Presence::File)
                || self.elsewhere(path::parent(page.file), relative).is_some())
    }

    /// The same relative path below a directory further up.
    fn elsewhere(&self, directory: &str, relative: &str) -> Option<String> {
        let tail = relative.trim_start_matches("./").trim_start_matches("../");
        path::ancestors(directory)
            .take(8)
            .filter_map(|above| path::resolve(above, tail))
            .find(|path| self.tree.stat(path) == Presence::File)
    }

    fn is_missing_everywhere(&self, file: &str, target: &str) -> bool {
        path::ancestors(path::parent(file)).all(|above| {
            path::resolve(above, target)
                .is_some_and(|path| self.tree.stat(&path) == Presence::Missing)
        }) && self.projects.of(file).is_none_or(|project| {
            self.projects.encloses(path::parent(&project)) || project.is_empty()
        })
    }
}

/// Places named beside the first one.
pub const PLACES_MAX: usize = 20;

/// The file at hand.
struct Page<'a> {
    file: &'a str,
    source: &'a Source,
    document: &'a Document<'a>,
    in_rustdoc: bool,
    has_headings: bool,
    own: Anchors,
}

impl Page<'_> {
    fn finding(&self, kind: Kind, range: std::ops::Range<usize>, subject: String) -> Finding {
        let whole = self.document.slice(&range).trim_end();
        // The target stands at the end of a link.
        let mut skipped = whole.len().saturating_sub(QUOTE_BYTES_MAX);
        while !whole.is_char_boundary(skipped) {
            skipped += 1;
        }
        let quote = whole.get(skipped..).unwrap_or_default();
        let start = range.start + skipped;
        let lines = self.document.lines(&(start..start + quote.len()));
        Finding {
            kind,
            severity: Severity::Low,
            place: Place {
                path: self.file.into(),
                lines,
                quote: quote.into(),
                digest: self.source.digest.clone(),
            },
            why: format!(
                "Nothing in this file defines the link label `{subject}`, so the brackets are shown as text."
            ),
            fix: format!("Add a line `[{subject}]: target`, or write the link out."),
            subject,
            others: Vec::new(),
            challenge: None,
        }
    }

    fn anchor_finding(
        &self,
        link: &Link,
        target: &str,
        anchors: &Anchors,
        fragment: &str,
    ) -> Finding {
        let subject = format!("{target}#{fragment}");
        let mut finding = self.finding(Kind::MissingAnchor, link.range.clone(), subject);
        finding.severity = if target == self.file { Severity::Low } else { Severity::Medium };
        let place = if target == self.file { "this file".into() } else { format!("`{target}`") };
        finding.why = format!("No heading or anchor of {place} is called `#{fragment}`.");
        finding.fix = match anchors.nearest(fragment) {
            Some(anchor) => format!("Link to `#{anchor}`, or restore the heading."),
            None => "Correct the anchor, or drop it from the link.".into(),
        };
        finding
    }
}

/// Tables of contributors that a program writes link their symbols to anchors nobody defines.
fn is_contributor_mark(fragment: &str, tag: &str) -> bool {
    tag.contains("title=") && fragment.contains('-')
}

fn is_site_page(part: &str) -> bool {
    rules::SITE_PAGES.contains(&part)
}

/// Whether a file stands among the sources of a crate.
fn is_in_sources(file: &str) -> bool {
    file.starts_with("src/") || file.contains("/src/")
}

/// Whether a path is that of a Markdown file.
pub fn is_markdown(file: &str) -> bool {
    matches!(path::extension(file).as_str(), "md" | "markdown")
}

fn is_picture(file: &str) -> bool {
    matches!(
        path::extension(file).as_str(),
        "png" | "jpg" | "jpeg" | "gif" | "svg" | "webp" | "ico" | "bmp" | "avif" | "mp4" | "webm"
    )
}
