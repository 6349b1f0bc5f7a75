//! A tree with a granted part, from which links lead out in every way, and an outside beside it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use baton_core::scope::{Authority, GlobLayer, PathScope};
use tempfile::TempDir;

/// Stands in every file of the outside.
pub const SECRET: &str = "the-secret-of-the-outside-tree";
/// Size of each of them, which no other file has.
pub const SECRET_SIZE: usize = 7_919;

/// How the border is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The granted part is the root: the outside is beside it.
    Root,
    /// Both parts are in the root, and patterns name one of them.
    Patterns,
}

impl Layout {
    pub const ALL: [Self; 2] = [Self::Root, Self::Patterns];
}

pub struct Yard {
    holder: TempDir,
    layout: Layout,
    outside: Outside,
}

/// Everything about the outside that can be told, by path.
pub type Outside = BTreeMap<PathBuf, String>;

impl Yard {
    pub fn new(layout: Layout) -> Self {
        let holder = tempfile::tempdir().unwrap();
        let mut yard = Self { holder, layout, outside: Outside::new() };
        yard.build();
        yard.outside = yard.look();
        yard
    }

    fn build(&self) {
        let outside = self.path("outside");
        fs::create_dir_all(outside.join("vault")).unwrap();
        let secret = format!("{SECRET:x<SECRET_SIZE$}");
        fs::write(outside.join("secret.txt"), &secret).unwrap();
        fs::write(outside.join("vault/secret.txt"), &secret).unwrap();
        fs::create_dir_all(self.path("in")).unwrap();
        self.plant();
    }

    /// The granted part as it was in the beginning. The directory itself stays: it is held open.
    pub fn plant(&self) {
        let granted = self.path("in");
        for entry in fs::read_dir(&granted).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir_all(entry.path()).unwrap();
            } else {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        fs::create_dir_all(granted.join("sub/deeper")).unwrap();
        for file in ["file.md", "sub/file.md", "sub/deeper/file.md"] {
            fs::write(granted.join(file), "inside").unwrap();
        }
        let absolute = self.path("outside");
        for (name, target) in [
            ("out", Path::new("../outside")),
            ("out-slash", Path::new("../outside/")),
            ("out-absolute", &absolute),
            ("out-file", Path::new("../outside/secret.txt")),
            ("magic", Path::new("/proc/self/root")),
            ("parent", Path::new("..")),
            ("parent-slash", Path::new("../")),
            ("itself", Path::new("itself")),
            ("chain", Path::new("out")),
            ("through", Path::new("sub/../../outside")),
        ] {
            symlink(target, granted.join(name)).unwrap();
        }
    }

    /// Everything as it was in the beginning, the outside too.
    pub fn rebuild(&mut self) {
        for part in ["in", "outside"] {
            let _ = fs::remove_dir_all(self.path(part));
            let _ = fs::remove_file(self.path(part));
        }
        for entry in fs::read_dir(self.holder.path()).unwrap() {
            let path = entry.unwrap().path();
            let _ = fs::remove_dir_all(&path);
            let _ = fs::remove_file(&path);
        }
        self.build();
        self.outside = self.look();
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.holder.path().join(name)
    }

    /// The whole temporary folder.
    pub fn holder(&self) -> &Path {
        self.holder.path()
    }

    /// The directory that is granted, as far as patterns go.
    pub fn root(&self) -> PathBuf {
        match self.layout {
            Layout::Root => self.path("in"),
            Layout::Patterns => self.holder.path().to_owned(),
        }
    }

    /// Where the granted part is, seen from the root.
    pub fn base(&self) -> &'static str {
        match self.layout {
            Layout::Root => "",
            Layout::Patterns => "in",
        }
    }

    /// A path of the corpus as a guest has to say it.
    pub fn seen(&self, path: &str) -> String {
        match self.layout {
            Layout::Patterns if !path.starts_with('/') => format!("in/{path}"),
            _ => path.to_owned(),
        }
    }

    pub fn scope(&self) -> PathScope {
        match self.layout {
            Layout::Root => PathScope::default(),
            Layout::Patterns => PathScope {
                layers: vec![GlobLayer { include: vec!["in/**".into()], ..GlobLayer::default() }],
            },
        }
    }

    pub fn authority(&self) -> Authority {
        Authority { read: Some(self.scope()), write: Some(self.scope()), ..Authority::default() }
    }

    /// Whether the outside is what it was.
    pub fn outside_is_unchanged(&self) -> bool {
        self.look() == self.outside
    }

    fn look(&self) -> Outside {
        let mut seen = Outside::new();
        for entry in fs::read_dir(self.holder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path == self.path("in") {
                // Only that it is there: what is in it is granted.
                seen.insert(path, "granted".into());
            } else {
                describe(&path, &mut seen);
            }
        }
        seen
    }

    /// Links of the granted part that are not the yard's and lead out of it.
    pub fn planted_by_others(&self) -> Vec<PathBuf> {
        let granted = fs::canonicalize(self.path("in")).unwrap();
        let mut found = Vec::new();
        links(&granted, &mut found);
        found.retain(|link| {
            !self.is_own(&granted, link)
                && fs::canonicalize(link).is_ok_and(|real| !real.starts_with(&granted))
        });
        found
    }

    /// The yard's own links are where they were and point to where they did.
    fn is_own(&self, granted: &Path, link: &Path) -> bool {
        const OWN: &[&str] = &[
            "out",
            "out-slash",
            "out-absolute",
            "out-file",
            "magic",
            "parent",
            "parent-slash",
            "itself",
            "chain",
            "through",
        ];
        link.parent() == Some(granted)
            && link.file_name().is_some_and(|name| OWN.iter().any(|own| name == *own))
    }
}

/// What the system says of everything at and below a path. Whatever is done to a file or directory
/// changes its time of change, which nobody can set back.
fn describe(path: &Path, seen: &mut Outside) {
    let Ok(is) = fs::symlink_metadata(path) else { return };
    let time = (is.mtime(), is.mtime_nsec(), is.ctime(), is.ctime_nsec());
    let (mode, links, size) = (is.mode(), is.nlink(), is.size());
    seen.insert(path.to_owned(), format!("{} {mode:o} {links} {size} {time:?}", is.ino()));
    if is.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            describe(&entry.path(), seen);
        }
    }
}

fn links(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_symlink() => found.push(entry.path()),
            Ok(kind) if kind.is_dir() => links(&entry.path(), found),
            _ => {}
        }
    }
}
