//! The commands that the pages for people show: there are such commands, and they have such flags.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::support::Project;

/// Pages that show commands.
const PAGES: &[&str] = &[
    "ARCHITECTURE.md",
    "README.md",
    "plugins/CONTROL.md",
    "plugins/MODELS.md",
    "plugins/TOOLS.md",
    "plugins/migrate/README.md",
    "plugins/research/README.md",
    "plugins/review/README.md",
    "plugins/script/SCRIPTS.md",
];

#[test]
fn commands_of_the_pages_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut commands = Commands { project: Project::new(), known: BTreeMap::new() };
    let mut wrong = Vec::new();
    for page in PAGES {
        let shown = shown(&fs::read_to_string(root.join(page)).unwrap());
        assert!(!shown.is_empty(), "{page} shows no command");
        wrong.extend(
            shown
                .iter()
                .filter_map(|words| commands.fault(words))
                .map(|fault| format!("{page}: {fault}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_command_or_flag_that_is_not_there_is_found() {
    let mut commands = Commands { project: Project::new(), known: BTreeMap::new() };
    let text = "`baton ls --waiting` and `baton lists`:\n\n```sh\nbaton resume last \\\n  \
                --and-on   # it's `--wait`\ncat x | baton import - --root .\n```\n";
    let faults: Vec<String> =
        shown(text).iter().filter_map(|words| commands.fault(words)).collect();
    assert_eq!(faults, ["`baton resume` has no --and-on", "there is no `baton lists`"]);
}

/// What the commands know, asked of the binary.
struct Commands {
    project: Project,
    /// Flags by command; none where there is no such command.
    known: BTreeMap<Vec<String>, Option<BTreeSet<String>>>,
}

impl Commands {
    /// What is wrong with the words of a command, if anything is.
    fn fault(&mut self, words: &[String]) -> Option<String> {
        // The only command with commands below it.
        let depth = if words[1] == "manifest" { 3 } else { 2 };
        let name = words.get(1..depth).unwrap_or(&words[1..]);
        let project = &self.project;
        let known = self.known.entry(name.to_vec()).or_insert_with(|| flags(project, name));
        let shown = format!("baton {}", name.join(" "));
        let Some(known) = known else { return Some(format!("there is no `{shown}`")) };
        let mut given = words.iter().filter_map(|word| flag(word));
        let missing = given.find(|flag| !known.contains(flag))?;
        Some(format!("`{shown}` has no {missing}"))
    }
}

/// The flags that the help of a command lists.
fn flags(project: &Project, name: &[String]) -> Option<BTreeSet<String>> {
    let mut arguments: Vec<&str> = name.iter().map(String::as_str).collect();
    arguments.push("--help");
    let said = project.run(&arguments);
    let lines = said.stdout.lines().map(str::trim_start);
    let lists = |line: &&str| line.starts_with('-') || line.starts_with("[alias");
    let words = lines.filter(lists).flat_map(|line| line.split([' ', ',', '[', ']', '=']));
    (said.exit == 0).then(|| words.filter_map(flag).collect())
}

/// The flag that a word is, without its value.
fn flag(word: &str) -> Option<String> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    is_name.then(|| word.split('=').next().unwrap_or(word).to_owned())
}

/// The commands of a page, word by word: of blocks for a shell, then of code within sentences.
fn shown(page: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut sentences = String::new();
    for (at, part) in page.split("```").enumerate() {
        match part.strip_prefix("sh\n") {
            Some(block) if at % 2 == 1 => {
                let block = block.replace("\\\n", " ");
                commands.extend(block.lines().flat_map(|line| simple(&words(line))));
            }
            _ if at % 2 == 0 => sentences.push_str(part),
            _ => {}
        }
    }
    let spans = sentences.split('`').skip(1).step_by(2);
    commands.extend(spans.flat_map(|span| simple(&words(span))));
    commands
}

/// A line of a shell as words, without its comment.
fn words(line: &str) -> Vec<String> {
    let plain = || line.split_whitespace().map(str::to_owned).collect();
    // A comment may have quotes that nothing ends.
    let line = line.split_once(" #").map_or(line, |(command, _)| command);
    shell_words::split(line).unwrap_or_else(|_| plain())
}

/// The commands of a line that are ours.
fn simple(words: &[String]) -> Vec<Vec<String>> {
    let ends = |word: &String| matches!(word.as_str(), "|" | "||" | "&&" | ";" | ">" | "<");
    let parts = words.split(ends).filter(|part| part.len() > 1 && part[0] == "baton");
    // `baton --version` is no command.
    parts.filter(|part| flag(&part[1]).is_none()).map(<[String]>::to_vec).collect()
}
