//! What a command might print, by what it is: nobody runs it to find out.

use std::fmt::Write as _;

use super::draw::Draw;
use super::temper::{Lean, Temper};
use super::words;
use crate::world::World;

/// Files of a change, lines of a listing and so on, where the lean is towards much.
const MOST: usize = 8;
/// Lines that a change adds to one file, from the least to the most.
const ADDED: (usize, usize) = (2, 60);
/// Words of what is printed where nobody knows what it is.
const WORDS: usize = 24;
/// Lines around a change.
const AROUND: usize = 3;

/// What a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A unified patch.
    Patch,
    /// Paths of files, one a line.
    Paths,
    /// Changed files, each after its state.
    States,
    /// Places that fit a pattern, as `PATH:LINE:TEXT`.
    Matches,
    /// Names of revisions, one a line.
    Revisions,
    /// Revisions, each before its title.
    Titles,
    /// A number.
    Number,
    /// JSON of a shape that nobody knows.
    Json,
    /// Anything: its status is what counts.
    Words,
}

impl Kind {
    /// What the command of these words prints.
    pub(crate) fn of(argv: &[&str]) -> Self {
        let program =
            argv.first().map_or("", |program| program.rsplit('/').next().unwrap_or_default());
        let arguments = argv.get(1..).unwrap_or_default();
        let has = |names: &[&str]| arguments.iter().any(|argument| names.contains(argument));
        let words = |word: &&&str| !word.starts_with('-');
        let verb = arguments.iter().find(words).copied().unwrap_or_default();
        let json = |argument: &&str| {
            let name = argument.trim_start_matches('-');
            ["json", "format=json", "output=json", "reporter=json"].contains(&name)
        };
        match (program, verb) {
            ("git", "diff" | "show" | "diff-tree" | "diff-index" | "diff-files") => {
                if has(&["--name-only"]) {
                    Self::Paths
                } else if has(&["--name-status"]) {
                    Self::States
                } else if has(&["--stat", "--numstat", "--shortstat", "--quiet"]) {
                    Self::Words
                } else {
                    Self::Patch
                }
            }
            ("git", "format-patch") if has(&["--stdout"]) => Self::Patch,
            ("git", "log" | "shortlog") if has(&["-p", "--patch", "-u"]) => Self::Patch,
            ("git", "log") if has(&["--name-only"]) => Self::Paths,
            ("git", "log") if has(&["--format=%H", "--pretty=format:%H"]) => Self::Revisions,
            ("git", "log") => Self::Titles,
            ("git", "ls-files" | "ls-tree") => Self::Paths,
            ("git", "status") if has(&["--porcelain", "--short", "-s"]) => Self::States,
            ("git", "rev-list") if has(&["--count"]) => Self::Number,
            ("git", "rev-parse" | "rev-list" | "merge-base" | "write-tree") => Self::Revisions,
            ("git", "grep") if !has(&["-l", "--name-only", "-c"]) => Self::Matches,
            ("git", "grep") => Self::Paths,
            ("diff", _) if has(&["-u", "-ru", "-ur", "--unified"]) => Self::Patch,
            ("find" | "fd" | "ls", _) => Self::Paths,
            ("rg" | "grep" | "ag", _) => {
                if has(&["-l", "-rl", "-lr", "--files", "--files-with-matches"]) {
                    Self::Paths
                } else if has(&["-c", "--count"]) {
                    Self::Number
                } else if has(&["-q", "--quiet"]) {
                    Self::Words
                } else {
                    Self::Matches
                }
            }
            ("wc", _) if has(&["-l", "-c", "-w"]) => Self::Number,
            ("nproc", _) => Self::Number,
            ("cargo", "metadata") => Self::Json,
            _ if arguments.iter().any(json) => Self::Json,
            _ => Self::Words,
        }
    }

    /// What is made up of it, for people; none: nothing but that it succeeds or fails.
    pub(crate) fn told(self) -> Option<&'static str> {
        Some(match self {
            Self::Patch => "a patch of 1 to 8 files, up to 60 lines each",
            Self::Paths | Self::States => "up to 8 files",
            Self::Matches => "up to 8 places",
            Self::Revisions | Self::Titles => "up to 8 revisions",
            Self::Number => "a small number",
            Self::Json => "an empty object",
            Self::Words => return None,
        })
    }

    /// Whether it tells something, and fails only where something is wrong with the machine.
    pub(super) fn reports(self) -> bool {
        self != Self::Words
    }

    /// Its output.
    pub(super) fn print(self, draw: &mut Draw, temper: &Temper, world: &World) -> String {
        let count = match temper.lean {
            Lean::Least => 0,
            Lean::Most => MOST,
            Lean::Varied => draw.between(0, (2.0 * temper.items).round() as usize).min(MOST),
        };
        let mut lines = String::new();
        match self {
            // Nobody asks for a change where there is none.
            Self::Patch => {
                for path in files(draw, world, count.max(1)) {
                    lines.push_str(&patch(&path, draw, temper, world));
                }
            }
            Self::Paths => {
                for path in files(draw, world, count) {
                    let _ = writeln!(lines, "{path}");
                }
            }
            Self::States => {
                for path in files(draw, world, count) {
                    let _ = writeln!(lines, "M\t{path}");
                }
            }
            Self::Matches => {
                for path in files(draw, world, count) {
                    let (line, text) = line_of(&path, draw, world);
                    let _ = writeln!(lines, "{path}:{line}:{text}");
                }
            }
            Self::Revisions | Self::Titles => {
                for _ in 0..count.max(1) {
                    let title = words::phrase(draw, 4);
                    let revision = baton_core::digest::Digest::of(title.as_bytes()).hex();
                    let revision = revision.get(..40).unwrap_or_default();
                    let _ = match self {
                        Self::Titles => writeln!(lines, "{revision} {title}"),
                        _ => writeln!(lines, "{revision}"),
                    };
                }
            }
            Self::Number => {
                let _ = writeln!(lines, "{count}");
            }
            Self::Json => lines.push_str("{}\n"),
            Self::Words => lines.push_str(&words::phrase(draw, WORDS)),
        }
        lines
    }
}

/// Different files: those that are there, else made-up ones.
fn files(draw: &mut Draw, world: &World, count: usize) -> Vec<String> {
    let mut left: Vec<&String> = world.names().iter().collect();
    let mut found: Vec<String> = Vec::new();
    for _ in 0..count {
        if left.is_empty() {
            let path = words::path(draw);
            if world.names().is_empty() && !found.contains(&path) {
                found.push(path);
            }
            continue;
        }
        let at = draw.below(left.len());
        found.push(left.swap_remove(at).clone());
    }
    found.sort_unstable();
    found
}

/// A line of a file, with its number.
fn line_of(path: &str, draw: &mut Draw, world: &World) -> (u64, String) {
    let lines = world.lines(path);
    let known = lines.as_ref().and_then(|lines| draw.pick(lines)).cloned();
    known.unwrap_or_else(|| (draw.between(1, 200) as u64, words::phrase(draw, 6)))
}

/// A patch that makes a file what it is now: some of its lines are new.
fn patch(path: &str, draw: &mut Draw, temper: &Temper, world: &World) -> String {
    let (least, most) = ADDED;
    let added = match temper.lean {
        Lean::Least => least,
        Lean::Most => most,
        // As many small changes as large ones.
        Lean::Varied => {
            (least as f64 * (most as f64 / least as f64).powf(draw.unit())).round() as usize
        }
    };
    let known = world.lines(path);
    let known = known.as_deref().unwrap_or_default();
    let start = draw.below(known.len().saturating_sub(added + AROUND).max(1));
    // Lines follow each other without the empty ones between them, which no patch could skip: they are
    // numbered from where the first one stands.
    let text = |at: usize, draw: &mut Draw| match known.get(start + at) {
        Some((_, line)) => line.clone(),
        None => words::phrase(draw, 6),
    };
    let first = known.get(start).map_or(1, |(number, _)| *number);
    let mut body = String::new();
    for at in 0..AROUND {
        let _ = writeln!(body, " {}", text(at, draw));
    }
    let removed = added / 2;
    for _ in 0..removed {
        let _ = writeln!(body, "-{}", words::phrase(draw, 6));
    }
    for at in AROUND..AROUND + added {
        let _ = writeln!(body, "+{}", text(at, draw));
    }
    format!(
        "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -{first},{} +{first},{} @@\n{body}",
        AROUND + removed,
        AROUND + added,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_by_what_they_are_asked_for() {
        let cases: [(&[&str], Kind); 20] = [
            (&["git", "diff", "--no-color", "HEAD"], Kind::Patch),
            (&["/usr/bin/git", "diff", "--name-only", "main"], Kind::Paths),
            (&["git", "diff", "--stat"], Kind::Words),
            (&["git", "ls-files", "--others"], Kind::Paths),
            (&["git", "status", "--porcelain"], Kind::States),
            (&["git", "status"], Kind::Words),
            (&["git", "log", "--oneline"], Kind::Titles),
            (&["git", "log", "-p"], Kind::Patch),
            (&["git", "rev-parse", "HEAD"], Kind::Revisions),
            (&["git", "commit", "-m", "x"], Kind::Words),
            (&["diff", "-u", "a", "b"], Kind::Patch),
            (&["rg", "-l", "x"], Kind::Paths),
            (&["grep", "-rn", "x"], Kind::Matches),
            (&["find", ".", "-name", "x"], Kind::Paths),
            (&["wc", "-l", "x"], Kind::Number),
            (&["cargo", "metadata"], Kind::Json),
            (&["gh", "pr", "list", "--json"], Kind::Json),
            (&["cargo", "test"], Kind::Words),
            (&["make"], Kind::Words),
            (&[], Kind::Words),
        ];
        for (argv, expected) in cases {
            assert_eq!(Kind::of(argv), expected, "{argv:?}");
        }
    }

    #[test]
    fn patches_say_how_long_they_are() {
        let world = World::default();
        for temper in Temper::all(12, 2.0) {
            let mut draw = Draw::of(temper.seed, &["patch"]);
            let printed = Kind::Patch.print(&mut draw, &temper, &world);
            let files = printed.matches("diff --git ").count();
            assert!((1..=MOST).contains(&files), "{printed}");
            for part in printed.split("diff --git ").skip(1) {
                let count = |marks: &[char]| {
                    let body = part.lines().skip(4);
                    body.filter(|line| line.starts_with(marks)).count()
                };
                let head = part.lines().nth(3).unwrap_or_default();
                let told = format!("-1,{} +1,{} @@", count(&[' ', '-']), count(&[' ', '+']));
                assert!(head.ends_with(&told), "{head} is not {told}");
            }
        }
    }
}
