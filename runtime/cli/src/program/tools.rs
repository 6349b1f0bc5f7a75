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
use crate::project::places::{Folder, Place, Places};
use crate::project::policy::{Policy, Source};
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
    /// Whether the person put it there, or it is built in.
    pub persons: bool,
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

/// Whose a folder is that holds components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FolderOf {
    /// That of the workflow: other components lie there too.
    Workflow,
    /// One for tools, of the project.
    Project,
    /// One for tools, of the person.
    Person,
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

/// Finds the components that patterns mean, the first of a name: those that the person brings,
/// named in their settings or in their folder; then those that the project's settings name, that lie
/// beside the workflow, or in the project's folders; then the built-in ones, whose names a project
/// cannot take.
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
    let folders = places.folders(FOLDER);
    let folders = || folders.iter().filter(|folder| is_for_tools(folder));
    for source in [Source::Person, Source::Project] {
        for (name, path, _) in policy.paths().filter(|(name, _, by)| means(name) && *by == source) {
            let component = component::from_file(path)?;
            let manifest = accepted(&component, &path.display().to_string(), World::Tool)?;
            if manifest.name == name {
                found.add_if_free(manifest, component, source == Source::Person, policy);
            } else {
                let path = path.display();
                let problem = format!("{path} calls itself `{}`, not `{name}`", manifest.name);
                found.problems.push(problem);
            }
        }
        if source == Source::Project {
            for path in folder.into_iter().flat_map(|folder| beside(folder, &wanted)) {
                found.try_file(&path, &means, FolderOf::Workflow, policy);
            }
        }
        let of = match source {
            Source::Person => FolderOf::Person,
            _ => FolderOf::Project,
        };
        let persons = |folder: &Folder| folder.place == Place::User;
        for folder in folders().filter(|folder| persons(folder) == (of == FolderOf::Person)) {
            let mut files = scan::scan(folder, false).files;
            files.retain(|path| path.extension().is_some_and(|ending| ending == WASM));
            for path in files {
                found.try_file(&path, &means, of, policy);
            }
        }
    }
    for plugin in baton_plugins::all().iter().filter(|plugin| means(plugin.name)) {
        if found.components.contains_key(plugin.name) {
            continue;
        }
        let component = component::of_bytes(plugin.bytes.into(), None, plugin.name)?;
        if component.inspection.world != Some(World::Tool) {
            continue;
        }
        if is_server(plugin.name, true, policy) {
            let name = plugin.name;
            let problem =
                format!("the built-in tools `{name}` are not used: [mcp.{name}] is yours");
            found.problems.push(problem);
        } else {
            found.add(accepted(&component, plugin.name, World::Tool)?, component, true);
        }
    }
    for (name, (_, place)) in policy.servers.iter().filter(|(name, _)| means(name)) {
        if found.components.contains_key(name) {
            let problem =
                format!("{}: [mcp.{name}] is not used: there are tools of that name", place.text);
            found.problems.push(problem);
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

/// Whether a name is that of a server, and not of the components that have it: what the person brings
/// wins over what a project brings. `persons`: the component is the person's, or built in.
fn is_server(name: &str, persons: bool, policy: &Policy) -> bool {
    let server = policy.servers.get(name);
    server.is_some_and(|(_, place)| place.source == Source::Person || !persons)
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
        place: Place::Project,
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
    fn add(&mut self, manifest: Manifest, component: Component, persons: bool) {
        let Component { bytes, inspection, path } = component;
        let digest = inspection.digest;
        self.parts.push(Blob { digest, bytes });
        let provider = Provider { digest, path, manifest, persons };
        self.components.insert(provider.manifest.name.clone(), provider);
    }

    /// Takes a component in unless its name is taken. The names of built-in tools, of servers and of
    /// what the person brings are: what is granted to those must not go to something that a project
    /// brings. `persons`: the person put it where it is.
    fn add_if_free(
        &mut self,
        manifest: Manifest,
        component: Component,
        persons: bool,
        policy: &Policy,
    ) {
        let name = &manifest.name;
        let shown = component.path.as_ref().map(|path| path.display().to_string());
        let shown = shown.unwrap_or_default();
        let known = self.components.get(name);
        let taken = if let Some(known) = known {
            // Of two files that are the project's, the first is meant.
            let other = known.persons && !persons && known.digest != component.inspection.digest;
            other.then(|| format!("you have tools of your own called `{name}`"))
        } else if is_server(name, persons, policy) {
            Some(format!("[mcp.{name}] has its name"))
        } else if !persons && baton_plugins::find(name).is_some() {
            Some(format!("`{name}` is built in; [plugins.{name}] of your config.toml can name it"))
        } else {
            self.add(manifest, component, persons);
            return;
        };
        self.problems.extend(taken.map(|why| format!("{shown} is not used: {why}")));
    }

    /// Takes the component of a file in, if it holds tools that are meant. What is no component of
    /// tools is told where only such belong.
    fn try_file(
        &mut self,
        path: &Path,
        means: &impl Fn(&str) -> bool,
        folder: FolderOf,
        policy: &Policy,
    ) {
        let shown = path.display().to_string();
        let read = component::from_file(path)
            .and_then(|found| Ok((accepted(&found, &shown, World::Tool)?, found)));
        match read {
            Ok((manifest, found)) if means(&manifest.name) => {
                self.add_if_free(manifest, found, folder == FolderOf::Person, policy);
            }
            Ok(_) => {}
            Err(error) if folder != FolderOf::Workflow => self.problems.push(error.sentence()),
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
