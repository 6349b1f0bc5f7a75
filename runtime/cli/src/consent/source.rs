//! What a workflow is made of, for a person who wants to see it before it runs.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::output::note;
use crate::program::Bundle;
use crate::text::{clean, one_line};

/// Shows the text of a script; of a component, what it says of itself and where it lies. On a terminal
/// `$PAGER` shows it, if it is set.
pub fn show(bundle: &Bundle) {
    let text = text(bundle);
    // Both ends must be a person's: a pager that writes into a file would hang for ever.
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let pager = std::env::var("PAGER").ok().filter(|pager| terminal && !pager.trim().is_empty());
    if !pager.is_some_and(|pager| page(&pager, &text)) {
        note(text.trim_end());
    }
}

/// The text, without anything that could steer a terminal.
fn text(bundle: &Bundle) -> String {
    if let Some(digest) = &bundle.program.script {
        let part = bundle.parts.iter().find(|part| part.digest == *digest);
        let source = part.map(|part| String::from_utf8_lossy(&part.bytes).into_owned());
        return clean(&source.unwrap_or_default()).into_owned();
    }
    let place = match &bundle.path {
        Some(path) => one_line(&path.display().to_string()),
        None => "part of this program: its source is in Baton's, below plugins/".into(),
    };
    let manifest = serde_json::to_string_pretty(&bundle.manifest).unwrap_or_default();
    format!("{}\n{place}\n\n{}\n", bundle.program.component, clean(&manifest))
}

/// Whether a pager showed it.
fn page(pager: &str, text: &str) -> bool {
    let Ok(words) = shell_words::split(pager) else { return false };
    let Some((program, arguments)) = words.split_first() else { return false };
    let child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut input) = child.stdin.take() {
        // Who has read enough closes the pager.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_journal::store::Blob;

    use super::super::tests::bundle;
    use super::*;

    #[test]
    fn a_script_is_its_text_and_a_component_what_it_says_of_itself() {
        let mut it = bundle(Default::default());
        let shown = text(&it);
        assert!(shown.starts_with("sha256:") && shown.contains("part of this program"), "{shown}");
        assert!(shown.contains("\"name\": \"flow\"") && !shown.contains('\x1b'), "{shown}");
        it.path = Some("/flows/flow.wasm".into());
        assert!(text(&it).contains("/flows/flow.wasm"));
        let script = Blob::new(&b"export const meta = {}\x1b[31m\nreturn 1\n"[..]);
        it.program.script = Some(script.digest);
        it.parts.push(script);
        assert_eq!(text(&it), "export const meta = {}[31m\nreturn 1\n");
    }
}
