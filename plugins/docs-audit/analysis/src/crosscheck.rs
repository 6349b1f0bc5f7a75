//! What only a comparison of files can show.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::passages::SKETCH;
use crate::project::versionless;
use crate::references::PLACES_MAX;
use crate::report::{Check, Finding, Kind, Lines, Place, Severity};
use crate::settings::{self, Setting};
use crate::work::Facts;
use crate::{path, rules, text};

/// Fewest words of a file whose copies are reported.
const FILE_WORDS_MIN: u64 = 30;
/// Equal places of two sketches from which passages count as near copies: about three quarters of
/// their shingles are the same.
const SKETCH_EQUAL_MIN: usize = 12;
/// Values of a sketch that must agree for two passages to be compared at all.
const BAND: usize = 2;
/// Passages of one band that are compared with each other at the most.
const BUCKET_MAX: usize = 64;

/// Compares what the auditors brought and brings findings. The order of `facts` does not matter.
#[must_use]
pub fn compare(facts: &mut [Facts], checks: &[Check]) -> Vec<Finding> {
    facts.sort_by(|left, right| left.path.cmp(&right.path));
    let mut findings = Vec::new();
    if checks.contains(&Check::Repetition) {
        let (mut files, copies) = repeated_files(facts);
        findings.append(&mut files);
        findings.append(&mut repeated_passages(facts, &copies));
    }
    if checks.contains(&Check::Contradictions) {
        findings.append(&mut contradictions(facts));
    }
    findings
}

/// A file's name without the version of its package: other versions of a package hold the same
/// files by design.
fn identity(facts: &Facts) -> (&str, &str) {
    let inside = facts.path.get(facts.project.len()..).unwrap_or(&facts.path);
    (versionless(&facts.project), inside)
}

fn distinct<'a>(files: impl IntoIterator<Item = &'a Facts>) -> Vec<&'a Facts> {
    let mut seen = BTreeSet::new();
    files.into_iter().filter(|facts| seen.insert(identity(facts))).collect()
}

/// Files with equal content, and the digests of which only the first file is looked at further.
fn repeated_files(facts: &[Facts]) -> (Vec<Finding>, BTreeSet<usize>) {
    let mut by_digest: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, file) in facts.iter().enumerate() {
        // Workers that cannot compute a digest leave it out.
        let known = !file.digest.is_empty();
        if known && file.words >= FILE_WORDS_MIN && !rules::is_fixture(&file.path) {
            by_digest.entry(&file.digest).or_default().push(at);
        }
    }
    let mut copies = BTreeSet::new();
    let mut findings = Vec::new();
    for group in by_digest.into_values() {
        copies.extend(group.iter().skip(1).copied());
        let files = distinct(group.iter().filter_map(|at| facts.get(*at)));
        let place = |file: &&Facts| {
            let opening = file.opening.clone().unwrap_or_default();
            Place {
                path: file.path.clone(),
                lines: Lines::from(&opening),
                quote: opening.quote,
                digest: file.digest.clone(),
            }
        };
        let Some((first, rest)) = files.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            continue;
        };
        let together = rest.iter().all(|file| file.project == first.project);
        let standard = rules::is_boilerplate_file(&first.path);
        findings.push(Finding {
            kind: Kind::RepeatedFile,
            severity: if together && !standard { Severity::Low } else { Severity::Info },
            place: place(first),
            subject: format!("{} equal files", files.len()),
            others: rest.iter().take(PLACES_MAX).map(place).collect(),
            why: format!(
                "{} files have the same content, byte for byte, so a change to one must be made in all.",
                files.len()
            ),
            fix: "Keep one and let the others point to it, if they are meant to stay the same.".into(),
            challenge: None,
        });
    }
    (findings, copies)
}

/// One passage in the comparison.
struct Item {
    file: u32,
    passage: u32,
    sketch: [u32; SKETCH],
}

impl Item {
    fn near(&self, other: &Self) -> bool {
        let equal = self.sketch.iter().zip(&other.sketch).filter(|(left, right)| left == right);
        equal.count() >= SKETCH_EQUAL_MIN
    }
}

fn repeated_passages(facts: &[Facts], copies: &BTreeSet<usize>) -> Vec<Finding> {
    let mut items = Vec::new();
    for (file, fact) in (0_u32..).zip(facts) {
        if copies.contains(&(file as usize)) {
            continue;
        }
        for (passage, entry) in (0_u32..).zip(&fact.passages) {
            if let Some(sketch) = entry.sketch() {
                items.push(Item { file, passage, sketch });
            }
        }
    }
    // Clusters that stand in the same files become one finding.
    let mut by_files: BTreeMap<Vec<u32>, Vec<Vec<&Item>>> = BTreeMap::new();
    for cluster in clusters(&items) {
        let mut seen = BTreeSet::new();
        let members: Vec<&Item> = cluster
            .into_iter()
            .filter(|item| {
                facts.get(item.file as usize).is_some_and(|file| seen.insert(identity(file)))
            })
            .collect();
        if members.len() > 1 {
            let files = members.iter().map(|item| item.file).collect();
            by_files.entry(files).or_default().push(members);
        }
    }
    by_files.into_values().filter_map(|group| repetition(facts, group)).collect()
}

/// Near copies, each cluster in the order of its items; every member is near the first.
fn clusters(items: &[Item]) -> Vec<Vec<&Item>> {
    let mut first: Vec<usize> = (0..items.len()).collect();
    for band in 0..SKETCH / BAND {
        let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let values = item.sketch.iter().skip(band * BAND).take(BAND);
            let key = values.fold(0, |key, value| text::mix(key ^ u64::from(*value)));
            let bucket = buckets.entry(key).or_default();
            let near = bucket
                .iter()
                .find(|known| items.get(**known).is_some_and(|known| known.near(item)));
            match near {
                Some(known) => {
                    let (Some(mine), Some(theirs)) = (first.get(at), first.get(*known)) else {
                        continue;
                    };
                    let least = *mine.min(theirs);
                    if let Some(entry) = first.get_mut(at) {
                        *entry = least;
                    }
                }
                None if bucket.len() < BUCKET_MAX => bucket.push(at),
                None => {}
            }
        }
    }
    let mut clusters: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for (item, head) in items.iter().zip(&first) {
        if items.get(*head).is_some_and(|head| head.near(item)) {
            clusters.entry(*head).or_default().push(item);
        }
    }
    clusters.into_values().filter(|cluster| cluster.len() > 1).collect()
}

/// The finding for clusters that stand in the same files, the longest passage first.
fn repetition(facts: &[Facts], mut group: Vec<Vec<&Item>>) -> Option<Finding> {
    let place = |item: &&Item| {
        let file = facts.get(item.file as usize)?;
        let passage = file.passages.get(item.passage as usize)?;
        let (path, digest) = (file.path.clone(), file.digest.clone());
        Some((
            Place { path, lines: passage.lines, quote: passage.quote.clone(), digest },
            passage.words,
        ))
    };
    let longest = |cluster: &Vec<&Item>| {
        let words = cluster.first().and_then(place).map_or(0, |(_, words)| words);
        std::cmp::Reverse(words)
    };
    group.sort_by_key(longest);
    let members: Vec<&&Item> = group.first()?.iter().collect();
    let files = members.len();
    let projects: BTreeSet<&str> = members
        .iter()
        .filter_map(|item| Some(facts.get(item.file as usize)?.project.as_str()))
        .collect();
    let mut places = group.iter().flatten().filter_map(place);
    let (first, words) = places.next()?;
    let others: Vec<Place> = places.map(|(place, _)| place).take(PLACES_MAX).collect();
    let passages = group.len();
    Some(Finding {
        kind: Kind::RepeatedInstruction,
        severity: if projects.len() == 1 { Severity::Low } else { Severity::Info },
        place: first,
        subject: format!(
            "{passages} passage{} in {files} files",
            if passages == 1 { "" } else { "s" }
        ),
        others,
        why: format!(
            "The same instruction ({words} words{}) stands in {files} files, so they can drift apart.",
            if passages == 1 { String::new() } else { format!(", and {} more", passages - 1) }
        ),
        fix: "Keep it in one file and refer to it from the others.".into(),
        challenge: None,
    })
}

/// Settings with different defaults in one project.
fn contradictions(facts: &[Facts]) -> Vec<Finding> {
    let mut by_key: BTreeMap<(&str, &str), Vec<(&Facts, &Setting)>> = BTreeMap::new();
    for file in facts {
        for setting in &file.settings {
            by_key.entry((&file.project, &setting.key)).or_default().push((file, setting));
        }
    }
    by_key.into_values().filter_map(|stated| contradiction(&stated)).collect()
}

fn contradiction(stated: &[(&Facts, &Setting)]) -> Option<Finding> {
    let (first, setting) = stated.first()?;
    let value = settings::normal(&setting.value);
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (file, other) in stated {
        values.entry(&file.path).or_default().insert(settings::normal(&other.value));
    }
    // A file that gives one key several defaults speaks of several things with that name.
    let kinds: BTreeSet<&String> = values.values().flatten().collect();
    if values.values().any(|values| values.len() > 1) || kinds.len() > 3 {
        return None;
    }
    let others: Vec<Place> = stated
        .iter()
        .filter(|(file, other)| {
            file.path != first.path
                && settings::normal(&other.value) != value
                && same_kind(&value, &settings::normal(&other.value))
                && same_context(first, file, setting, other)
        })
        .map(|(file, other)| place(file, other))
        .take(PLACES_MAX)
        .collect();
    let (_, other) = stated.iter().find(|(_, other)| settings::normal(&other.value) != value)?;
    (!others.is_empty()).then(|| Finding {
        kind: Kind::ContradictingSetting,
        severity: Severity::High,
        place: place(first, setting),
        subject: setting.key.clone(),
        others,
        why: format!(
            "`{}` is said to default to `{}` here and to `{}` elsewhere in the same project.",
            setting.key, setting.value, other.value
        ),
        fix: "Find out which value holds, and state it in one place.".into(),
        challenge: None,
    })
}

fn place(file: &Facts, setting: &Setting) -> Place {
    Place {
        path: file.path.clone(),
        lines: setting.lines,
        quote: setting.quote.clone(),
        digest: file.digest.clone(),
    }
}

/// Whether two values are of a kind, so that they exclude each other.
fn same_kind(left: &str, right: &str) -> bool {
    let kind = |value: &str| match value {
        "true" | "false" => 0,
        _ if value.parse::<f64>().is_ok() => 1,
        _ if value.starts_with(|c: char| c.is_ascii_digit()) => 2,
        _ => 3,
    };
    kind(left) == kind(right)
}

/// Whether two statements are about one thing: the variable of a whole project, or sentences that
/// share their words.
fn same_context(left: &Facts, right: &Facts, one: &Setting, other: &Setting) -> bool {
    if settings::is_environment(&one.key) {
        return true;
    }
    let shared = one.about.iter().filter(|word| other.about.contains(word)).count();
    let least = one.about.len().min(other.about.len());
    let near = path::parent(&left.path) == path::parent(&right.path);
    shared >= 2 && shared * if near { 3 } else { 2 } >= least
}
