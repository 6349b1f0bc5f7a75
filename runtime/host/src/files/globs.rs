//! Glob patterns, compiled: one layer of a scope, or the patterns of a query.

use baton_core::limits::FileLimits;
use baton_core::scope::GlobLayer;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::ScopeError;
use super::path::ancestors;

/// A compiled [`GlobLayer`].
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// None: every path.
    include: Option<Include>,
    exclude: GlobSet,
    /// Directories below which everything is excluded: `P` of an exclude pattern `P/**`.
    emptied: GlobSet,
    /// What passes although it is excluded; none: nothing.
    unless: Option<Include>,
}

#[derive(Clone, Debug)]
struct Include {
    set: GlobSet,
    reaches: Vec<Reach>,
}

/// Where paths that match a pattern can be.
#[derive(Clone, Debug)]
struct Reach {
    /// The directory that every match is below; empty: the root.
    base: String,
    /// How many parts every match has; none: any number.
    parts: Option<usize>,
}

/// Why a pattern cannot be used.
#[derive(Debug)]
pub(super) enum PatternError {
    Bad { pattern: String, reason: String },
    TooLong { size: u64 },
    TooMany { count: u64 },
    TooComplex,
}

/// Compiles a layer of a scope. Only `include` patterns are counted: a task can add those for its
/// children, `exclude` patterns come from the operator.
pub(crate) fn scope_layer(layer: &GlobLayer, limits: &FileLimits) -> Result<Layer, ScopeError> {
    let count = layer.include.len();
    let compiled = Layer::new(&layer.include, &layer.exclude, count, limits);
    compiled.and_then(|compiled| compiled.unless(&layer.unless, limits)).map_err(
        |error| match error {
            PatternError::Bad { pattern, reason } => ScopeError::BadPattern { pattern, reason },
            PatternError::TooLong { size } => {
                ScopeError::PatternTooLong { size, limit: limits.pattern_bytes }
            }
            PatternError::TooMany { count } => {
                ScopeError::TooManyPatterns { count, limit: limits.patterns }
            }
            PatternError::TooComplex => ScopeError::TooComplex,
        },
    )
}

/// Whether a glob pattern can be used in a scope.
///
/// # Errors
/// Says why not, as the end of a sentence about it.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let checked =
        check(pattern).and_then(|()| compile(std::iter::once(pattern), Case::Exact).map(|_| ()));
    checked.map_err(|error| match error {
        PatternError::Bad { reason, .. } => reason,
        PatternError::TooLong { .. } | PatternError::TooMany { .. } | PatternError::TooComplex => {
            "is too large".into()
        }
    })
}

/// Whether every layer lets a file pass.
pub(crate) fn pass(layers: &[Layer], path: &str) -> bool {
    layers.iter().all(|layer| layer.passes(path))
}

/// Whether a directory may be seen: something below it may pass every layer, or a pattern names
/// it. The root may.
pub(crate) fn show(layers: &[Layer], path: &str) -> bool {
    path.is_empty() || layers.iter().all(|layer| layer.shows(path))
}

impl Layer {
    /// Compiles patterns, of which `counted` count against the limit.
    pub(super) fn new(
        include: &[String],
        exclude: &[String],
        counted: usize,
        limits: &FileLimits,
    ) -> Result<Self, PatternError> {
        if counted as u64 > limits.patterns {
            return Err(PatternError::TooMany { count: counted as u64 });
        }
        check_all(include.iter().chain(exclude), limits)?;
        let emptied = exclude.iter().filter_map(|pattern| {
            let above = pattern.strip_suffix("/**")?;
            Some(if above.is_empty() { "**" } else { above })
        });
        Ok(Self {
            include: Include::of(include)?,
            exclude: compile(exclude.iter().map(String::as_str), Case::Any)?,
            emptied: compile(emptied, Case::Any)?,
            unless: None,
        })
    }

    /// The same, with patterns of what passes although it is excluded.
    fn unless(self, patterns: &[String], limits: &FileLimits) -> Result<Self, PatternError> {
        check_all(patterns.iter(), limits)?;
        Ok(Self { unless: Include::of(patterns)?, ..self })
    }

    /// Whether a path passes. What is below an excluded directory does not.
    pub(super) fn passes(&self, path: &str) -> bool {
        let excluded =
            || self.exclude.is_match(path) || ancestors(path).any(|up| self.exclude.is_match(up));
        self.include.as_ref().is_none_or(|include| include.set.is_match(path))
            && (self.spared(path) || !excluded())
    }

    /// Whether a path passes whose directory is known to be open.
    pub(super) fn passes_here(&self, path: &str) -> bool {
        // A directory may be open for the sake of a few files.
        if self.unless.is_some() {
            return self.passes(path);
        }
        self.include.as_ref().is_none_or(|include| include.set.is_match(path))
            && !self.exclude.is_match(path)
    }

    /// Whether a path passes although it is excluded.
    fn spared(&self, path: &str) -> bool {
        self.unless.as_ref().is_some_and(|unless| unless.set.is_match(path))
    }

    /// Whether something below a directory may pass, as far as is cheap to know; the directories
    /// above it are known to be open.
    pub(super) fn may_hold(&self, directory: &str) -> bool {
        !self.closes(directory)
            && self
                .include
                .as_ref()
                .is_none_or(|include| include.reaches.iter().any(|reach| reach.below(directory)))
    }

    /// Whether a directory may be seen.
    fn shows(&self, directory: &str) -> bool {
        let open = |path| !self.closes(path);
        ancestors(directory).all(open)
            && open(directory)
            && self.include.as_ref().is_none_or(|include| {
                include.set.is_match(directory)
                    || include.reaches.iter().any(|reach| reach.below(directory))
            })
    }

    /// Whether everything below a directory is excluded.
    fn closes(&self, directory: &str) -> bool {
        let spares = |unless: &Include| unless.reaches.iter().any(|reach| reach.below(directory));
        (self.exclude.is_match(directory) || self.emptied.is_match(directory))
            && !self.unless.as_ref().is_some_and(spares)
    }
}

impl Include {
    /// Compiles patterns; none: there are none.
    fn of(patterns: &[String]) -> Result<Option<Self>, PatternError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            set: compile(patterns.iter().map(String::as_str), Case::Exact)?,
            reaches: patterns.iter().map(|pattern| Reach::of(pattern)).collect(),
        }))
    }
}

impl Reach {
    fn of(pattern: &str) -> Self {
        let special = |c: char| "*?[]{}\\".contains(c);
        let plain = pattern.split('/').take_while(|part| !part.contains(special));
        let mut base: Vec<&str> = plain.collect();
        let count = pattern.split('/').count();
        if base.len() == count {
            // A pattern without wildcards: its last part is the match itself.
            base.pop();
        }
        // Within braces and classes a slash may be optional or not be a separator at all.
        let fixed = !pattern.contains("**") && !pattern.contains(['[', '{', '\\']);
        Self { base: base.join("/"), parts: fixed.then_some(count) }
    }

    /// Whether a match can be below a directory.
    fn below(&self, directory: &str) -> bool {
        let parts = directory.split('/').count();
        self.parts.is_none_or(|all| parts < all)
            && (within(directory, &self.base) || within(&self.base, directory))
    }
}

/// Whether a path is a directory or below it.
fn within(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check_all<'a>(
    patterns: impl Iterator<Item = &'a String>,
    limits: &FileLimits,
) -> Result<(), PatternError> {
    for pattern in patterns {
        let size = pattern.len() as u64;
        if size > limits.pattern_bytes {
            return Err(PatternError::TooLong { size });
        }
        check(pattern)?;
    }
    Ok(())
}

/// Refuses what could never match a path: an exclude pattern that excludes nothing by mistake is
/// a hole.
fn check(pattern: &str) -> Result<(), PatternError> {
    let reason = if pattern.is_empty() {
        "is empty"
    } else if pattern.starts_with('/') {
        "begins with a slash; patterns are relative to the root"
    } else if pattern.ends_with('/') {
        "ends with a slash; use `/**` for what is below a directory"
    } else if pattern.split('/').any(|part| part == "." || part == "..") {
        "contains a `.` or `..` part"
    } else if pattern.contains("//") {
        "contains an empty part"
    } else {
        return Ok(());
    };
    Err(PatternError::Bad { pattern: pattern.into(), reason: reason.into() })
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Exact,
    Any,
}

fn compile<'a>(
    patterns: impl Iterator<Item = &'a str>,
    case: Case,
) -> Result<GlobSet, PatternError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .backslash_escape(true)
            .case_insensitive(case == Case::Any)
            .build()
            .map_err(|error| PatternError::Bad {
                pattern: pattern.into(),
                reason: format!("is malformed: {}", error.kind()),
            })?;
        set.add(glob);
    }
    // Each pattern is well-formed, so what is left to fail is the size of all together.
    set.build().map_err(|_| PatternError::TooComplex)
}
