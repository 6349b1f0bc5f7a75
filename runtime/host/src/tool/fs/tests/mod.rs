//! Tests of the files of tools, without a guest. Everything happens in temporary directories.

mod borders;
mod changing;
mod kinds;
mod limits;
mod race;
mod reading;
mod walks;

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use baton_core::limits::Limits;
use baton_core::scope::{Authority, GlobLayer, PathScope};
use baton_core::tool::Denial;
use tempfile::TempDir;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{DescriptorFlags, OpenFlags};

use super::change::At;
use super::error::{Fault, Result};
use super::handle::Handle;
use super::open::How;
use super::{Files, Scopes};
use crate::files::Root;
use crate::meter::Meter;
use crate::tool::ToolGrant;

/// A temporary tree: `root` is granted, as far as patterns go, `outside` is not.
struct Tree {
    holder: TempDir,
}

impl Tree {
    /// A tree with these files; the content of each is its path.
    fn of(paths: &[&str]) -> Self {
        let tree = Self { holder: tempfile::tempdir().unwrap() };
        fs::create_dir(tree.root()).unwrap();
        for path in paths {
            tree.file(path, path);
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.holder.path().join("root")
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// The files of a grant; no patterns: nothing of that kind. A pattern that begins with `!` is one
    /// of those that keep out.
    fn files(&self, read: &[&str], write: &[&str]) -> Granted {
        self.limited(read, write, &Limits::default())
    }

    fn limited(&self, read: &[&str], write: &[&str], limits: &Limits) -> Granted {
        let authority =
            Authority { read: scope(read), write: scope(write), ..Authority::default() };
        let denials: Arc<Mutex<Vec<Denial>>> = Arc::default();
        let told = Arc::clone(&denials);
        let grant = ToolGrant {
            root: Some(Arc::new(Root::open(&self.root()).unwrap())),
            authority: Arc::new(authority),
            environment: Vec::new(),
            secrets: Vec::new(),
            certificates: Arc::default(),
            denied: Arc::new(move |denial| told.lock().unwrap().push(denial)),
        };
        let files =
            Files::new(&grant, &Scopes::default(), limits, &Meter::new(&limits.tool)).unwrap();
        Granted { files, denials }
    }
}

fn scope(patterns: &[&str]) -> Option<PathScope> {
    let (exclude, include): (Vec<&str>, Vec<&str>) =
        patterns.iter().partition(|pattern| pattern.starts_with('!'));
    let list = |patterns: Vec<&str>| -> Vec<String> {
        patterns.iter().map(|pattern| pattern.trim_start_matches('!').to_owned()).collect()
    };
    let layer =
        GlobLayer { include: list(include), exclude: list(exclude), ..GlobLayer::default() };
    (!patterns.is_empty()).then(|| PathScope { layers: vec![layer] })
}

/// Files of a grant and what was denied.
struct Granted {
    files: Files,
    denials: Arc<Mutex<Vec<Denial>>>,
}

impl Granted {
    fn open(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> Result<Handle> {
        self.files.open("", path, How { follow: true, open, flags })
    }

    fn read(&self, path: &str) -> Result<String> {
        let handle = self.open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        let mut text = String::new();
        (&handle.to_read()?.file).read_to_string(&mut text).unwrap();
        Ok(text)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let handle = self.open(path, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
        self.files.written.write_at(handle.to_write()?, text.as_bytes(), 0).map(|_| ())
    }

    fn names(&self, path: &str) -> Result<Vec<String>> {
        let mut listing = self.files.list(path)?;
        let mut names = Vec::new();
        while let Some(entry) = self.files.next(&mut listing)? {
            names.push(entry.name);
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.files.rename(at(from), at(to))
    }

    fn tried(&self) -> Vec<String> {
        self.denials.lock().unwrap().iter().map(|denial| denial.tried.clone()).collect()
    }
}

fn at(path: &str) -> At<'_> {
    At { base: "", path }
}

/// How an operation went, in a word; `outside` before the word: it was outside of the grant.
fn said<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(Fault::Plain(code)) => word(code.name()),
        Err(Fault::Outside(code)) => format!("outside {}", word(code.name())),
        Err(Fault::Changed) => "changed".into(),
        Err(Fault::Stop(stop)) => format!("stop: {stop}"),
    }
}

/// `NoEntry` for `no-entry`.
fn word(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}
