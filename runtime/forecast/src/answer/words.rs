//! Words of shaped answers.

use super::draw::Draw;

/// Plain words without a meaning for any workflow.
pub(super) const WORDS: [&str; 40] = [
    "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty",
    "kelp", "larch", "maple", "nacre", "ocean", "pebble", "quartz", "reed", "sable", "tundra",
    "umber", "vale", "willow", "yarrow", "zephyr", "alder", "birch", "clover", "dune", "elm",
    "fern", "gorse", "hazel", "iris", "juniper", "lichen", "moss", "nettle", "osier", "poplar",
];

/// Some words in a row.
pub(super) fn phrase(draw: &mut Draw, count: usize) -> String {
    let words: Vec<&str> = (0..count.max(1)).filter_map(|_| draw.pick(&WORDS).copied()).collect();
    words.join(" ")
}

/// A path that no prompt named.
pub(super) fn path(draw: &mut Draw) -> String {
    let word = draw.pick(&WORDS).copied().unwrap_or_default();
    format!("src/{word}.rs")
}

/// Whether a path is one of [`path`].
fn is_ours(path: &str) -> bool {
    let word = path.strip_prefix("src/").and_then(|rest| rest.strip_suffix(".rs"));
    word.is_some_and(|word| WORDS.contains(&word))
}

/// Whether a text has a word of made-up answers: what it asks for is not there.
pub(crate) fn is_made_up(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| WORDS.contains(&word))
}

/// How many paths of a prompt are looked at.
const PATHS_MAX: usize = 64;

/// What looks like a path of a file in a text: workers cite the files that they are told of. Those that
/// shaped answers made up are left out, so that what is found does not change with what was found.
pub(super) fn paths(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let apart = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;|".contains(c);
    for word in text.split(apart) {
        let word = word.trim_end_matches(['.', ':', '!', '?']);
        // A place such as `src/a.rs:12` names the file.
        let path = word.split(':').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
        let ending = ending.map(|(_, ending)| ending).unwrap_or_default();
        let is_path = (1..=8).contains(&ending.len())
            && ending.chars().all(|c| c.is_ascii_alphanumeric())
            && ending.chars().any(|c| c.is_ascii_alphabetic())
            && (path.contains('/') || stem_is_plain(name));
        if is_path
            && !is_ours(path)
            && !word.contains("://")
            && !found.iter().any(|one| one == path)
        {
            found.push(path.to_owned());
            if found.len() == PATHS_MAX {
                break;
            }
        }
    }
    without_sides(found)
}

/// Patches name every file twice, as `a/PATH` and `b/PATH`.
fn without_sides(found: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for path in &found {
        let rest = path.strip_prefix("a/").or_else(|| path.strip_prefix("b/"));
        let named = |side: &str, rest: &str| found.contains(&format!("{side}{rest}"));
        let is_side = |rest: &&str| named("", rest) || (named("a/", rest) && named("b/", rest));
        let path = rest.filter(is_side).unwrap_or(path);
        if !kept.iter().any(|known| known == path) {
            kept.push(path.to_owned());
        }
    }
    kept
}

/// Whether a name without a folder is one of a file, and not a number or an abbreviation.
fn stem_is_plain(name: &str) -> bool {
    let stem = name.rsplit_once('.').map(|(stem, _)| stem).unwrap_or_default();
    stem.len() > 1
        && stem.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && stem.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_words_are_known_again() {
        for (text, expected) in [
            ("{\"path\":\"src/moss.rs\"}", true),
            ("{\"from\":\"amber elm\"}", true),
            ("{\"path\":\"src/mossy.rs\",\"to\":\"HEAD\"}", false),
            ("", false),
        ] {
            assert_eq!(is_made_up(text), expected, "{text}");
        }
    }

    #[test]
    fn a_prompt_names_files() {
        let cases = [
            ("Review src/a.rs, then `docs/b.md`.", vec!["src/a.rs", "docs/b.md"]),
            ("at src/a.rs:12 and src/a.rs:14", vec!["src/a.rs"]),
            ("README.md e.g. version 1.2 or 3.5 of it", vec!["README.md"]),
            ("see https://example.org/a.html and src/moss.rs", vec![]),
            ("--- a/src/a.rs\n+++ b/src/a.rs", vec!["src/a.rs"]),
            ("path=\"src/a.rs\"\n+++ b/src/a.rs and a/c.rs", vec!["src/a.rs", "a/c.rs"]),
            ("{\"path\":\"web/app.tsx\"}", vec!["web/app.tsx"]),
            ("no files here. None.", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(paths(text), expected, "{text}");
        }
    }
}
