//! Lists that the rules are written with.

use crate::path;

/// Endings of host names that are no endings of file names.
pub const ZONES: &[&str] = &["com", "org", "net", "io", "dev", "edu", "gov", "app", "ai", "de"];

/// Headings of pages that rustdoc generates.
pub const RUSTDOC_ANCHORS: &[&str] = &[
    "reexports",
    "modules",
    "macros",
    "structs",
    "enums",
    "constants",
    "statics",
    "traits",
    "functions",
    "types",
    "attributes",
    "derives",
    "primitives",
    "unions",
    "keywords",
    "fields",
    "variants",
    "implementations",
    "trait-implementations",
    "required-methods",
    "provided-methods",
    "implementors",
    "blanket-implementations",
    "foreign-impls",
    "deref-methods",
    "synthetic-implementations",
    "auto-trait-implementations",
    "unions",
    "feature-flags",
    "crate-features",
    "features",
    "cargo-features",
    "optional-features",
];

/// First parts of anchors that rustdoc generates.
pub const RUSTDOC_ANCHOR_KINDS: &[&str] = &[
    "method",
    "tymethod",
    "structfield",
    "variant",
    "impl",
    "associatedtype",
    "associatedconstant",
    "reexport",
    "macro",
    "struct",
    "enum",
    "trait",
    "fn",
    "type",
    "constant",
    "module",
    "deref",
    "field",
];

/// Parts of web addresses of code hosting sites that people reach by `../../`.
pub const SITE_PAGES: &[&str] = &[
    "issues",
    "pulls",
    "pull",
    "wiki",
    "releases",
    "discussions",
    "actions",
    "blob",
    "tree",
    "compare",
    "commit",
    "commits",
    "milestone",
    "milestones",
    "labels",
    "projects",
    "graphs",
    "network",
    "stargazers",
    "security",
    "tags",
    "raw",
    "archive",
    "workflows",
    "packages",
];

/// Beginnings of file names that have no extension.
const PLAIN_NAMES: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "CONTRIBUTING",
    "CHANGELOG",
    "CHANGES",
    "AUTHORS",
    "NOTICE",
    "README",
    "UNLICENSE",
    "Makefile",
    "Dockerfile",
    "CODE_OF_CONDUCT",
    "SECURITY",
    "PATENTS",
    "INSTALL",
    "HACKING",
    "CONTRIBUTORS",
    "MAINTAINERS",
    "LICENSES",
];

/// Whether a name without extension is one that people give to files.
pub fn is_plain_file_name(name: &str) -> bool {
    PLAIN_NAMES.iter().any(|plain| {
        name.strip_prefix(plain)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    })
}

/// Directories of texts that are input of tests: what is wrong there is meant to be.
const FIXTURES: &[&str] = &[
    "fixtures",
    "fixture",
    "__fixtures__",
    "testdata",
    "test-data",
    "test_data",
    "test_files",
    "testcases",
    "test-cases",
    "snapshots",
    "__snapshots__",
    "corpus",
    "golden",
    "goldens",
    "node_modules",
    "test_resources",
    "fuzz",
];

/// Directories of tests, where only pages for people are audited.
const TESTS: &[&str] = &["tests", "test", "spec", "specs", "benches", "bench"];

/// Whether a file is input of a test.
pub fn is_fixture(file: &str) -> bool {
    let directory = path::parent(file).to_ascii_lowercase();
    let mut parts = directory.split('/');
    let for_people = is_plain_file_name(path::name(file).trim_end_matches(".md"));
    parts.clone().any(|part| FIXTURES.contains(&part))
        || (!for_people && parts.any(|part| TESTS.contains(&part)))
}

/// Names of files that are the same everywhere and that nobody means to keep apart.
const BOILERPLATE: &[&str] = &[
    "license",
    "licence",
    "copying",
    "copyright",
    "code_of_conduct",
    "code-of-conduct",
    "unlicense",
    "changelog",
    "changes",
    "history",
    "news",
    "release",
    "security",
    "notice",
    "authors",
    "third",
    "patents",
    "contributors",
    "governance",
    "cla",
    "releases",
    "release-notes",
    "maintainers",
    "upgrading",
    "migration",
    "migrating",
];

fn stem(file: &str) -> String {
    let name = path::name(file).to_ascii_lowercase();
    name.split('.').next().unwrap_or_default().to_string()
}

/// Whether a file holds a standard text or a history.
pub fn is_boilerplate_file(file: &str) -> bool {
    let stem = stem(file);
    BOILERPLATE.iter().any(|name| {
        stem.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    }) || path::parent(file).to_ascii_lowercase().split('/').any(|part| {
        matches!(part, "licenses" | "license" | "licences" | "changelog" | "changelogs" | "changes")
    })
}

/// Whether a file describes other versions than the present one.
pub fn is_versioned(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    is_boilerplate_file(file)
        || ["release-note", "release_note", "versioned_docs", "migration", "migrat", "upgrad"]
            .iter()
            .any(|mark| lower.contains(mark))
        || path::parent(&lower).split('/').any(|part| {
            let number = part.strip_prefix('v').unwrap_or(part);
            let number = number.strip_prefix("version-").unwrap_or(number);
            number.starts_with(|c: char| c.is_ascii_digit())
                && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'x' | '_'))
        })
}

/// Words of standard paragraphs: licences, contributions, conduct.
const BOILERPLATE_WORDS: &[&str] = &[
    "licensed under",
    "license",
    "licence",
    "copyright",
    "warrant",
    "contribution intentionally",
    "code of conduct",
    "covenant",
    "harass",
    "liable",
    "liability",
    "merchantability",
    "vulnerabilit",
    "sponsor",
    "donat",
    "trademark",
    "misrepresent",
    "this software",
];

/// Whether a passage is a standard paragraph.
pub fn is_boilerplate_passage(lower: &str) -> bool {
    BOILERPLATE_WORDS.iter().any(|mark| lower.contains(mark))
}
