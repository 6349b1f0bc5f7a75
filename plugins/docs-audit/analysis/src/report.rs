//! What an audit brings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of rules that can be switched on by itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Links to files, anchors and link labels that do not exist.
    References,
    /// Front matter that does not parse or lacks a field its kind of file needs.
    FrontMatter,
    /// Instructions and whole files that stand in several places.
    Repetition,
    /// Different defaults for one setting.
    Contradictions,
    /// What the text says of the project, and what the project shows. Only models look at this.
    Statements,
}

impl Check {
    /// All checks, in the order a report names them.
    pub const ALL: [Self; 5] = [
        Self::References,
        Self::FrontMatter,
        Self::Repetition,
        Self::Contradictions,
        Self::Statements,
    ];
}

/// What is wrong.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A link leads to a file or directory that does not exist.
    MissingFile,
    /// A link leads to an anchor or heading that does not exist.
    MissingAnchor,
    /// A reference-style link uses a label that nothing defines.
    UndefinedLabel,
    /// Front matter does not parse.
    FrontMatterSyntax,
    /// Front matter lacks a field, or a field is not as its kind of file needs it.
    FrontMatterField,
    /// The same instruction stands in several files.
    RepeatedInstruction,
    /// Several files have the same content.
    RepeatedFile,
    /// One setting has different defaults in different files.
    ContradictingSetting,
    /// A statement about the project that the project contradicts: a command, an option, a path in
    /// prose, a default, a step that is no longer so.
    WrongStatement,
    /// Two places of the documentation contradict each other.
    ContradictingStatement,
}

impl Kind {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingFile => "missing-file",
            Self::MissingAnchor => "missing-anchor",
            Self::UndefinedLabel => "undefined-label",
            Self::FrontMatterSyntax => "front-matter-syntax",
            Self::FrontMatterField => "front-matter-field",
            Self::RepeatedInstruction => "repeated-instruction",
            Self::RepeatedFile => "repeated-file",
            Self::ContradictingSetting => "contradicting-setting",
            Self::WrongStatement => "wrong-statement",
            Self::ContradictingStatement => "contradicting-statement",
        }
    }

    /// The name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::MissingFile => "missing file",
            Self::MissingAnchor => "missing anchor",
            Self::UndefinedLabel => "undefined link label",
            Self::FrontMatterSyntax => "front matter does not parse",
            Self::FrontMatterField => "front matter field",
            Self::RepeatedInstruction => "repeated instruction",
            Self::RepeatedFile => "repeated file",
            Self::ContradictingSetting => "contradicting setting",
            Self::WrongStatement => "wrong statement",
            Self::ContradictingStatement => "contradicting statement",
        }
    }
}

/// How much a finding matters, the gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something does not work for whoever relies on the text.
    High,
    /// A reader is led astray.
    Medium,
    /// A blemish.
    Low,
    /// Worth knowing, nothing more.
    Info,
}

impl Severity {
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// Lines of a file, from 1, both ends included.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Lines {
    /// First line.
    pub first: u32,
    /// Last line, not before `first`.
    pub last: u32,
}

impl Lines {
    /// One line.
    #[must_use]
    pub fn one(line: u32) -> Self {
        Self { first: line, last: line }
    }
}

impl std::fmt::Display for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// A cited place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Path inside the root.
    pub path: String,
    /// The lines meant.
    pub lines: Lines,
    /// Text of those lines, byte for byte; may be a part of them.
    pub quote: String,
    /// `sha256:` digest of the file that was read, made by a program; leave it out otherwise.
    #[serde(default)]
    pub digest: String,
}

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The challenger could not refute it.
    Upheld,
    /// It does not hold.
    Refuted,
}

/// What became of the attempt to refute a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Challenge {
    /// Who challenged it.
    pub by: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// Something that is wrong, with where and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Where: the first place.
    #[serde(flatten)]
    pub place: Place,
    /// What it is about: the missing target, the field, the setting.
    pub subject: String,
    /// Further places that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Place>,
    /// Why it is wrong, in one or two sentences.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// The attempt to refute it; none: nobody tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
}

impl Finding {
    /// The order of a report: by path, line, kind and subject.
    #[must_use]
    pub fn order(&self) -> (&str, Lines, Kind, &str) {
        (&self.place.path, self.place.lines, self.kind, &self.subject)
    }
}

/// Counts of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Markdown files that were audited.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that could not be read, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
    /// Findings that stand.
    pub findings: u64,
    /// Findings that a challenger refuted.
    pub refuted: u64,
    /// Findings that stand but nobody could challenge.
    pub unchallenged: u64,
    /// Findings beyond the limits of a report, not shown.
    pub omitted: u64,
    /// Passages and settings beyond the limits of the comparison, not compared.
    pub uncompared: u64,
    /// Standing findings by kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Standing findings by severity.
    pub by_severity: BTreeMap<String, u64>,
}

/// The result of an audit. Findings are in the order of [`Finding::order`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Counts.
    pub summary: Summary,
    /// Findings that stand.
    pub findings: Vec<Finding>,
    /// Findings that a challenger refuted, with the reason.
    pub refuted: Vec<Finding>,
}
