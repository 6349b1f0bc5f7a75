//! Settings: `baton.toml` of the project and `config.toml` of the person.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use baton_core::record::SCRIPT_NESTING_DEFAULT;
use baton_journal::retention::Retention;
use serde::Deserialize;
use toml::Spanned;

use super::models::caps::RawCaps;
use super::models::file as models_file;
use super::places::Places;
use super::policy::file::{
    Lists, Origin, RawHttp, RawPlugin, RawSecret, RawServer, RawTool, Sections, Wrong,
};
use super::policy::{Place, Set, Source};
use super::retention::RawRetention;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::notify::Placed;
use crate::notify::settings::RawNotify;

/// Bytes of a file of settings.
const SETTINGS_BYTES_MAX: u64 = 256 << 10;
/// Levels of `workflow()` at the most: the root and its children fit `run.depth`.
pub const NESTING_MAX: u32 = 7;

/// Every setting, with defaults where nobody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Scripts get a virtual clock and random source instead of an error.
    pub lenient: bool,
    /// Scripts get the global `baton`.
    pub extensions: bool,
    /// How deep `workflow()` may go.
    pub nesting: u32,
}

/// A file of settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    scripts: Scripts,
    grant: Lists,
    deny: Lists,
    plugins: BTreeMap<String, Spanned<RawPlugin>>,
    tools: BTreeMap<String, Spanned<RawTool>>,
    secrets: BTreeMap<String, Spanned<RawSecret>>,
    mcp: BTreeMap<String, Spanned<RawServer>>,
    http: RawHttp,
    agents: models_file::RawAgents,
    tiers: BTreeMap<String, Spanned<String>>,
    providers: BTreeMap<String, Spanned<models_file::RawProvider>>,
    prices: BTreeMap<String, Spanned<models_file::RawPrice>>,
    caps: RawCaps,
    quota: models_file::RawQuota,
    notify: RawNotify,
    retention: RawRetention,
    concurrency: BTreeMap<String, NonZeroU32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Scripts {
    lenient: Option<bool>,
    extensions: Option<bool>,
    nesting: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self { lenient: false, extensions: false, nesting: SCRIPT_NESTING_DEFAULT }
    }
}

impl Config {
    /// Reads the nearest file of the project and that of the person. What the project says wins.
    ///
    /// # Errors
    /// When a file cannot be read, or says something unknown.
    pub fn load(places: &Places) -> Result<Self> {
        let (project, person) = places.settings();
        let project = project.iter().find(|path| path.exists());
        let mut set = Scripts::default();
        for path in [project, person.as_ref()].into_iter().flatten() {
            let found = read(path)?.0.scripts;
            set.lenient = set.lenient.or(found.lenient);
            set.extensions = set.extensions.or(found.extensions);
            set.nesting = set.nesting.or(found.nesting);
        }
        let default = Self::default();
        Ok(Self {
            lenient: set.lenient.unwrap_or(default.lenient),
            extensions: set.extensions.unwrap_or(default.extensions),
            nesting: set.nesting.unwrap_or(default.nesting),
        })
    }
}

/// A file of settings that was read.
struct Read {
    source: Source,
    path: PathBuf,
    /// The path as a person reads it.
    shown: String,
    text: String,
    file: File,
}

/// The person's file and the nearest one of the project, the person's first, as far as they exist.
fn files(places: &Places) -> Result<Vec<Read>> {
    let (project, person) = places.settings();
    let project = project.into_iter().find(|path| path.exists());
    let mut files = Vec::new();
    for (source, path) in [(Source::Person, person), (Source::Project, project)] {
        let Some(path) = path else { continue };
        let (file, text) = read(&path)?;
        files.push(Read { source, shown: places.shown(&path), path, text, file });
    }
    Ok(files)
}

/// The text of a file, to say where something in it stands.
pub struct Text {
    path: PathBuf,
    shown: String,
    text: String,
}

impl Text {
    fn origin<'a>(&'a self, source: Source, places: &'a Places) -> Origin<'a> {
        Origin {
            source,
            shown: &self.shown,
            folder: self.path.parent().unwrap_or(places.here()),
            home: places.home(),
            text: &self.text,
        }
    }

    fn wrong(&self, wrong: &Wrong) -> CliError {
        let (line, column) = position(&self.text, wrong.at);
        let message = format!("{}:{line}:{column}: {}", self.path.display(), wrong.message);
        CliError::new(Code::Config, message).frame(frame(&self.text, line, column))
    }

    /// Something that stands on a line and must not.
    #[must_use]
    pub fn error(&self, place: &Place, message: &str) -> CliError {
        let line = place.text.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(1);
        let message = format!("{}:{line}: {message}", self.path.display());
        CliError::new(Code::Config, message).frame(frame(&self.text, line, 1))
    }
}

/// What the person's file and the nearest one of the project say of authority, the person first.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn policies(places: &Places) -> Result<Vec<Set>> {
    let mut sets = Vec::new();
    for Read { source, path, shown, text, file } in files(places)? {
        let File { grant, deny, plugins, tools, secrets, mcp, http, .. } = file;
        let sections = Sections { grant, deny, plugins, tools, secrets, mcp, http };
        let at = Text { path, shown, text };
        let set = sections.read(&at.origin(source, places)).map_err(|wrong| at.wrong(&wrong))?;
        sets.push(set);
    }
    Ok(sets)
}

/// What the same files say of models, with their texts.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn models(places: &Places) -> Result<Vec<(Source, models_file::Set, Text)>> {
    let mut sets = Vec::new();
    for Read { source, path, shown, text, file } in files(places)? {
        let File { agents, tiers, providers, prices, caps, quota, .. } = file;
        let sections = models_file::Sections { agents, tiers, providers, prices, caps, quota };
        let at = Text { path, shown, text };
        let set = sections.read(&at.origin(source, places)).map_err(|wrong| at.wrong(&wrong))?;
        sets.push((source, set, at));
    }
    Ok(sets)
}

/// How long runs are kept. It is the person's disk: what their file says wins.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn retention(places: &Places) -> Result<Retention> {
    let mut kept = Retention::default();
    for Read { path, shown, text, file, .. } in files(places)? {
        let at = Text { path, shown, text };
        let found = file.retention.read().map_err(|wrong| at.wrong(&wrong))?;
        kept.max_age_ms = kept.max_age_ms.or(found.max_age_ms);
        kept.max_runs = kept.max_runs.or(found.max_runs);
        kept.max_bytes = kept.max_bytes.or(found.max_bytes);
    }
    Ok(kept)
}

/// How many agents of a backend one process has at work at once, by the name of the backend. It is the
/// person's machine: what their file says wins.
///
/// # Errors
/// When a file cannot be read, or says something unknown.
pub fn concurrency(places: &Places) -> Result<Vec<(String, u32)>> {
    let mut most = BTreeMap::new();
    for Read { file, .. } in files(places)? {
        for (backend, number) in file.concurrency {
            most.entry(backend).or_insert(number.get());
        }
    }
    Ok(most.into_iter().collect())
}

/// The hooks of the same files.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn hooks(places: &Places) -> Result<Vec<Placed>> {
    let mut hooks = Vec::new();
    for Read { source, path, shown, text, file } in files(places)? {
        let at = Text { path, shown, text };
        let place = at.origin(source, places).place(file.notify.at());
        if let Some(hook) = file.notify.read().map_err(|wrong| at.wrong(&wrong))? {
            let file = at.path.display().to_string();
            hooks.push(Placed { hook, source, file, text: place.text });
        }
    }
    Ok(hooks)
}

/// A line with a mark below a column.
fn frame(text: &str, line: usize, column: usize) -> String {
    let number = line.to_string();
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let (blank, mark) = (" ".repeat(number.len()), " ".repeat(column.saturating_sub(1)));
    format!("{number} | {shown}\n{blank} | {mark}^")
}

/// A file of settings and its text.
fn read(path: &Path) -> Result<(File, String)> {
    use super::scan::{self, Unread};
    let refused = |message: String| CliError::new(Code::Config, message);
    let bytes = match scan::read(path, SETTINGS_BYTES_MAX) {
        Ok(bytes) => bytes,
        // The person's file is looked for wherever it could be.
        Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((File::default(), String::new()));
        }
        Err(Unread::Io(error)) => return Err(CliError::file("read", path, &error)),
        Err(Unread::TooLarge { size, max }) => {
            let message =
                format!("{} has {size} bytes; settings have at most {max}", path.display());
            return Err(refused(message));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| refused(format!("{} is not UTF-8", path.display())))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        let message = format!("{}:{line}:{column}: {}", path.display(), error.message());
        refused(message).frame(error.to_string())
    })?;
    if let Some(nesting) = file.scripts.nesting
        && nesting > NESTING_MAX
    {
        let message = format!(
            "{}: `nesting` is {nesting}; workflows nest at most {NESTING_MAX} deep",
            path.display()
        );
        return Err(refused(message));
    }
    Ok((file, text))
}

/// Line and column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::fs;

    use super::*;

    fn load(project: Option<&str>, deeper: Option<&str>, person: Option<&str>) -> Result<Config> {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        fs::create_dir_all(root.join("repo/.git")).unwrap();
        fs::create_dir_all(root.join("repo/deeper")).unwrap();
        fs::create_dir_all(root.join("home/.config/baton")).unwrap();
        for (path, text) in [
            ("repo/baton.toml", project),
            ("repo/deeper/baton.toml", deeper),
            ("home/.config/baton/config.toml", person),
        ] {
            if let Some(text) = text {
                fs::write(root.join(path), text).unwrap();
            }
        }
        let home = root.join("home").into_os_string();
        let places = Places::around(&root.join("repo/deeper"), |name| {
            (name == "HOME").then(|| home.clone())
        });
        Config::load(&places)
    }

    #[test]
    fn the_nearest_file_of_the_project_wins_over_the_persons() {
        let nothing = load(None, None, None).unwrap();
        assert_eq!(nothing, Config { lenient: false, extensions: false, nesting: 1 });
        let all = load(
            Some("[scripts]\nlenient = true\nnesting = 5"),
            Some("[scripts]\nextensions = true\n"),
            Some("[scripts]\nnesting = 3\nextensions = false\n"),
        );
        assert_eq!(all.unwrap(), Config { lenient: false, extensions: true, nesting: 3 });
        let above = load(Some("[scripts]\nlenient = true"), None, None);
        assert!(above.unwrap().lenient);
    }

    /// The places of a repository below `root`, whose person's home is there, too.
    fn around(root: &Path) -> Places {
        fs::create_dir_all(root.join("repo/.git")).unwrap();
        fs::create_dir_all(root.join("home/.config/baton")).unwrap();
        let home = root.join("home").into_os_string();
        Places::around(&root.join("repo"), |name| (name == "HOME").then(|| home.clone()))
    }

    #[test]
    fn the_persons_caps_of_backends_win_one_by_one() {
        let temp = tempfile::tempdir().unwrap();
        let places = around(temp.path());
        assert_eq!(concurrency(&places).unwrap(), []);
        let project = temp.path().join("repo/baton.toml");
        fs::write(&project, "[concurrency]\nclaude = 9\ncodex = 1\n").unwrap();
        let person = temp.path().join("home/.config/baton/config.toml");
        fs::write(person, "[concurrency]\nclaude = 2\n\"acp:x --y\" = 3\n").unwrap();
        let expected = [("acp:x --y", 3), ("claude", 2), ("codex", 1)];
        assert_eq!(concurrency(&places).unwrap(), expected.map(|(name, most)| (name.into(), most)));
        fs::write(project, "[concurrency]\nclaude = 0\n").unwrap();
        assert!(concurrency(&places).is_err(), "nobody could ever work");
    }

    #[test]
    fn the_persons_retention_wins_key_by_key() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        let around = || around(root);
        assert_eq!(retention(&around()).unwrap(), Retention::default());
        let (project, person) =
            (root.join("repo/baton.toml"), root.join("home/.config/baton/config.toml"));
        fs::write(&project, "[retention]\nmax_age = \"1d\"\nmax_runs = 0\nmax_bytes = 7\n")
            .unwrap();
        fs::write(&person, "[retention]\nmax_runs = 100\nmax_bytes = \"5GB\"\n").unwrap();
        let expected = Retention {
            max_age_ms: Some(86_400_000),
            max_runs: Some(100),
            max_bytes: Some(5_000_000_000),
        };
        assert_eq!(retention(&around()).unwrap(), expected);
        for (text, place) in [
            ("[retention]\nmax_age = \"1 day\"\n", "baton.toml:2:11: `1 day` is not a span"),
            ("[retention]\nmax_bytes = \"5gb\"\n", "baton.toml:2:13: `5gb` is not a size"),
            ("[retention]\nmin_age = 1\n", "baton.toml:2:1: unknown field `min_age`"),
        ] {
            fs::write(&project, text).unwrap();
            let error = retention(&around()).unwrap_err();
            assert!(error.sentence().contains(place), "{}", error.sentence());
        }
    }

    #[test]
    fn what_is_unknown_is_an_error_with_its_place() {
        for (text, place, word) in [
            ("[scripts]\nlenien = true\n", "baton.toml:2:1: ", "unknown field `lenien`"),
            ("\n[script]\n", "baton.toml:2:", "unknown field `script`"),
            ("[scripts]\nlenient = 1\n", "baton.toml:2:11: ", "expected a boolean"),
            ("[scripts\n", "baton.toml:1:", ""),
            ("[scripts]\nnesting = 8\n", "baton.toml: ", "workflows nest at most 7 deep"),
        ] {
            let error = load(Some(text), None, None).unwrap_err();
            let CliError::Coded(coded) = error else { panic!("not coded") };
            assert_eq!(coded.code, Code::Config);
            assert!(coded.message.contains(place), "{}", coded.message);
            assert!(coded.message.contains(word), "{}", coded.message);
        }
    }
}
