//! Audits Markdown: text in, findings out. Knows no disk, clock or host; files are reached through
//! [`Tree`], so the same rules run inside a sandboxed agent, in a test and in a command.
//!
//! The parts, in the order data flows: [`audit`] looks at one file at a time, [`crosscheck`]
//! compares what all files brought, [`challenge`] tries to refute each finding by other means than
//! those that found it, and [`render`] writes the [`Report`] for people.
//!
//! Precision comes before completeness: what cannot be known from the tree is not reported.

mod anchors;
pub mod audit;
pub mod challenge;
pub mod conclude;
pub mod crosscheck;
mod document;
mod front_matter;
pub mod links;
mod passages;
mod path;
mod project;
pub mod prompt;
mod prose;
mod references;
pub mod render;
mod report;
mod rules;
mod settings;
mod slug;
mod target;
mod text;
mod tree;
pub mod work;

pub use render::{render_markdown, render_text};
pub use report::{
    Challenge, Check, Finding, Kind, Lines, Place, Report, Severity, Summary, Verdict,
};
pub use tree::{Memory, Presence, Source, Tree};
