//! Which files a call is about.

use baton_guest::ToolError;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Most patterns of one call.
const PATTERNS_MAX: usize = 256;

/// Which files a call is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Glob patterns (`*` within a name, `**` across directories); a path must match one. A pattern
    /// without `/` is compared with the file's name alone. Empty: every path.
    pub include: Vec<String>,
    /// Glob patterns; a path that matches one is left out.
    pub exclude: Vec<String>,
    /// Also names that begin with a dot.
    pub hidden: bool,
    /// Also what `.gitignore` and `.ignore` files leave out.
    pub ignored: bool,
}

/// A selection ready for use.
pub(crate) struct Filter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    /// # Errors
    /// When a pattern cannot be read, or there are too many.
    pub(crate) fn filter(&self) -> Result<Filter, ToolError> {
        if self.include.len() + self.exclude.len() > PATTERNS_MAX {
            let message = format!("more than {PATTERNS_MAX} patterns");
            return Err(ToolError::invalid_input("too-many-patterns", message));
        }
        let include = (!self.include.is_empty()).then(|| set(&self.include)).transpose()?;
        Ok(Filter { include, exclude: set(&self.exclude)? })
    }
}

impl Filter {
    /// Whether a file is meant.
    pub(crate) fn takes(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(path)) && !self.exclude.is_match(path)
    }

    /// Whether a directory is left out with all that is in it.
    pub(crate) fn leaves_out(&self, directory: &str) -> bool {
        self.exclude.is_match(directory)
    }
}

fn set(patterns: &[String]) -> Result<GlobSet, ToolError> {
    let wrong = |error: globset::Error| {
        ToolError::invalid_input("invalid-pattern", format!("a glob pattern: {error}"))
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let anywhere = format!("**/{pattern}");
        let pattern = if pattern.contains('/') { pattern } else { &anywhere };
        set.add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?);
    }
    set.build().map_err(wrong)
}
