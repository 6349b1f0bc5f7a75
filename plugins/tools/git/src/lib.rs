//! The tools of provider `git`: what a repository records. They read `.git` themselves, start no
//! program, and change nothing.

mod blame;
mod changes;
mod commit;
mod diff;
mod file;
mod history;
mod log;
mod patch;
mod references;

pub use blame::{BlameInput, BlameOutput, BlamedLines, blame};
pub use changes::{ChangedFile, Status};
pub use commit::{CommitInfo, Person};
pub use diff::{DiffInput, DiffOutput, ShowInput, ShowOutput, diff, show};
pub use file::{FileEntry, FileInput, FileOutput, file};
pub use log::{LogInput, LogOutput, log};
pub use references::{NamedCommit, ReferencesInput, ReferencesOutput, references};

/// The tools.
#[baton_guest::tools(
    name = "git",
    description = "Reads the history of a git repository: commits, differences, files, branches.",
    read(".git/**")
)]
pub mod tools {
    use baton_guest::ToolError;
    use baton_tool_kit::Tree;

    use crate::{
        BlameInput, BlameOutput, DiffInput, DiffOutput, FileInput, FileOutput, LogInput, LogOutput,
        ReferencesInput, ReferencesOutput, ShowInput, ShowOutput,
    };

    /// Lists commits, newest first: id, parents, author, time and message. Can be limited to a range
    /// (`revision` without what `exclude` reaches), a path, an author, or words of the message.
    pub fn log(input: LogInput) -> Result<LogOutput, ToolError> {
        crate::log(&Tree::granted(), &input)
    }

    /// Shows one commit: its message, and which files it changed against its first parent, with
    /// numbers of lines and, where asked for, the differences themselves.
    pub fn show(input: ShowInput) -> Result<ShowOutput, ToolError> {
        crate::show(&Tree::granted(), &input)
    }

    /// Compares two revisions, or a branch with where it left another one: which files differ, with
    /// numbers of lines and, unless told otherwise, the differences as a unified patch. Files of the
    /// working tree that are not committed play no part.
    pub fn diff(input: DiffInput) -> Result<DiffOutput, ToolError> {
        crate::diff(&Tree::granted(), &input)
    }

    /// Reads a file as it was at a revision, or lists a directory as it was.
    pub fn file(input: FileInput) -> Result<FileOutput, ToolError> {
        crate::file(&Tree::granted(), &input)
    }

    /// Says for each line of a file which commit brought it.
    pub fn blame(input: BlameInput) -> Result<BlameOutput, ToolError> {
        crate::blame(&Tree::granted(), &input)
    }

    /// Lists branches, remote branches and tags with their commits, and what is checked out.
    pub fn references(input: ReferencesInput) -> Result<ReferencesOutput, ToolError> {
        crate::references(&Tree::granted(), &input)
    }
}

#[cfg(test)]
mod tests;
