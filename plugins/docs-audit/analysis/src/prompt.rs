//! The work of agents in words, for those that read words: models. Component agents read their
//! input alone.

use crate::report::{Check, Finding};

/// What a check asks for.
fn wanted(check: Check) -> &'static str {
    match check {
        Check::References => {
            "- references: links to files, anchors (GitHub's rules for names of headings) or link labels \
             that do not exist in the tree. Look every target up with your tools before you report it. \
             Leave out web addresses, placeholders, links that leave the root, links that rustdoc or a \
             site generator resolves, and whatever stands in code. Kinds: `missing-file` (subject: the \
             path), `missing-anchor` (subject: `path#anchor`), `undefined-label` (subject: the label).\n"
        }
        Check::FrontMatter => {
            "- front matter that does not parse (`front-matter-syntax`), or that lacks or misuses `name` \
             or `description` in SKILL.md and agent definitions (`front-matter-field`; subject: the \
             field).\n"
        }
        Check::Repetition => {
            "- repetition: for each paragraph or list item of twelve words or more that tells the reader \
             what to do, one entry in `passages` of the file's `facts`, with its lines, the beginning as \
             `quote`, and all of it as `text`. Leave out licences, codes of conduct and histories. They \
             are compared between all files afterwards; report no finding yourself.\n"
        }
        Check::Contradictions => {
            "- defaults: for each default value that prose or a table states for a setting named in code \
             formatting, one entry in `settings` of the file's `facts`. They are compared between all \
             files afterwards; report no finding yourself.\n"
        }
        Check::Statements => {
            "- statements: read what the text says about this project, and look it up in the project: \
             commands and options that do not exist, paths in prose that are gone, defaults and limits \
             that the code sets otherwise, steps that fail, features that are not there. Kind: \
             `wrong-statement`, with the place in the code or settings that shows it in `others`. Two \
             places of the documentation that contradict each other are a `contradicting-statement`, with \
             the other place in `others`. Severity: high if a reader who follows the text fails or does \
             harm, medium if it misleads, low otherwise.\n"
        }
    }
}

/// The prompt of an auditor.
#[must_use]
pub fn audit(files: &[String], checks: &[Check]) -> String {
    let wanted: String = checks.iter().map(|check| wanted(*check)).collect();
    let list: String = files.iter().map(|file| format!("- {file}\n")).collect();
    // The files come last, so that the prompts of all auditors begin alike.
    format!(
        "Audit Markdown files. Look for:\n{wanted}\nRules of the answer:\n\
         - Report only what you looked up and are sure of. Nothing found is a good result.\n\
         - `quote` is copied exactly from the lines you cite. The workflow opens the file and looks for \
         it; what is not there is thrown away. Others will try to refute the rest.\n\
         - `why` says in one or two sentences what is wrong, `fix` what to write instead.\n\
         - Leave `digest`, `bytes`, `sketch` and `challenge` out: programs fill them.\n\
         - A file that you cannot read goes to `unread` with the reason.\n\nThe files:\n{list}"
    )
}

/// The prompt of a challenger.
#[must_use]
pub fn challenge(findings: &[Finding]) -> String {
    format!(
        "Another worker reported {} findings about Markdown files; they stand in the input, the first has \
         index 0. Try to refute each one.\n\n\
         - Open the cited file again, and read around the cited lines. An example, a placeholder, a \
         quotation, a text about an older version, or text in a code block is no defect.\n\
         - A missing file: list the directory it should be in. A missing anchor: read the headings of the \
         target. Repeated text: compare the places; text that differs in meaning is not repeated.\n\
         - Contradicting settings or statements: check that both places mean the same thing in the same \
         context.\n\
         - A wrong statement: open the code or settings that it is about, and follow them. Does the text \
         really say what the finding claims, and is that really wrong today?\n\n\
         Answer `upheld` only where you could not refute it; give the reason in either case, with what you \
         looked at. If the finding holds and only some of its `others` do not, name their positions in \
         `drop`.",
        findings.len()
    )
}
