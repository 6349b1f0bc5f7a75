use baton_tool_kit::Tree;

use super::Made;
use crate::{
    BlameInput, FileInput, LogInput, LogOutput, ReferencesInput, blame, file, log, references,
};

fn subjects(output: &LogOutput) -> Vec<&str> {
    output.commits.iter().map(|commit| commit.subject.as_str()).collect()
}

#[test]
fn commits_come_as_git_lists_them() {
    let made = Made::merged();
    made.git(&["branch", "before", "HEAD~1"]);
    let some = |text: &str| Some(text.to_owned());
    let cases: Vec<(LogInput, Vec<&str>)> = vec![
        (LogInput::default(), vec!["log"]),
        (LogInput { revision: some("topic"), ..LogInput::default() }, vec!["log", "topic"]),
        (LogInput { exclude: some("topic"), ..LogInput::default() }, vec!["log", "topic..HEAD"]),
        (
            LogInput { revision: some("topic"), exclude: some("HEAD~2"), ..LogInput::default() },
            vec!["log", "HEAD~2..topic"],
        ),
        (LogInput { path: some("dir"), ..LogInput::default() }, vec!["log", "--", "dir"]),
        (LogInput { path: some("a.txt"), ..LogInput::default() }, vec!["log", "--", "a.txt"]),
        (
            LogInput { path: some("dir/c.txt"), ..LogInput::default() },
            vec!["log", "--", "dir/c.txt"],
        ),
        (LogInput { path: some("absent"), ..LogInput::default() }, vec!["log", "--", "absent"]),
        (
            LogInput { message: some("TOPIC"), ..LogInput::default() },
            vec!["log", "-i", "--grep=topic"],
        ),
        (LogInput { author: some("ANN@"), ..LogInput::default() }, vec!["log"]),
        (LogInput { author: some("bob"), ..LogInput::default() }, vec!["log", "-n0"]),
        (LogInput { skip: 1, ..LogInput::default() }, vec!["log", "--skip=1"]),
    ];
    for (input, mut arguments) in cases {
        arguments.insert(1, "--format=%s");
        let expected = made.git(&arguments);
        let output = log(&made.tree(), &input).unwrap();
        assert_eq!(subjects(&output).join("\n"), expected, "{arguments:?}");
        assert!(!output.truncated);
    }
    let cut = log(&made.tree(), &LogInput { limit: Some(2), ..LogInput::default() }).unwrap();
    assert_eq!((subjects(&cut), cut.truncated), (vec!["last", "merge topic"], true));
}

#[test]
fn a_commit_says_what_git_says() {
    let made = Made::merged();
    let output = log(&made.tree(), &LogInput::default()).unwrap();
    for commit in &output.commits {
        let format = "--format=%H|%P|%an|%ae|%aI|%cn|%ce|%cI|%s|%b";
        let expected = made.git(&["show", "--no-patch", format, &commit.id]);
        let (author, committer) = (&commit.author, &commit.committer);
        let own = [
            commit.id.as_str(),
            &commit.parents.join(" "),
            &author.name,
            &author.email,
            &author.time,
            &committer.name,
            &committer.email,
            &committer.time,
            &commit.subject,
            &commit.body,
        ];
        assert_eq!(own.join("|"), expected);
    }
}

#[test]
fn history_that_was_cut_off_ends_there() {
    let made = Made::merged();
    let url = format!("file://{}", made.path().display());
    made.git(&["clone", "--quiet", "--depth=2", &url, "copy"]);
    let copy = Tree::new(made.path().join("copy"));
    let expected = made.git(&["-C", "copy", "log", "--format=%s"]);
    assert_eq!(subjects(&log(&copy, &LogInput::default()).unwrap()).join("\n"), expected);
}

#[test]
fn times_are_right_in_every_year() {
    let made = Made::new();
    for date in
        ["0 +0000", "951782399 -0830", "951868799 +0000", "4102444800 +1345", "1709164800 -0001"]
    {
        let message = format!(
            "tree {}\nauthor A <a> {date}\ncommitter B <b> {date}\n\nx\n",
            made.git_with(&["mktree"], "")
        );
        let id = made.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], &message);
        let expected = made.git(&["show", "--no-patch", "--format=%aI", &id]);
        let input = LogInput { revision: Some(id), ..LogInput::default() };
        let own = &log(&made.tree(), &input).unwrap().commits[0].author.time;
        // Git writes an offset of nothing as `Z`.
        assert_eq!(own.replace("+00:00", "Z"), expected.replace("+00:00", "Z"));
    }
}

#[test]
fn files_are_read_as_they_were() {
    let made = Made::merged();
    let read = |revision: &str, path: &str, first, last| {
        let revision = Some(revision.to_owned());
        let input = FileInput { revision, path: path.into(), first, last };
        file(&made.tree(), &input)
    };
    let text =
        |revision, path, first, last| read(revision, path, first, last).unwrap().text.unwrap();
    assert_eq!(text("HEAD", "a.txt", None, None), "one\n2\nthree\n");
    assert_eq!(text("topic", "a.txt", None, None), "one\ntwo\nthree\n");
    assert_eq!(text("HEAD", "a.txt", Some(2), Some(2)), "2\n");
    assert_eq!(text("HEAD", "a.txt", Some(3), Some(99)), "three\n");
    assert_eq!(text("HEAD", "a.txt", Some(9), None), "");
    let listing = read("HEAD", "", None, None).unwrap();
    let names: Vec<String> = listing.entries.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["a.txt", "dir/"]);
    assert_eq!(read("HEAD", "absent", None, None).unwrap_err().code, "not-found");
    assert_eq!(read("absent", "a.txt", None, None).unwrap_err().code, "unknown-revision");

    let wide = format!("{}\n", "x".repeat(1_000)).repeat(600);
    made.commit("wide", &[("wide", Some(&wide))]);
    let cut = read("HEAD", "wide", None, None).unwrap();
    assert!(cut.truncated && cut.text.unwrap().len() <= 500 << 10);
    assert_eq!(cut.size, wide.len());
}

#[test]
fn lines_belong_to_the_commits_that_git_names() {
    let made = Made::new();
    let text = |lines: &[&str]| Some(lines.join("\n") + "\n");
    let versions: [&[&str]; 4] = [
        &["a", "b", "c", "d", "e"],
        &["a", "B", "c", "d", "e"],
        &["new", "a", "B", "c", "e"],
        &["new", "a", "B", "c", "e", "f"],
    ];
    for (number, version) in versions.iter().enumerate() {
        let text = text(version);
        made.commit(&format!("version {number}"), &[("file", text.as_deref())]);
        if number == 1 {
            made.git(&["checkout", "--quiet", "-b", "side"]);
            made.commit("side", &[("file", Some("a\nB\nc\nd\nE\n"))]);
            made.git(&["checkout", "--quiet", "main"]);
        }
    }
    made.git(&["merge", "--quiet", "-X", "theirs", "-m", "merge", "side"]);
    let porcelain = made.git(&["blame", "--line-porcelain", "-s", "file"]);
    let expected: Vec<&str> = porcelain
        .lines()
        .filter(|line| line.split(' ').count() >= 3 && line.split(' ').next().unwrap().len() == 40)
        .map(|line| &line[..40])
        .collect();
    let input = BlameInput { path: "file".into(), ..BlameInput::default() };
    let output = blame(&made.tree(), &input).unwrap();
    let own: Vec<&str> = output
        .lines
        .iter()
        .flat_map(|range| (range.first..=range.last).map(|_| range.commit.as_str()))
        .collect();
    assert_eq!(own, expected);
    assert!(output.commits.len() >= 4);

    let part = BlameInput { first: Some(2), last: Some(3), ..input.clone() };
    let part = blame(&made.tree(), &part).unwrap();
    assert_eq!((part.lines.first().unwrap().first, part.lines.last().unwrap().last), (2, 3));
    let absent = BlameInput { path: "absent".into(), ..input };
    assert_eq!(blame(&made.tree(), &absent).unwrap_err().code, "not-found");
}

#[test]
fn references_have_their_commits() {
    let made = Made::merged();
    made.git(&["tag", "-a", "v1", "-m", "a tag", "topic"]);
    let output = references(&made.tree(), &ReferencesInput::default()).unwrap();
    let own: Vec<String> =
        output.references.iter().map(|one| format!("{} {}", one.name, one.commit)).collect();
    let expected: Vec<String> = ["refs/heads/main", "refs/heads/topic", "refs/tags/v1"]
        .iter()
        .map(|name| format!("{name} {}", made.git(&["rev-parse", &format!("{name}^{{}}")])))
        .collect();
    assert_eq!(own, expected);
    assert_eq!(output.head.as_deref(), Some("refs/heads/main"));
    let tags = ReferencesInput { prefix: "refs/tags/".into() };
    assert_eq!(references(&made.tree(), &tags).unwrap().references.len(), 1);
}
