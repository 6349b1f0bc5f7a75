//! What is written, and that it fits what the person did meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::repository::{Applied, EVERYTHING, Repository, TEXT, git, written};

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
async fn folders_and_files_take_each_others_place() {
    let repository = Repository::new();
    let patch =
        repository.patch("", "rm gone; mkdir gone; echo x > gone/x; rm -r dir; echo d > dir").await;
    let done = repository.apply(&patch).await;
    assert_eq!(done, written(&["dir", "dir/c.txt", "gone", "gone/x"]));
    assert_eq!((repository.read("gone/x"), repository.read("dir")), ("x\n".into(), "d\n".into()));
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
