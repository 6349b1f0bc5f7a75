//! The walk of listings and searches: every selected path, in byte order.

use cap_std::fs::{Dir, Metadata};

use super::error::{Result, io_failed, passed_over};
use super::ignored::Ignored;
use super::path::join;
use super::query::Query;
use super::resolve::resolve;
use super::root::{Located, open_directory};
use super::{DEPTH_MAX, globs};

/// What the walk shows.
pub(super) enum Found<'a> {
    Directory,
    /// A regular file, or a link to one that passes the scope under its own path too.
    File(Located<'a>),
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flow {
    Go,
    Stop,
}

/// Shows every selected path to `visit`, in byte order, until it says stop. True: a limit ended
/// the walk early.
pub(super) fn walk(
    query: &Query<'_>,
    visit: &mut dyn FnMut(&str, Found<'_>) -> Result<Flow>,
) -> Result<bool> {
    let mut walk = Walk {
        query,
        visit,
        ignored: Ignored::new(),
        left: query.files.limits.visited,
        cut: false,
    };
    let root = query.files.root.dir.clone();
    walk.directory(&root, "", 0)?;
    Ok(walk.cut)
}

struct Walk<'q> {
    query: &'q Query<'q>,
    visit: &'q mut dyn FnMut(&str, Found<'_>) -> Result<Flow>,
    ignored: Ignored,
    /// Directory entries that may still be looked at.
    left: u64,
    cut: bool,
}

/// What to do at one point of the order. A directory has two: its own name, and its name with a
/// slash, where what is below it begins.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name,
    Enter,
    File,
    Link,
}

#[derive(Clone, Copy)]
enum Kind {
    Directory,
    File,
    Link,
}

impl Walk<'_> {
    fn directory(&mut self, dir: &Dir, path: &str, depth: usize) -> Result<Flow> {
        if !self.query.options.ignored {
            self.ignored.enter(dir, path)?;
        }
        let flow = match self.steps(dir, path) {
            Ok(steps) => self.follow(&steps, dir, path, depth),
            // Not there for us; its neighbours are.
            Err(error) if depth > 0 && passed_over(&error) => Ok(Flow::Go),
            Err(error) => Err(error),
        };
        if !self.query.options.ignored {
            self.ignored.leave();
        }
        flow
    }

    fn follow(
        &mut self,
        steps: &[(String, Step)],
        dir: &Dir,
        path: &str,
        depth: usize,
    ) -> Result<Flow> {
        if self.cut {
            return Ok(Flow::Stop);
        }
        for (key, step) in steps {
            let name = key.trim_end_matches('/');
            let inside = join(path, name);
            let flow = match step {
                Step::Name => (self.visit)(&inside, Found::Directory)?,
                Step::Enter if depth == DEPTH_MAX => {
                    self.cut = true;
                    Flow::Stop
                }
                Step::Enter => match open_directory(dir, name, &inside) {
                    Ok(below) => self.directory(&below, &inside, depth + 1)?,
                    Err(error) if passed_over(&error) => Flow::Go,
                    Err(error) => return Err(error),
                },
                Step::File => self.file(dir, name, &inside)?,
                Step::Link => self.link(&inside)?,
            };
            if flow == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Go)
    }

    fn file(&mut self, dir: &Dir, name: &str, path: &str) -> Result<Flow> {
        match dir.symlink_metadata(name) {
            Ok(metadata) if metadata.is_file() => {
                let located = Located { parent: dir, name, metadata: &metadata };
                (self.visit)(path, Found::File(located))
            }
            // Replaced by something else, or gone, since it was selected.
            _ => Ok(Flow::Go),
        }
    }

    /// A link counts as the file it leads to, if that is inside the scope; a link to a directory
    /// is never followed, so that no file is shown twice and no walk is endless.
    fn link(&mut self, path: &str) -> Result<Flow> {
        let query = self.query;
        match resolve(&query.files.root, path) {
            Ok(resolved) if globs::pass(&query.files.scope, &resolved.canonical) => {
                match resolved.located(&query.files.root) {
                    Some(located) if located.metadata.is_file() => {
                        (self.visit)(path, Found::File(located))
                    }
                    _ => Ok(Flow::Go),
                }
            }
            Ok(_) => Ok(Flow::Go),
            Err(error) if passed_over(&error) => Ok(Flow::Go),
            Err(error) => Err(error),
        }
    }

    /// What to do in a directory, in order. Where the directory has more entries than may still be
    /// looked at, nothing: which of them come first is up to the file system.
    fn steps(&mut self, dir: &Dir, path: &str) -> Result<Vec<(String, Step)>> {
        let failed = |error| io_failed(path, &error);
        let mut steps = Vec::new();
        for entry in dir.entries().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(left) = self.left.checked_sub(1) else {
                self.cut = true;
                return Ok(Vec::new());
            };
            self.left = left;
            // A name that no guest can write down does not exist for guests.
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.contains('\\')) else {
                continue;
            };
            let inside = join(path, name);
            if (name.starts_with('.') && !self.query.options.hidden)
                || inside.len() as u64 > self.query.files.limits.path_bytes
            {
                continue;
            }
            let Some(kind) = kind(dir, &entry, name) else {
                continue;
            };
            let directory = matches!(kind, Kind::Directory);
            if !self.query.options.ignored && self.ignored.leaves_out(&inside, directory) {
                continue;
            }
            match kind {
                Kind::Directory => {
                    if self.query.names(&inside) {
                        steps.push((name.to_owned(), Step::Name));
                    }
                    if self.query.enters(&inside) {
                        steps.push((format!("{name}/"), Step::Enter));
                    }
                }
                Kind::File if self.query.passes(&inside) => {
                    steps.push((name.to_owned(), Step::File));
                }
                Kind::Link if self.query.passes(&inside) => {
                    steps.push((name.to_owned(), Step::Link));
                }
                Kind::File | Kind::Link => {}
            }
        }
        steps.sort_unstable();
        Ok(steps)
    }
}

/// What an entry is; none: a device, FIFO or socket, or gone.
fn kind(dir: &Dir, entry: &cap_std::fs::DirEntry, name: &str) -> Option<Kind> {
    let told = entry.file_type().ok()?;
    // Some file systems do not tell the type with the name.
    let looked: Option<Metadata> = if told.is_dir() || told.is_file() || told.is_symlink() {
        None
    } else {
        dir.symlink_metadata(name).ok()
    };
    let found = looked.map_or(told, |metadata| metadata.file_type());
    if found.is_dir() {
        Some(Kind::Directory)
    } else if found.is_file() {
        Some(Kind::File)
    } else if found.is_symlink() {
        Some(Kind::Link)
    } else {
        None
    }
}
