//! The links of a Markdown file, for those who look where each of them leads.

use crate::document::Document;
use crate::target::Target;
use crate::{anchors, path};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Line on which it begins, from 1.
    pub line: u32,
    /// Its target as it is written.
    pub target: String,
    /// Where it leads.
    pub destination: Destination,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To another site: a URL of `http` or `https`.
    Web(String),
    /// To an anchor of the same file.
    Anchor(String),
    /// To a path relative to the directory of the file, and to an anchor there.
    Path {
        /// The path, decoded.
        path: String,
        /// The anchor, decoded.
        fragment: Option<String>,
    },
    /// To something that nobody can look up: a template, another scheme, the root of a site.
    Other,
}

/// The links, definitions, images and HTML tags of a Markdown text that have a target, in order.
#[must_use]
pub fn links(text: &str) -> Vec<Link> {
    let document = Document::new(text);
    let link = |link: &crate::document::Link| Link {
        line: document.lines(&link.range).first,
        target: link.target.clone(),
        destination: destination(&link.target),
    };
    document.links.iter().map(link).collect()
}

fn destination(target: &str) -> Destination {
    let target = target.trim();
    let scheme = target.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if matches!(scheme.as_deref(), Some("http" | "https")) {
        let is_template = target.contains(['<', '>', '{', '}', '$', '*', '…', '\\', '`', ' ']);
        return if is_template { Destination::Other } else { Destination::Web(target.to_owned()) };
    }
    match Target::parse(target) {
        Target::Elsewhere => Destination::Other,
        Target::Anchor(fragment) => Destination::Anchor(fragment),
        Target::Path { path, fragment } => Destination::Path { path, fragment },
    }
}

/// The path inside the root that a relative one means in a file. None: it leaves the root.
#[must_use]
pub fn resolve(file: &str, relative: &str) -> Option<String> {
    path::resolve(path::parent(file), relative)
}

/// The anchors of a Markdown file.
pub struct Anchors(anchors::Anchors);

impl Anchors {
    /// Those of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(anchors::Anchors::of(text))
    }

    /// Whether a fragment leads somewhere, by the rules of GitHub or those of another renderer. Of a
    /// page that has parts from elsewhere, everything may be there.
    #[must_use]
    pub fn has(&self, fragment: &str) -> bool {
        self.0.has(fragment)
    }

    /// The anchor that reads most like a fragment, if one is close.
    #[must_use]
    pub fn nearest(&self, fragment: &str) -> Option<&str> {
        self.0.nearest(fragment)
    }
}

#[cfg(test)]
mod tests;
