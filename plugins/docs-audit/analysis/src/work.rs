//! What the workflow and its agents say to each other, and how work is cut into pieces.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::passages::Passage;
use crate::report::{Check, Finding, Lines, Verdict};
use crate::settings::Setting;

/// Bytes of Markdown one agent gets where the tree is not so large that it must be more.
pub const GROUP_BYTES: u64 = 64 << 10;
/// What a file weighs beside its bytes, so that many small files do not end in one group.
const FILE_WEIGHT: u64 = 512;
/// Groups of the audit at the most: twice this number and one, as files are not cut in pieces.
const GROUPS_HALF_MAX: u64 = 300;
/// Findings one challenger gets where there are not so many that it must be more.
pub const CHALLENGE_FINDINGS: usize = 25;
/// Challengers at the most.
const CHALLENGERS_MAX: usize = 300;
/// Bytes of JSON of one answer or input; the host's limit is 1 MiB.
pub const ANSWER_BYTES_MAX: usize = 900 << 10;
/// Findings of a report where the input does not say.
pub const FINDINGS_DEFAULT: u32 = 1_000;
/// Findings of a report at the most.
pub const FINDINGS_MAX: u32 = 5_000;

/// Input of the workflow. Every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// Glob patterns of the files to audit; empty: all Markdown files.
    pub include: Vec<String>,
    /// Glob patterns of files to leave out.
    pub exclude: Vec<String>,
    /// Checks to make; empty: all.
    pub checks: Vec<Check>,
    /// Findings in the report at the most, 1 to 5,000; 1,000 where it is left out.
    pub max_findings: Option<u32>,
}

impl Input {
    /// Patterns of the files to audit.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        if self.include.is_empty() {
            vec!["**/*.md".into(), "**/*.markdown".into()]
        } else {
            self.include.clone()
        }
    }

    /// Checks to make.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        if self.checks.is_empty() { Check::ALL.to_vec() } else { self.checks.clone() }
    }

    /// Findings of the report at the most.
    #[must_use]
    pub fn findings_max(&self) -> usize {
        self.max_findings.unwrap_or(FINDINGS_DEFAULT).clamp(1, FINDINGS_MAX) as usize
    }
}

/// What an agent gets beside its prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Task {
    /// Audit files.
    Audit {
        /// Their paths.
        files: Vec<String>,
        /// Checks to make.
        checks: Vec<Check>,
        /// What the answer may hold.
        bounds: Bounds,
    },
    /// Try to refute findings.
    Challenge {
        /// The findings.
        findings: Vec<Finding>,
    },
}

/// What one answer may hold, so that all answers together fit into the workflow's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Findings at the most.
    pub findings: u32,
    /// Passages and settings at the most, of all files together.
    pub facts: u32,
}

/// Findings all auditors may bring together.
const FINDINGS_TOTAL: u32 = 20_000;
/// Passages and settings all auditors may bring together.
const FACTS_TOTAL: u32 = 60_000;

impl Bounds {
    /// The share of one of so many groups.
    #[must_use]
    pub fn share(groups: usize) -> Self {
        let groups = u32::try_from(groups).unwrap_or(u32::MAX).max(1);
        Self { findings: (FINDINGS_TOTAL / groups).max(1), facts: (FACTS_TOTAL / groups).max(1) }
    }
}

/// What an auditor answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Audited {
    /// What is wrong with single files.
    pub findings: Vec<Finding>,
    /// What is compared between files.
    pub facts: Vec<Facts>,
    /// Files that could not be read, with the reason.
    pub unread: BTreeMap<String, String>,
    /// Findings left out because the answer would be too large.
    pub omitted: u64,
    /// Passages and settings left out because the answer would be too large.
    pub uncompared: u64,
}

impl Audited {
    /// Leaves out what exceeds the bounds, and then halves of it until the JSON form has at most
    /// `bytes_max` bytes. What is left out is counted.
    pub fn fit(&mut self, bounds: Bounds, bytes_max: usize) {
        let mut bounds = bounds;
        loop {
            self.cut(bounds);
            let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
            if bytes <= bytes_max || (bounds.findings == 0 && bounds.facts == 0) {
                return;
            }
            let facts = self.facts.iter().map(Facts::count).sum::<usize>();
            bounds = Bounds {
                findings: u32::try_from(self.findings.len() / 2).unwrap_or(0),
                facts: u32::try_from(facts / 2).unwrap_or(0),
            };
        }
    }

    fn cut(&mut self, bounds: Bounds) {
        let kept = self.findings.len().min(bounds.findings as usize);
        self.omitted += (self.findings.len() - kept) as u64;
        self.findings.truncate(kept);
        let mut left = bounds.facts as usize;
        for facts in &mut self.facts {
            let before = facts.count();
            facts.settings.truncate(left);
            left -= facts.settings.len();
            facts.passages.truncate(left);
            left -= facts.passages.len();
            self.uncompared += (before - facts.count()) as u64;
        }
    }
}

/// What of a file is compared with other files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The file.
    pub path: String,
    /// `sha256:` digest of its bytes, made by a program; leave it out otherwise.
    #[serde(default)]
    pub digest: String,
    /// Its size, where a program knows it.
    #[serde(default)]
    pub bytes: u64,
    /// Words in its running text.
    #[serde(default)]
    pub words: u64,
    /// The nearest directory above it with a manifest such as `Cargo.toml`; empty: none or the root.
    #[serde(default)]
    pub project: String,
    /// Its first line that is not blank.
    #[serde(default)]
    pub opening: Option<Opening>,
    /// Passages that tell the reader what to do.
    #[serde(default)]
    pub passages: Vec<Passage>,
    /// Defaults it states.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

impl Facts {
    fn count(&self) -> usize {
        self.passages.len() + self.settings.len()
    }
}

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// Which line, from 1.
    pub line: u32,
    /// Its text, byte for byte; may be cut.
    pub quote: String,
}

/// What a challenger answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Challenged {
    /// One for each finding it was given.
    pub verdicts: Vec<Judged>,
}

/// The verdict on one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Position of the finding in the list that was given, from 0.
    pub index: u32,
    /// How the challenge ended.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Positions, from 0, of those `others` that do not hold though the finding does.
    #[serde(default)]
    pub drop: Vec<u32>,
}

/// Cuts files, given with their sizes, into groups for the auditors, in the given order.
#[must_use]
pub fn groups(files: &[(String, u64)]) -> Vec<Vec<String>> {
    let weight = |size: u64| size.saturating_add(FILE_WEIGHT);
    let total: u64 = files.iter().map(|(_, size)| weight(*size)).sum();
    let limit = GROUP_BYTES.max(total.div_ceil(GROUPS_HALF_MAX));
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut load = u64::MAX;
    for (path, size) in files {
        let weight = weight(*size);
        match groups.last_mut() {
            Some(group) if load.saturating_add(weight) <= limit => {
                group.push(path.clone());
                load += weight;
            }
            _ => {
                groups.push(vec![path.clone()]);
                load = weight;
            }
        }
    }
    groups
}

/// Cuts findings into groups for the challengers, in the given order, each of at most
/// [`ANSWER_BYTES_MAX`] bytes of JSON.
#[must_use]
pub fn challenge_groups(findings: &[Finding]) -> Vec<std::ops::Range<usize>> {
    let count_max = CHALLENGE_FINDINGS.max(findings.len().div_ceil(CHALLENGERS_MAX));
    let mut groups = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, finding) in findings.iter().enumerate() {
        let size = serde_json::to_vec(finding).map_or(0, |json| json.len() + 1);
        if at > start && (at - start == count_max || bytes + size > ANSWER_BYTES_MAX) {
            groups.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    if start < findings.len() {
        groups.push(start..findings.len());
    }
    groups
}

/// Lines of an opening.
impl From<&Opening> for Lines {
    fn from(opening: &Opening) -> Self {
        Self::one(opening.line)
    }
}
