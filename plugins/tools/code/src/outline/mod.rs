//! Symbols of source files, found line by line.
//!
//! Recognisers look at the shape of single lines, with comments and the content of strings taken
//! out, and at their indentation. That is exact for code as formatters leave it, costs one pass, and
//! goes on behind errors that would stop a parser.

mod brace;
mod clean;
mod language;
mod markdown;
mod recognise;
mod rust;
mod script;
mod words;

use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Selection, Tree};
use serde::{Deserialize, Serialize};

pub use language::Language;

use crate::text::is_binary;

/// Largest file that is looked at, in bytes.
const FILE_BYTES_MAX: u64 = 2 << 20;
/// Most bytes of files that are read: half of what the fuel of a call is enough for.
const READ_BYTES_MAX: u64 = 32 << 20;
/// Most symbols, and how many where nobody says.
const SYMBOLS_MAX: usize = 5_000;
const SYMBOLS: usize = 1_000;

/// Of which files.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct OutlineInput {
    /// File or directory, relative to the granted directory. Default: all of it.
    pub path: String,
    /// Glob patterns of files, such as `*.rs` or `src/**`. Default: every file of a known language.
    pub include: Vec<String>,
    /// Glob patterns of files and directories to leave out.
    pub exclude: Vec<String>,
    /// Also files that `.gitignore` and `.ignore` leave out.
    pub ignored: bool,
    /// Only symbols whose name holds this text; capitals count as small letters.
    pub name: String,
    /// Only symbols of these kinds.
    pub kinds: Vec<Kind>,
    /// Deepest level of symbols: 0 is the top of a file. Default: every level.
    pub depth: Option<usize>,
    /// Most symbols to return, at most 5000. Default: 1000.
    pub limit: Option<usize>,
}

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A function.
    Function,
    /// A function of a type.
    Method,
    /// A class.
    Class,
    /// A structure or record.
    Struct,
    /// An enumeration.
    Enum,
    /// A union.
    Union,
    /// A trait.
    Trait,
    /// An interface.
    Interface,
    /// An implementation block.
    Impl,
    /// A module, namespace or package.
    Module,
    /// A type by another name.
    Type,
    /// A constant or a variable of a module.
    Constant,
    /// A macro.
    Macro,
    /// A heading of a text.
    Heading,
}

/// A symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct Symbol {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// First line, from 1.
    pub line: usize,
    /// Last line.
    pub last: usize,
    /// How many symbols it stands in.
    pub depth: usize,
    /// Its first line as it stands.
    pub text: String,
}

/// The symbols of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct FileOutline {
    /// File, relative to the granted directory.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// In the order of their lines.
    pub symbols: Vec<Symbol>,
}

/// The symbols of some files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct OutlineOutput {
    /// Files with symbols, in order of path.
    pub files: Vec<FileOutline>,
    /// Files of a known language that were looked at.
    pub files_read: usize,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// The symbols of the files that are meant.
///
/// # Errors
/// When the selection cannot be read, the path is not there, or it is a file of an unknown language.
pub fn outline(tree: &Tree, input: &OutlineInput) -> Result<OutlineOutput, ToolError> {
    let selection = Selection {
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        hidden: false,
        ignored: input.ignored,
    };
    let mut listing = tree.select(&input.path, &selection)?;
    if let [only] = listing.files.as_slice()
        && Language::of(&only.path).is_none()
        && tree.is_file(&input.path)
    {
        let message = format!("`{}` is of no known language", only.path);
        return Err(ToolError::invalid_input("unknown-language", message));
    }
    listing.files.retain(|file| Language::of(&file.path).is_some());
    listing.cut(READ_BYTES_MAX, FILE_BYTES_MAX);
    let mut left = input.limit.unwrap_or(SYMBOLS).clamp(1, SYMBOLS_MAX);
    let mut output = OutlineOutput { truncated: listing.truncated, ..OutlineOutput::default() };
    let wanted = input.name.to_lowercase();
    for file in &listing.files {
        let Some(language) = Language::of(&file.path) else { continue };
        let Ok(bytes) = tree.read(&file.path, FILE_BYTES_MAX) else { continue };
        if is_binary(&bytes) {
            continue;
        }
        output.files_read += 1;
        let mut symbols = symbols(language, &String::from_utf8_lossy(&bytes));
        symbols.retain(|symbol| {
            (wanted.is_empty() || symbol.name.to_lowercase().contains(&wanted))
                && (input.kinds.is_empty() || input.kinds.contains(&symbol.kind))
                && input.depth.is_none_or(|depth| symbol.depth <= depth)
        });
        if symbols.len() > left {
            symbols.truncate(left);
            output.truncated = true;
        }
        left -= symbols.len();
        if !symbols.is_empty() {
            output.files.push(FileOutline { path: file.path.clone(), language, symbols });
        }
        if output.truncated && left == 0 {
            break;
        }
    }
    Ok(output)
}

/// The symbols of a text.
#[must_use]
pub fn symbols(language: Language, text: &str) -> Vec<Symbol> {
    match language {
        Language::Markdown => markdown::symbols(text),
        _ => recognise::symbols(language, text),
    }
}
