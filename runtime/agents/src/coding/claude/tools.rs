//! What its tools do with an input.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::coding::permit::Wish;

/// What a use of a tool comes to. `root` is its working directory.
pub(super) fn wishes(tool: &str, input: &Value, root: &Path) -> Vec<Wish> {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let path = |key: &str| text(key).map(|path| root.join(path));
    let other = || Wish::Other(format!("the tool {tool}"));
    let wish = match tool {
        "Read" => path("file_path").map(Wish::Read),
        "Glob" => {
            let base = path("path").unwrap_or_else(|| root.to_owned());
            text("pattern").map(|pattern| Wish::Tree(base.join(literal(pattern))))
        }
        "Grep" => Some(Wish::Tree(path("path").unwrap_or_else(|| root.to_owned()))),
        "Edit" | "Write" => path("file_path").map(Wish::Write),
        "NotebookEdit" => path("notebook_path").map(Wish::Write),
        "Bash" if input.get("dangerouslyDisableSandbox").and_then(Value::as_bool) == Some(true) => {
            None
        }
        "Bash" => text("command").map(|line| Wish::Shell(line.to_owned())),
        "WebFetch" => text("url").map(|url| Wish::Fetch(url.to_owned())),
        _ => None,
    };
    vec![wish.unwrap_or_else(other)]
}

/// The directory that a pattern begins with, before anything that stands for several names.
fn literal(pattern: &str) -> PathBuf {
    let special = |name: &&str| name.contains(['*', '?', '[', '{', '\\', '!', '(']);
    let names: Vec<&str> = pattern.split('/').collect();
    let count = names.iter().take_while(|name| !special(name)).count();
    // The last name is that of a file, unless it is a pattern.
    let count = if count == names.len() { count.saturating_sub(1) } else { count };
    let directory = names.get(..count).unwrap_or_default().join("/");
    match pattern.starts_with('/') && directory.is_empty() {
        true => PathBuf::from("/"),
        false => PathBuf::from(directory),
    }
}
