//! The tools that a program may call: the components that hold them, wherever they lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::digest::Digest;
use baton_core::manifest::{Manifest, World};
use baton_core::scope::{name_matches, names_meet};
use baton_core::tool::{EXEC, SEPARATOR};
use baton_journal::store::Blob;

use super::component::{self, Component, WASM, accepted};
use crate::error::Result;
use crate::project::places::{Folder, Places};
use crate::project::policy::Policy;
use crate::project::scan;

/// Folders of tool components, of the project and of the person.
const FOLDER: &str = "tools";

/// A component of tools.
#[derive(Clone, Debug)]
pub struct Provider {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its digest.
    pub digest: Digest,
    /// Where it lies; none: built in.
    pub path: Option<PathBuf>,
}

/// What the patterns of a program lead to.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    /// Components by name.
    pub components: BTreeMap<String, Provider>,
    /// Their bytes.
    pub parts: Vec<Blob>,
    /// Patterns that lead to nothing.
    pub missing: Vec<String>,
    /// What cannot be used, and why, each on one line.
    pub problems: Vec<String>,
}

/// The name of the provider in the pattern of a tool; none: it may be any.
#[must_use]
pub fn provider_of(pattern: &str) -> Option<&str> {
    pattern.split_once(SEPARATOR).map(|(provider, _)| provider)
}

/// Whether a pattern may mean a tool of this provider.
#[must_use]
pub fn may_mean(pattern: &str, provider: &str) -> bool {
    match provider_of(pattern) {
        Some(named) => names_meet(named, provider),
        // A `*` without a separator stands for one as well.
        None => pattern.contains('*') && names_meet(pattern, &format!("{provider}{SEPARATOR}*")),
    }
}

/// Finds the components that patterns mean: those that policy names by their paths, beside the
/// workflow, of the project, of the person, built in; the first of a name.
///
/// # Errors
/// When a component that policy names cannot be read.
pub fn find(
    patterns: &[String],
    folder: Option<&Path>,
    places: &Places,
    policy: &Policy,
) -> Result<Providers> {
    let mut found = Providers::default();
    let wanted: Vec<&String> = patterns.iter().filter(|pattern| *pattern != EXEC).collect();
    if wanted.is_empty() {
        return Ok(found);
    }
    let means = |name: &str| wanted.iter().any(|pattern| may_mean(pattern, name));
    for (name, path) in policy.paths().filter(|(name, _)| means(name)) {
        let component = component::from_file(path)?;
        let manifest = accepted(&component, &path.display().to_string(), World::Tool)?;
        if manifest.name == name {
            found.add(manifest, component);
        } else {
            let path = path.display();
            found.problems.push(format!("{path} calls itself `{}`, not `{name}`", manifest.name));
        }
    }
    for path in folder.into_iter().flat_map(|folder| beside(folder, &wanted)) {
        found.try_file(&path, &means, false);
    }
    for folder in places.folders(FOLDER).iter().filter(|folder| is_for_tools(folder)) {
        let mut files = scan::scan(folder, false).files;
        files.retain(|path| path.extension().is_some_and(|ending| ending == WASM));
        for path in files {
            found.try_file(&path, &means, true);
        }
    }
    for plugin in baton_plugins::all().iter().filter(|plugin| means(plugin.name)) {
        if found.components.contains_key(plugin.name) {
            continue;
        }
        let component = component::of_bytes(plugin.bytes.into(), None, plugin.name)?;
        if component.inspection.world == Some(World::Tool) {
            found.add(accepted(&component, plugin.name, World::Tool)?, component);
        }
    }
    found.missing = wanted
        .into_iter()
        .filter(|pattern| !found.has(pattern) && !is_of_server(pattern, policy))
        .cloned()
        .collect();
    Ok(found)
}

/// The folders that are Baton's: no other program keeps components in one of this name.
fn is_for_tools(folder: &Folder) -> bool {
    let parent = folder.path.parent().and_then(Path::file_name);
    folder.plugin.is_none() && parent.is_none_or(|name| name != ".claude")
}

/// Whether a pattern may mean a tool of a server.
fn is_of_server(pattern: &str, policy: &Policy) -> bool {
    policy.servers.keys().any(|server| may_mean(pattern, server))
}

/// Components beside a workflow that patterns may mean by name, and all of them where a pattern
/// leaves the name open.
fn beside(folder: &Path, patterns: &[&String]) -> Vec<PathBuf> {
    let open =
        |pattern: &&String| provider_of(pattern).is_none_or(|provider| provider.contains('*'));
    // The folder of a file that is named without one.
    let here = folder.as_os_str().is_empty();
    let ours = Folder {
        path: if here { ".".into() } else { folder.to_owned() },
        place: crate::project::places::Place::Project,
        fence: None,
        plugin: None,
    };
    let any = patterns.iter().any(open);
    let named = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let name = stem.replace('_', "-");
        any || patterns.iter().any(|pattern| provider_of(pattern) == Some(name.as_str()))
    };
    let mut files = scan::scan(&ours, false).files;
    files.retain(|path| path.extension().is_some_and(|ending| ending == WASM) && named(path));
    let plain = |path: PathBuf| match path.strip_prefix("./") {
        Ok(plain) if here => plain.to_owned(),
        _ => path,
    };
    files.into_iter().map(plain).collect()
}

impl Providers {
    fn add(&mut self, manifest: Manifest, component: Component) {
        let Component { bytes, inspection, path } = component;
        let digest = inspection.digest;
        self.parts.push(Blob { digest, bytes });
        let provider = Provider { digest, path, manifest };
        self.components.insert(provider.manifest.name.clone(), provider);
    }

    /// Takes the component of a file in, if it holds tools that are meant. In a folder of tools,
    /// whatever cannot be used is told.
    fn try_file(&mut self, path: &Path, means: &impl Fn(&str) -> bool, only_tools: bool) {
        let shown = path.display().to_string();
        let read = component::from_file(path)
            .and_then(|found| Ok((accepted(&found, &shown, World::Tool)?, found)));
        match read {
            Ok((manifest, found)) => {
                if means(&manifest.name) && !self.components.contains_key(&manifest.name) {
                    self.add(manifest, found);
                }
            }
            Err(error) if only_tools => self.problems.push(error.sentence()),
            Err(_) => {}
        }
    }

    /// Whether a pattern means a tool that was found.
    fn has(&self, pattern: &str) -> bool {
        self.names().any(|name| name_matches(pattern, &name))
    }

    /// Full names of the tools.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.components.values().flat_map(|provider| {
            let name = &provider.manifest.name;
            provider.manifest.tools.keys().map(move |tool| format!("{name}{SEPARATOR}{tool}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_tools_of_some_providers() {
        for (pattern, provider, expected) in [
            ("git/log", "git", true),
            ("git/*", "git", true),
            ("git/log", "github", false),
            ("git*/log", "github", true),
            ("*", "git", true),
            ("g*", "git", true),
            ("g*", "code", false),
            ("exec", "git", false),
            ("log", "git", false),
        ] {
            assert_eq!(may_mean(pattern, provider), expected, "{pattern} {provider}");
        }
    }
}
