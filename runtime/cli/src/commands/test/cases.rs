//! Recorded cases: found, read, and written again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::codes::Code;
use crate::error::{CliError, Result};

/// Ending of the file of cases that belongs to a component or script.
const ENDING: &str = "cases.json";
/// Folder of cases.
const FOLDER: &str = "cases";
/// Largest file of cases in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// One case.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// Of a tool component: the tool; none where it has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Of an agent: what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What is given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input: Option<Value>,
    /// Of an agent: JSON Schema of its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Of a workflow: what its agents answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Answer>,
    /// Files of the granted directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    /// What it must come to.
    #[serde(default)]
    pub expect: Expect,
}

/// Files of the granted directory.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Files {
    /// A folder, relative to the file of the case.
    Folder(PathBuf),
    /// Texts by their paths.
    Texts(BTreeMap<String, String>),
}

/// What an agent of a workflow answers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// A part of what it is asked.
    pub prompt: String,
    /// Its output.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output: Option<Value>,
    /// Why it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a case must come to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// The output.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output: Option<Value>,
    /// The code of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Files afterwards; none: there must be none of that path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Option<String>>,
}

/// `null` is a value; a missing one is none.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it, in order.
    pub cases: Vec<Case>,
    /// Whether it holds a list.
    list: bool,
}

impl CaseFile {
    fn read(path: PathBuf) -> Result<Self> {
        let file = |error| CliError::file("read", &path, &error);
        let size = fs::metadata(&path).map_err(file)?.len();
        if size > FILE_BYTES_MAX {
            let message =
                format!("{} has {size} bytes; the limit is {FILE_BYTES_MAX}", path.display());
            return Err(CliError::new(Code::File, message));
        }
        let bytes = fs::read(&path).map_err(file)?;
        let unusable = |error: serde_json::Error| {
            CliError::new(Code::File, format!("{} holds no cases", path.display()))
                .because(&error)
                .hint("`baton test --help` says what a case is")
        };
        let json: Value = serde_json::from_slice(&bytes).map_err(unusable)?;
        let list = json.is_array();
        let cases = if list {
            serde_json::from_value(json).map_err(unusable)?
        } else {
            vec![serde_json::from_value(json).map_err(unusable)?]
        };
        let file = Self { path, cases, list };
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<()> {
        for case in &self.cases {
            if case.expect.output.is_some() && case.expect.error.is_some() {
                let message = format!(
                    "{}: `{}` expects both an output and an error",
                    self.path.display(),
                    case.name
                );
                return Err(CliError::new(Code::File, message).hint("a case ends with one of them"));
            }
        }
        Ok(())
    }

    /// Writes the cases as they are now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<()> {
        let text = match self.cases.as_slice() {
            [one] if !self.list => serde_json::to_string_pretty(one),
            all => serde_json::to_string_pretty(all),
        };
        let text = text.map_err(|error| {
            CliError::new(Code::Internal, "the cases cannot be written").because(&error)
        })?;
        fs::write(&self.path, text + "\n")
            .map_err(|error| CliError::file("write", &self.path, &error))
    }
}

/// The cases that belong to `target`, or those of `named`.
///
/// # Errors
/// When there are none, or they cannot be read.
pub fn find(target: &str, named: Option<&Path>) -> Result<Vec<CaseFile>> {
    let places = match named {
        Some(path) => vec![path.to_owned()],
        None => places(Path::new(target)),
    };
    for place in &places {
        let files = if place.is_dir() {
            folder(place)?
        } else if place.is_file() {
            vec![place.clone()]
        } else {
            continue;
        };
        let files: Vec<CaseFile> = files.into_iter().map(CaseFile::read).collect::<Result<_>>()?;
        if files.iter().any(|file| !file.cases.is_empty()) {
            return Ok(files);
        }
    }
    let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    let message = format!("there are no cases in {}", looked.join(", "));
    Err(CliError::new(Code::File, message).hint("`baton test --help` says how to write some"))
}

/// Where cases of a file are looked for, the first place with any wins.
fn places(target: &Path) -> Vec<PathBuf> {
    let name = target.file_stem().unwrap_or(target.as_os_str()).to_string_lossy();
    let beside = target.parent().unwrap_or(Path::new(""));
    let mut places = Vec::new();
    for folder in [beside, Path::new("")] {
        for place in [folder.join(format!("{name}.{ENDING}")), folder.join(FOLDER)] {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// The files of a folder that end in `.json`, in the order of their names.
fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let file = |error: std::io::Error| CliError::file("read", path, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(file)? {
        let path = entry.map_err(file)?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
