//! Patches merged into real working trees.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use baton_agents::isolation::apply::{Applier, ApplyError, Conflict, Planned};
use baton_agents::isolation::head;

/// Runs git as a person would.
fn git(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let mut command = Command::new("git");
    let output = command.args(identity).arg("-C").arg(directory).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output.stdout
}

const TEXT: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// A repository with a commit.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
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

    fn top(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.top().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.top().join(name)).unwrap()
    }

    /// The patch of what a script does in a copy of the commit, of a run that was granted `root`.
    async fn patch(&self, root: &str, script: &str) -> Vec<u8> {
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
    fn files(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
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
    fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.top().join(".git")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("baton")).collect()
    }

    async fn apply(&self, patch: &[u8]) -> Applied {
        self.apply_with(patch, true).await.unwrap()
    }

    async fn apply_with(&self, patch: &[u8], three_way: bool) -> Result<Applied, ApplyError> {
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
    async fn conflicts(&self, patch: &[u8]) -> Vec<(String, String)> {
        let before = self.files();
        let applied = self.apply(patch).await;
        assert_eq!(self.files(), before);
        let Applied::Conflicts(conflicts) = applied else { panic!("{applied:?}") };
        conflicts.into_iter().map(|conflict| (conflict.path, conflict.kind)).collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Applied {
    Written(Vec<String>),
    Already,
    Conflicts(Vec<Conflict>),
}

fn written(paths: &[&str]) -> Applied {
    Applied::Written(paths.iter().map(|path| (*path).to_owned()).collect())
}

const EVERYTHING: &str = "sed -i s/two/TWO/ a.txt; rm gone; mv dir/c.txt dir/d.txt; chmod +x b.txt;
    printf '\\003\\000' > bytes; mkdir -p new/er; echo new > new/er/file; ln -s ../a.txt dir/link;
    printf 'no end' > 'strange name'; : > empty";

#[tokio::test]
async fn every_kind_of_change_is_applied_and_is_applied_once() {
    let repository = Repository::new();
    let patch = repository.patch("", EVERYTHING).await;
    let all = [
        "a.txt",
        "b.txt",
        "bytes",
        "dir/c.txt",
        "dir/d.txt",
        "dir/link",
        "empty",
        "gone",
        "new/er/file",
        "strange name",
    ];
    assert_eq!(repository.apply(&patch).await, written(&all));
    assert_eq!(repository.read("a.txt"), TEXT.replace("two", "TWO"));
    assert_eq!(repository.read("dir/d.txt"), TEXT);
    assert_eq!(repository.read("dir/link"), repository.read("a.txt"));
    assert_eq!(fs::read(repository.top().join("bytes")).unwrap(), [3, 0]);
    let mode = fs::metadata(repository.top().join("b.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert!(!repository.top().join("gone").exists());
    let before = repository.files();
    assert_eq!(repository.apply(&patch).await, Applied::Already);
    assert_eq!(repository.files(), before);
}

#[tokio::test]
async fn changes_of_the_person_are_merged_and_kept() {
    let repository = Repository::new();
    let patch =
        repository.patch("", "sed -i s/two/TWO/ a.txt; sed -i s/nine/NINE/ dir/c.txt").await;
    // Not committed, staged, committed, and renamed since.
    repository.write("a.txt", TEXT.replace("ten", "TEN"));
    repository.write("mine", "untracked\n");
    repository.write("ignored", "ignored\n");
    repository.write("b.txt", "staged\n");
    git(repository.top(), &["add", "b.txt"]);
    git(repository.top(), &["mv", "dir/c.txt", "moved.txt"]);
    git(repository.top(), &["commit", "--quiet", "-m", "second"]);
    assert_eq!(repository.apply(&patch).await, written(&["a.txt", "moved.txt"]));
    assert_eq!(repository.read("a.txt"), TEXT.replace("two", "TWO").replace("ten", "TEN"));
    assert_eq!(repository.read("moved.txt"), TEXT.replace("nine", "NINE"));
    assert_eq!(repository.read("mine"), "untracked\n");
    assert_eq!(repository.read("ignored"), "ignored\n");
    assert_eq!(repository.read("b.txt"), "staged\n");
}

#[tokio::test]
async fn without_three_ways_every_change_fits_as_it_is_or_nothing_is_written() {
    let repository = Repository::new();
    let script = "sed -i s/six/SIX/ a.txt; echo more >> b.txt";
    let patch = repository.patch("", script).await;
    repository.write("a.txt", format!("zero\n{TEXT}"));
    assert_eq!(repository.apply_with(&patch, false).await.unwrap(), written(&["a.txt", "b.txt"]));
    let repository = Repository::new();
    let patch = repository.patch("", script).await;
    repository.write("a.txt", TEXT.replace("five", "5"));
    let before = repository.files();
    let Applied::Conflicts(conflicts) = repository.apply_with(&patch, false).await.unwrap() else {
        panic!("it does not fit")
    };
    assert_eq!(repository.files(), before);
    assert_eq!(conflicts.len(), 1);
    assert_eq!((&*conflicts[0].path, &*conflicts[0].kind), ("a.txt", "content"));
}

#[tokio::test]
async fn conflicts_are_told_by_file_and_place_and_nothing_is_written() {
    let repository = Repository::new();
    let patch =
        repository.patch("", "sed -i 's/two/TWO/; s/nine/NINE/' a.txt; echo more >> b.txt").await;
    repository.write(
        "a.txt",
        format!("zero\n{}", TEXT.replace("two", "zwei\nund mehr").replace("nine", "neun")),
    );
    let before = repository.files();
    let Applied::Conflicts(conflicts) = repository.apply(&patch).await else { panic!("it fits") };
    assert_eq!(repository.files(), before);
    let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert_eq!((&*conflict.path, &*conflict.kind), ("a.txt", "content"));
    let places: Vec<_> =
        conflict.hunks.iter().map(|h| (h.line, h.lines, &*h.yours, &*h.patch)).collect();
    assert_eq!(places, [(3, 2, "zwei\nund mehr\n", "TWO\n"), (11, 1, "neun\n", "NINE\n")]);
}

/// What the patch does, what the person does, and the paths and kinds of conflicts.
type InTheWay = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let cases: &[InTheWay] = &[
        ("echo new > new", "echo mine > new", &[("new", "untracked")]),
        (
            "echo new > ignored; git add -f ignored",
            "echo mine > ignored",
            &[("ignored", "untracked")],
        ),
        ("mkdir new; echo x > new/x", "echo mine > new", &[("new/x", "in-the-way")]),
        ("echo x > new", "mkdir new; echo mine > new/x", &[("new", "in-the-way")]),
        ("mkdir new; echo x > new/x", "ln -s /tmp new", &[("new/x", "in-the-way")]),
        ("echo x > new", "mkfifo new", &[("new", "in-the-way")]),
        ("rm gone", "echo more > gone", &[("gone", "modify-delete")]),
        ("echo more > gone", "rm gone", &[("gone", "modify-delete")]),
        ("printf '\\001\\000' > bytes", "printf '\\002\\000' > bytes", &[("bytes", "binary")]),
        (
            "sed -i s/two/TWO/ a.txt",
            "git update-index --assume-unchanged a.txt; echo mine >> a.txt",
            &[("a.txt", "hidden")],
        ),
        (
            "sed -i s/two/TWO/ a.txt",
            "git update-index --skip-worktree a.txt; echo mine >> a.txt",
            &[("a.txt", "hidden")],
        ),
        ("git rm -q b.txt; mkdir b.txt; echo x > b.txt/x", "echo mine >> b.txt", &[("b.txt", "")]),
    ];
    for (theirs, mine, expected) in cases {
        let repository = Repository::new();
        let patch = repository.patch("", theirs).await;
        let mut shell = Command::new("sh");
        let done = shell.args(["-ec", mine]).current_dir(repository.top()).status().unwrap();
        assert!(done.success(), "{mine}");
        if *mine == "mkfifo new" {
            // It cannot be read for a comparison.
            let Applied::Conflicts(found) = repository.apply(&patch).await else {
                panic!("{mine}")
            };
            assert_eq!((&*found[0].path, &*found[0].kind), expected[0]);
            continue;
        }
        let found = repository.conflicts(&patch).await;
        for ((path, kind), (wanted, what)) in found.iter().zip(*expected) {
            assert!(path.starts_with(wanted), "{theirs} / {mine}: {found:?}");
            assert!(what.is_empty() || kind == what, "{theirs} / {mine}: {found:?}");
        }
    }
}

#[tokio::test]
async fn what_no_patch_may_bring_is_refused() {
    let cases: &[(&str, &str, &str, &str)] = &[
        ("", "ln -s /etc/passwd link", "link", "link-outside"),
        ("", "ln -s ../../x dir/link", "dir/link", "link-outside"),
        ("", "ln -s .git/config link", "link", "link-outside"),
        ("dir/", "echo x >> a.txt; echo x >> dir/c.txt", "a.txt", "outside-root"),
        ("dir/", "ln -s ../a.txt dir/link", "dir/link", "link-outside"),
        (
            "",
            "git init -q sub; cd sub; git -c user.name=a -c user.email=b commit -q --allow-empty -m x",
            "sub",
            "submodule",
        ),
    ];
    for (root, script, path, kind) in cases {
        let repository = Repository::new();
        let patch = repository.patch(root, script).await;
        let found = repository.conflicts(&patch).await;
        assert_eq!(found, [((*path).to_owned(), (*kind).to_owned())], "{script}");
    }
    // What git itself takes for no path.
    for path in ["../out", "/tmp/out", ".git/hooks/x", "a/../../out", ".GIT/config"] {
        let repository = Repository::new();
        let base = head(repository.top()).await.unwrap();
        let patch = format!(
            "Baton-Task: run_A/1\nBaton-Base: {base}\nBaton-Root: \n\ndiff --git a/{path} b/{path}\n\
             new file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
        );
        let before = repository.files();
        let refused = repository.apply_with(patch.as_bytes(), true).await;
        assert!(matches!(refused, Err(ApplyError::Git(_))), "{path}: {refused:?}");
        assert_eq!(repository.files(), before);
        assert!(!repository.top().join("../out").exists());
    }
}

#[tokio::test]
async fn folders_and_files_take_each_others_place() {
    let repository = Repository::new();
    let patch =
        repository.patch("", "rm gone; mkdir gone; echo x > gone/x; rm -r dir; echo d > dir").await;
    let done = repository.apply(&patch).await;
    assert_eq!(done, written(&["dir", "dir/c.txt", "gone", "gone/x"]));
    assert_eq!((repository.read("gone/x"), repository.read("dir")), ("x\n".into(), "d\n".into()));
}

#[tokio::test]
async fn programs_of_the_repository_do_not_run() {
    let repository = Repository::new();
    let top = repository.top();
    let marker = top.join(".git/ran");
    let run = format!("sh -c 'touch {}; cat' %f", marker.display());
    let patch = repository.patch("", "sed -i s/two/TWO/ a.txt").await;
    repository.write(".gitattributes", "* filter=own merge=own diff=own\n");
    for name in [
        "filter.own.clean",
        "filter.own.smudge",
        "merge.own.driver",
        "diff.own.textconv",
        "diff.own.command",
        "core.fsmonitor",
    ] {
        git(top, &["config", name, &run]);
    }
    fs::write(top.join("a.txt"), TEXT.replace("ten", "TEN")).unwrap();
    let applied = repository.apply(&patch).await;
    assert!(!marker.exists(), "{applied:?}");
}

#[tokio::test]
async fn a_patch_of_another_repository_is_refused() {
    let (one, other) = (Repository::new(), Repository::new());
    one.write("more", "more\n");
    git(one.top(), &["add", "."]);
    git(one.top(), &["commit", "--quiet", "-m", "second"]);
    let patch = one.patch("", "echo x >> a.txt").await;
    let refused = other.apply_with(&patch, true).await;
    assert!(matches!(refused, Err(ApplyError::NoBase { .. })), "{refused:?}");
    let refused = one.apply_with(b"diff --git a/a b/a\n", true).await;
    assert!(matches!(refused, Err(ApplyError::NoPatch)), "{refused:?}");
    let outside = tempfile::tempdir().unwrap();
    let refused = Applier::open(outside.path()).await.err();
    assert!(matches!(refused, Some(ApplyError::Repository { .. })), "{refused:?}");
}

/// Whoever writes a file between the plan and its writing keeps it, and the rest is taken back.
#[tokio::test]
async fn a_file_that_changes_in_between_is_kept_and_all_is_taken_back() {
    for (name, bytes) in [("a.txt", Some("mine\n")), ("new", Some("mine\n")), ("b.txt", None)] {
        let repository = Repository::new();
        let script = "rm gone; echo x >> a.txt; echo x >> b.txt; echo x > new; echo x >> dir/c.txt";
        let patch = repository.patch("", script).await;
        let applier = Applier::open(repository.top()).await.unwrap();
        let Planned::Fits(plan) = applier.plan(&patch, true).await.unwrap() else { panic!("no") };
        match bytes {
            Some(bytes) => repository.write(name, bytes),
            None => fs::remove_file(repository.top().join(name)).unwrap(),
        }
        let before = repository.files();
        let raced = applier.write(plan).unwrap_err();
        assert_eq!(raced, ApplyError::Raced(vec![name.to_owned()]));
        assert_eq!(repository.files(), before);
        assert_eq!(repository.leftovers(), [] as [&str; 0]);
    }
}

#[tokio::test]
async fn line_ends_are_those_that_the_attributes_ask_for() {
    let repository = Repository::new();
    let crlf = |text: &str| text.replace('\n', "\r\n");
    repository.write(".gitattributes", "*.txt text eol=crlf\n");
    git(repository.top(), &["add", "."]);
    git(repository.top(), &["commit", "--quiet", "-m", "line ends"]);
    for name in ["a.txt", "b.txt", "dir/c.txt"] {
        repository.write(name, crlf(&repository.read(name)));
    }
    let patch = repository.patch("", "sed -i s/two/TWO/ a.txt; printf 'x\\r\\n' > new.txt").await;
    repository.write("a.txt", crlf(&TEXT.replace("ten", "TEN")));
    assert_eq!(repository.apply(&patch).await, written(&["a.txt", "new.txt"]));
    assert_eq!(repository.read("a.txt"), crlf(&TEXT.replace("two", "TWO").replace("ten", "TEN")));
    assert_eq!(repository.read("new.txt"), "x\r\n");
    assert_eq!(repository.apply(&patch).await, Applied::Already);
}
