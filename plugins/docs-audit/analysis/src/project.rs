//! Which project a file belongs to.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::path;
use crate::tree::{Presence, Tree};

/// Files that stand at the top of a project.
const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "composer.json",
    "Gemfile",
    "mix.exs",
    "CMakeLists.txt",
    "Chart.yaml",
    "deno.json",
    "pubspec.yaml",
];

/// Further files that only the top of a repository has.
const REPOSITORY: &[&str] = &[".gitignore", ".github", "README.md", "readme.md"];

/// Settings of programs that build sites from Markdown and route links in their own way.
const SITES: &[&str] = &[
    "mkdocs.yml",
    "_config.yml",
    "docusaurus.config.js",
    "docusaurus.config.ts",
    "hugo.toml",
    "hugo.yaml",
    "config.toml",
    "book.toml",
    ".vitepress",
    ".vuepress",
    "astro.config.mjs",
    "_sidebar.md",
    "mint.json",
    "docs.json",
    "zensical.toml",
    "conf.py",
    "_toc.yml",
];

/// Answers about projects, each directory asked once.
pub struct Projects<'a> {
    tree: &'a dyn Tree,
    known: RefCell<HashMap<(String, u8), bool>>,
}

impl<'a> Projects<'a> {
    pub fn new(tree: &'a dyn Tree) -> Self {
        Self { tree, known: RefCell::default() }
    }

    fn marked(&self, directory: &str, class: u8, marks: &[&str]) -> bool {
        let key = (directory.to_string(), class);
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        let present = |mark: &&str| {
            let at = self.tree.stat(&path::join(directory, mark));
            matches!(at, Presence::File | Presence::Directory)
        };
        let marked = marks.iter().any(present);
        self.known.borrow_mut().insert(key, marked);
        marked
    }

    /// The nearest directory above a file that holds a manifest.
    pub fn of(&self, file: &str) -> Option<String> {
        path::ancestors(path::parent(file))
            .find(|directory| self.marked(directory, 0, MANIFESTS))
            .map(ToString::to_string)
    }

    /// Whether a place outside a project can be judged: some directory above it is the top of a
    /// project or repository, so the tree is more than a shelf of unrelated packages.
    pub fn encloses(&self, place: &str) -> bool {
        path::ancestors(place).any(|directory| {
            self.marked(directory, 0, MANIFESTS) || self.marked(directory, 1, REPOSITORY)
        })
    }

    /// Whether a file is a page of a built site.
    pub fn in_site(&self, file: &str) -> bool {
        let project = self.of(file).unwrap_or_default();
        path::ancestors(path::parent(file))
            .take_while(|directory| path::within(directory, &project))
            .any(|directory| self.marked(directory, 2, SITES))
    }
}

/// A project's path without the version that packages carry in their directory's name.
pub fn versionless(project: &str) -> &str {
    let is_version = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.') && !text.contains('/')
    };
    project
        .match_indices('-')
        .find(|(at, _)| project.get(at + 1..).is_some_and(is_version))
        .and_then(|(at, _)| project.get(..at))
        .unwrap_or(project)
}
