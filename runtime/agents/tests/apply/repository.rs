//! A repository, and patches of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use baton_agents::isolation::apply::{Applier, ApplyError, Conflict, Planned};
use baton_agents::isolation::head;

/// Runs git as a person would.
pub fn git(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let mut command = Command::new("git");
    let output = command.args(identity).arg("-C").arg(directory).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output.stdout
}

pub const TEXT: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// A repository with a commit.
pub struct Repository(tempfile::TempDir);

impl Repository {
    pub fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        let top = repository.top();
        git(top, &["init", "--quiet", "--initial-branch=main"]);
        for (name, text) in
            [("a.txt", TEXT), ("b.txt", "b\n"), ("dir/c.txt", TEXT), ("gone", "x\n")]
        {
            repository.write(name, text);
        }
        repository.write("bytes", [0, 1, 2, 255]);
        repository.write(".gitignore", "ignored\n");
        git(top, &["add", "."]);
        git(top, &["commit", "--quiet", "-m", "first"]);
        repository
    }

    pub fn top(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.top().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.top().join(name)).unwrap()
    }

    /// The patch of what a script does in a copy of the commit, of a run that was granted `root`.
    pub async fn patch(&self, root: &str, script: &str) -> Vec<u8> {
        let base = head(self.top()).await.unwrap();
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().to_str().unwrap();
        git(self.top(), &["clone", "--quiet", "--no-local", ".", path]);
        let mut shell = Command::new("sh");
        assert!(shell.args(["-ec", script]).current_dir(path).status().unwrap().success());
        git(copy.path(), &["add", "--all"]);
        let diff = git(copy.path(), &["diff", "--cached", "--binary", "--full-index", "-M", &base]);
        let head = format!("Baton-Task: run_A/1\nBaton-Base: {base}\nBaton-Root: {root}\n\n");
        [head.into_bytes(), diff].concat()
    }

    /// Every file but git's own, by its path.
    pub fn files(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.top().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let found = fs::symlink_metadata(&path).unwrap();
                let name = path.strip_prefix(self.top()).unwrap().to_str().unwrap().to_owned();
                if name == ".git" {
                    continue;
                }
                if found.is_dir() {
                    folders.push(path);
                } else if found.is_symlink() {
                    let target = fs::read_link(&path).unwrap();
                    files.insert(name, (target.to_str().unwrap().into(), 0));
                } else {
                    files.insert(name, (fs::read(&path).unwrap(), found.permissions().mode()));
                }
            }
        }
        files
    }

    /// Names of what git has in its own directory beside what it made itself.
    pub fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.top().join(".git")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("baton")).collect()
    }

    pub async fn apply(&self, patch: &[u8]) -> Applied {
        self.apply_with(patch, true).await.unwrap()
    }

    pub async fn apply_with(&self, patch: &[u8], three_way: bool) -> Result<Applied, ApplyError> {
        let applier = Applier::open(self.top()).await?;
        let index = fs::read(self.top().join(".git/index")).unwrap();
        let applied = match applier.plan(patch, three_way).await? {
            Planned::Fits(plan) => Applied::Written(applier.write(plan)?.paths),
            Planned::Applied => Applied::Already,
            Planned::Conflicts(conflicts) => Applied::Conflicts(conflicts),
        };
        assert_eq!(fs::read(self.top().join(".git/index")).unwrap(), index, "the index is theirs");
        assert_eq!(self.leftovers(), [] as [&str; 0]);
        Ok(applied)
    }

    /// Applies what does not fit: nothing changes. Gives paths and kinds.
    pub async fn conflicts(&self, patch: &[u8]) -> Vec<(String, String)> {
        let before = self.files();
        let applied = self.apply(patch).await;
        assert_eq!(self.files(), before);
        let Applied::Conflicts(conflicts) = applied else { panic!("{applied:?}") };
        conflicts.into_iter().map(|conflict| (conflict.path, conflict.kind)).collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Applied {
    Written(Vec<String>),
    Already,
    Conflicts(Vec<Conflict>),
}

pub fn written(paths: &[&str]) -> Applied {
    Applied::Written(paths.iter().map(|path| (*path).to_owned()).collect())
}

pub const EVERYTHING: &str =
    "sed -i s/two/TWO/ a.txt; rm gone; mv dir/c.txt dir/d.txt; chmod +x b.txt;
    printf '\\003\\000' > bytes; mkdir -p new/er; echo new > new/er/file; ln -s ../a.txt dir/link;
    printf 'no end' > 'strange name'; : > empty";
