//! What an agent may do by itself.

use std::collections::BTreeSet;

use baton_core::scope::{Authority, PathScope, name_matches};

use crate::backend::Job;

/// Names of tools that read, ours and those of definitions.
const READ: &[&str] = &["read_file", "list_files", "search", "Read", "Glob", "Grep", "LS"];
/// Names of tools that write.
const WRITE: &[&str] = &["edit_file", "write_file", "Edit", "Write", "MultiEdit", "NotebookEdit"];
/// Names of tools that run commands.
const EXEC: &[&str] = &["exec", "Bash"];
/// Names of tools that fetch.
const FETCH: &[&str] = &["http", "WebFetch"];

/// What the task may touch, as far as the definition of its agent type names a tool that does. It may
/// read what its tools may, and what it may itself.
pub(crate) fn authority(job: &Job) -> Authority {
    let own = &*job.authority;
    Authority {
        read: own.read.as_ref().filter(|_| is_named_any(job, READ)).and_then(left),
        write: own.write.as_ref().filter(|_| is_named_any(job, WRITE)).and_then(left),
        exec: own.exec.clone().filter(|_| is_named_any(job, EXEC)),
        http: own.http.clone().filter(|_| is_named_any(job, FETCH)),
        env: own.env.clone(),
        secrets: None,
    }
}

/// The scope without the patterns that it takes away again as a whole: directories, which is all that
/// the operating system knows, would not show that they are gone.
pub(crate) fn left(scope: &PathScope) -> Option<PathScope> {
    let final_ones = scope.layers.iter().filter(|layer| layer.unless.is_empty());
    let gone: BTreeSet<&str> =
        final_ones.flat_map(|layer| &layer.exclude).map(String::as_str).collect();
    if ["**", "**/*"].iter().any(|all| gone.contains(all)) {
        return None;
    }
    let mut scope_left = scope.clone();
    for layer in scope_left.layers.iter_mut().filter(|layer| !layer.include.is_empty()) {
        layer.include.retain(|pattern| !gone.contains(pattern.as_str()));
        // Without patterns it would let everything pass.
        if layer.include.is_empty() {
            return None;
        }
    }
    Some(scope_left)
}

/// Whether the task may read what its tools may.
pub(crate) fn reads(job: &Job) -> bool {
    is_named_any(job, READ)
}

/// Whether the definition lets one of these tools be used.
pub(crate) fn is_named_any(job: &Job, names: &[&str]) -> bool {
    let Some(definition) = job.definition.as_deref() else { return true };
    names.iter().any(|name| {
        let listed = |list: &[String]| list.iter().any(|entry| name_matches(tool_of(entry), name));
        let refused = definition.disallowed_tools.iter().any(|entry| name_matches(entry, name));
        !refused && definition.tools.as_deref().is_none_or(listed)
    })
}

/// The tool that an entry such as `Bash(git *)` means.
fn tool_of(entry: &str) -> &str {
    entry.split('(').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use baton_core::scope::GlobLayer;

    use super::*;

    fn scope(layers: &[(&[&str], &[&str], &[&str])]) -> PathScope {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let layer = |(include, exclude, unless): &(&[&str], &[&str], &[&str])| GlobLayer {
            include: texts(include),
            exclude: texts(exclude),
            unless: texts(unless),
        };
        PathScope { layers: layers.iter().map(layer).collect() }
    }

    #[test]
    fn what_is_taken_away_as_a_whole_is_not_left_as_a_directory() {
        let granted = (&["src/**", "docs/**"][..], &[][..], &[][..]);
        for (taken, expected) in [
            (&["**"][..], None),
            (&["**/*"], None),
            (&["src/**", "docs/**"], None),
            (&["src/**"], Some(&["docs/**"][..])),
            (&["**/.env"], Some(&["src/**", "docs/**"])),
        ] {
            let left = left(&scope(&[granted, (&[], taken, &[])]));
            let include = left.and_then(|scope| Some(scope.layers.first()?.include.clone()));
            let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
            assert_eq!(include, expected, "{taken:?}");
        }
        let kept = scope(&[granted, (&[], &["src/**"], &["src/a"])]);
        assert_eq!(left(&kept), Some(kept));
    }
}
