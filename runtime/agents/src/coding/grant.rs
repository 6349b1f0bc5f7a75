//! What an agent may do by itself.

use baton_core::scope::{Authority, name_matches};

use crate::backend::Job;
use crate::confine::left;

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
