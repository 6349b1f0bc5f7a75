//! The tools of provider `code`: what a tree of source files holds.

mod outline;
mod overview;
mod search;
mod text;

pub use outline::{
    FileOutline, Kind, Language, OutlineInput, OutlineOutput, Symbol, outline, symbols,
};
pub use overview::{TreeEntry, TreeInput, TreeOutput, tree};
pub use search::{Match, SearchInput, SearchOutput, search};

/// The tools.
#[baton_guest::tools(
    name = "code",
    description = "Searches a tree of source files, lists its symbols, and shows what it consists of.",
    read("**")
)]
pub mod tools {
    use baton_guest::ToolError;
    use baton_tool_kit::Tree;

    use crate::{OutlineInput, OutlineOutput, SearchInput, SearchOutput, TreeInput, TreeOutput};

    /// Searches text files line by line for a regular expression or plain text, and returns each
    /// matching line with its path, line and column, and lines around it where asked for. Leaves
    /// out what `.gitignore` leaves out. Use it to find where something is written; use `outline`
    /// to find where something is defined.
    pub fn search(input: SearchInput) -> Result<SearchOutput, ToolError> {
        crate::search(&Tree::granted(), &input)
    }

    /// Lists the symbols (functions, methods, types, classes, constants, modules, macros, headings)
    /// of one file or a whole tree, each with its kind, name, first and last line, and nesting.
    /// Knows Rust, JavaScript, TypeScript, Python, Go, C, C++, Java and Markdown. Use it to see what
    /// a file defines without reading it, or to find a definition by name.
    pub fn outline(input: OutlineInput) -> Result<OutlineOutput, ToolError> {
        crate::outline(&Tree::granted(), &input)
    }

    /// Lists the files and directories of a tree to a depth, with their sizes; directories below are
    /// summed up by number of files and bytes. Use it first, to see what a project consists of.
    pub fn tree(input: TreeInput) -> Result<TreeOutput, ToolError> {
        crate::tree(&Tree::granted(), &input)
    }
}

#[cfg(test)]
mod tests;
