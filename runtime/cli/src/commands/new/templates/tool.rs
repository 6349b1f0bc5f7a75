//! Counts lines and words.

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// What to count. Doc comments become descriptions in the manifest: callers see them.
#[derive(Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Path of a text file inside the granted directory.
    pub path: String,
    /// Count only lines that hold this text.
    pub only: Option<String>,
}

/// What there is.
#[derive(Debug, PartialEq, Eq, Serialize, Schema)]
pub struct Counted {
    /// Lines.
    pub lines: usize,
    /// Words, separated by white space.
    pub words: usize,
}

// What is asked for here is granted by whoever runs it, or it is not there.
#[baton_guest::tools(
    name = "__NAME__",
    description = "Counts what is in text files.",
    read("**")
)]
pub mod tools {
    use super::*;

    /// Counts the lines and words of a text file.
    pub fn count(input: Count) -> Result<Counted, ToolError> {
        let text = std::fs::read_to_string(&input.path)?;
        Ok(counted(&text, input.only.as_deref()))
    }
}

fn counted(text: &str, only: Option<&str>) -> Counted {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| only.is_none_or(|part| line.contains(part)))
        .collect();
    let words = lines
        .iter()
        .map(|line| line.split_whitespace().count())
        .sum();
    Counted {
        lines: lines.len(),
        words,
    }
}

#[cfg(test)]
mod tests {
    use baton_guest::testing::call_tool;
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_and_words_are_counted() {
        assert_eq!(
            counted("one two\nthree\n", None),
            Counted { lines: 2, words: 3 }
        );
        assert_eq!(
            counted("one two\nthree\n", Some("one")),
            Counted { lines: 1, words: 2 }
        );
    }

    #[test]
    fn the_tool_takes_and_returns_json() {
        let output = call_tool(tools::count, &json!({ "path": "Cargo.toml" }));
        assert!(output.is_ok_and(|output| output["lines"].as_u64() > Some(5)));
        let error = call_tool(tools::count, &json!({ "path": "no such file" }));
        assert_eq!(
            error.map_err(|error| error.code),
            Err("not-found".to_owned())
        );
    }
}
