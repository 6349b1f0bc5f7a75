//! What a review is asked for.

use serde::Deserialize;

/// Challengers per finding where the input does not say.
const CHALLENGERS: u32 = 2;
/// Challengers per finding at the most.
const CHALLENGERS_MAX: u32 = 5;
/// Findings where the input does not say.
const FINDINGS: usize = 60;
/// Findings at the most.
const FINDINGS_MAX: usize = 500;

/// Input of the workflow. Every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// Revision to compare with.
    pub base: Option<String>,
    /// Revision that is reviewed.
    pub head: Option<String>,
    /// A patch in place of revisions.
    pub patch: Option<String>,
    /// A file with such a patch.
    pub patch_file: Option<String>,
    /// Files and directories to review; empty: all that changed.
    pub include: Vec<String>,
    /// What the change is meant to do.
    pub about: String,
    /// What to look for; empty: the usual.
    pub concerns: Vec<Wanted>,
    /// Challengers per finding.
    pub challengers: Option<u32>,
    /// Findings at the most.
    pub max_findings: Option<usize>,
}

/// A concern as it is written in the input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// One of ours.
    Known(Known),
    /// One of the person's.
    Own(Concern),
}

/// Our concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// Does it do what it should?
    Correctness,
    /// Can it be abused?
    Security,
    /// Do others still work with it?
    Interfaces,
    /// Would a test notice if it broke?
    Tests,
    /// Is it slow or large?
    Performance,
    /// Will others understand it?
    Clarity,
}

/// Something to look for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concern {
    /// Its name.
    pub name: String,
    /// The question that a reviewer answers.
    pub question: String,
}

impl Known {
    fn concern(self) -> Concern {
        let (name, question) = match self {
            Self::Correctness => (
                "correctness",
                "Does the code do what it is meant to do in every case? Wrong conditions, missed cases, \
                 off-by-one, broken invariants, errors that are lost, races, resources that are not \
                 released, arithmetic that overflows, and callers that were not changed along.",
            ),
            Self::Security => (
                "security",
                "Can somebody abuse it? Input that is trusted without a check, paths that lead out of a \
                 directory, injection into commands, queries or pages, secrets in logs or errors, missing \
                 checks of authority, limits that hostile input can exceed, unsafe defaults.",
            ),
            Self::Interfaces => (
                "interfaces",
                "Do those who use this code still work? Changed signatures, formats, defaults, error codes \
                 and command lines; stored data that can no longer be read; documentation and comments \
                 that the change makes wrong.",
            ),
            Self::Tests => (
                "tests",
                "Would a test fail if this change were wrong? Behaviour without any test, tests that \
                 cannot fail, tests that were weakened or removed, cases at the edges that nobody tries.",
            ),
            Self::Performance => (
                "performance",
                "Does it cost more than it should where that matters? Work repeated in loops, quadratic \
                 growth, needless copies and allocations, blocking where others wait, growth without bound.",
            ),
            Self::Clarity => (
                "clarity",
                "Will the next reader understand it? Names that mislead, duplicated logic, dead code, \
                 comments that say something else than the code, needless complexity.",
            ),
        };
        Concern { name: name.into(), question: question.into() }
    }
}

impl Input {
    /// What to look for.
    #[must_use]
    pub fn concerns(&self) -> Vec<Concern> {
        if self.concerns.is_empty() {
            let usual = [Known::Correctness, Known::Security, Known::Interfaces, Known::Tests];
            return usual.map(Known::concern).to_vec();
        }
        let concern = |wanted: &Wanted| match wanted {
            Wanted::Known(known) => known.concern(),
            Wanted::Own(own) => own.clone(),
        };
        self.concerns.iter().map(concern).collect()
    }

    /// Challengers per finding.
    #[must_use]
    pub fn challengers(&self) -> u32 {
        self.challengers.unwrap_or(CHALLENGERS).min(CHALLENGERS_MAX)
    }

    /// Findings at the most.
    #[must_use]
    pub fn findings_max(&self) -> usize {
        self.max_findings.unwrap_or(FINDINGS).clamp(1, FINDINGS_MAX)
    }

    /// Whether a path is to be reviewed.
    #[must_use]
    pub fn includes(&self, path: &str) -> bool {
        let covers = |part: &String| {
            let part = part.trim_end_matches('/');
            path == part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
        };
        self.include.is_empty() || self.include.iter().any(covers)
    }
}
