//! Skills: folders with a `SKILL.md`, whose front matter says when to use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::digest::Digest;

use super::super::front_matter::{Value, parse};
use super::super::places::{Folder, Places};
use super::super::scan;
use super::{ALL_BYTES_MAX, FILE_BYTES_MAX, Text, unread};
use crate::text::fit;

/// The file of a skill.
const FILE: &str = "SKILL.md";
/// Folders that are looked at in one place.
const FOLDERS_MAX: usize = 500;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// Characters of a description: every model is told all of them.
const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Fields that are obeyed, or that harm nobody by being there.
const KNOWN_FIELDS: [&str; 10] = [
    "name",
    "description",
    "when_to_use",
    "disable-model-invocation",
    "user-invocable",
    "argument-hint",
    "license",
    "metadata",
    "version",
    "compatibility",
];

/// Every skill around the working directory. The nearest of a name wins.
pub fn find(places: &Places, notes: &mut Vec<String>) -> Vec<Text> {
    let mut known: BTreeMap<String, Text> = BTreeMap::new();
    let mut all = 0;
    for folder in places.folders("skills") {
        for path in files(&folder) {
            let shown = places.shown(&path);
            let skill = match read(&path, &folder) {
                Ok(Some((skill, mut own))) => {
                    notes.extend(own.drain(..).map(|note| format!("{shown}: {note}")));
                    skill
                }
                Ok(None) => continue,
                Err(reason) => {
                    notes.push(format!("{shown} is not offered: {reason}"));
                    continue;
                }
            };
            if known.contains_key(&skill.name) {
                continue;
            }
            all += skill.bytes;
            if all > ALL_BYTES_MAX {
                notes.push(format!(
                    "{shown} is not offered: all skills together have at most {ALL_BYTES_MAX} bytes"
                ));
                return known.into_values().collect();
            }
            known.insert(skill.name.clone(), skill);
        }
    }
    known.into_values().collect()
}

/// The files of the skills in a folder, by name. One that is reached over a link out of where the
/// folder belongs is none.
fn files(folder: &Folder) -> Vec<PathBuf> {
    if folder.real().is_none() {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(&folder.path) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.truncate(FOLDERS_MAX);
    // A plugin may name the folder of one skill.
    paths.insert(0, folder.path.clone());
    let file = |dir: PathBuf| {
        let path = dir.join(FILE);
        let own = Folder { path: path.clone(), ..folder.clone() };
        own.real().filter(|real| real.is_file()).map(|_| path)
    };
    paths.into_iter().filter_map(file).collect()
}

/// A skill and what of it is not obeyed; none, if models are not to use it by themselves.
type Read = Result<Option<(Text, Vec<String>)>, String>;

fn read(path: &Path, folder: &Folder) -> Read {
    let bytes = scan::read(path, FILE_BYTES_MAX).map_err(unread)?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let page = parse(&text).map_err(|error| error.to_string())?;
    let text_of = |name: &str| match page.fields.get(name) {
        Some(Value::Text(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let mut notes: Vec<String> = Vec::new();
    notes.extend(
        page.slip.as_ref().map(|slip| format!("{slip}; its lines are taken as they stand")),
    );
    if text_of("disable-model-invocation").is_some_and(|word| word == "true") {
        return Ok(None);
    }
    let dir = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let name = text_of("name").or_else(|| dir.map(ToOwned::to_owned)).unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
        return Err(format!("the name `{name}` is not letters, digits, `-`, `_` and `.`"));
    }
    let description = text_of("description").ok_or("it has no `description`")?;
    let description = match text_of("when_to_use") {
        Some(when) => format!("{description} {when}"),
        None => description,
    };
    let body = page.body.trim();
    if body.is_empty() {
        return Err("it has no text".into());
    }
    let ignored = page.fields.keys().filter(|field| !KNOWN_FIELDS.contains(&field.as_str()));
    notes.extend(ignored.map(|field| format!("`{field}` has no effect here")));
    let name = match &folder.plugin {
        Some(plugin) => format!("{plugin}:{name}"),
        None => name,
    };
    let skill = Text {
        name,
        description: fit(&description, DESCRIPTION_CHARS_MAX),
        digest: Digest::of(body.as_bytes()),
        bytes: body.len() as u64,
        place: folder.place,
        path: path.to_owned(),
        text: body.into(),
    };
    Ok(Some((skill, notes)))
}
