#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("repo/.git/HEAD", "");
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn find(&self, here: &str, root: Option<&str>) -> Guidance {
        let home = self.0.path().join("home").into_os_string();
        let places = Places::around(&self.0.path().join(here), |name| {
            (name == "HOME").then(|| home.clone())
        });
        let root = root.map(|root| self.0.path().join(root));
        Guidance::find(&places, root.as_deref(), true, true)
    }
}

fn names(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| text.name.as_str()).collect()
}

fn skill(fields: &str) -> String {
    format!("---\ndescription: d\n{fields}\n---\n# Do it\n")
}

#[test]
fn instructions_are_given_from_the_top_down() {
    let tree = Tree::new(&[
        ("CLAUDE.md", "above the repository"),
        ("repo/CLAUDE.md", "top"),
        ("repo/AGENTS.md", "agents"),
        ("repo/a/b/CLAUDE.md", "deep\n@docs/more.md\n"),
        ("repo/a/AGENTS.md", "agents"),
        ("repo/a/.claude/CLAUDE.md", "middle"),
        ("repo/a/CLAUDE.md", " \n"),
        ("repo/other/CLAUDE.md", "elsewhere"),
    ]);
    let found = tree.find("repo/a/b", None);
    let expected = ["CLAUDE.md", "AGENTS.md", "a/.claude/CLAUDE.md", "a/b/CLAUDE.md"];
    assert_eq!(names(&found.instructions), expected);
    assert_eq!(found.notes, ["CLAUDE.md: imports are not followed: @docs/more.md"]);
    assert_eq!(&*found.instructions[0].text, "top");
    let found = tree.find("repo/a/b", Some("repo/other"));
    assert_eq!(names(&found.instructions), ["CLAUDE.md", "AGENTS.md", "other/CLAUDE.md"]);
}

#[test]
fn files_that_are_too_large_or_lead_out_are_not_given() {
    let large = "x".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1);
    let tree = Tree::new(&[("secret.md", "secret"), ("repo/CLAUDE.md", &large)]);
    symlink(tree.0.path().join("secret.md"), tree.0.path().join("repo/AGENTS.md")).unwrap();
    let found = tree.find("repo", None);
    assert!(found.instructions.is_empty());
    assert_eq!(
        found.notes,
        [
            "CLAUDE.md is not given: 65537 bytes, at most 65536 are given",
            "AGENTS.md: a link that leads out of the project is not followed",
        ]
    );
}

#[test]
fn the_nearest_skill_of_a_name_is_offered() {
    let tree = Tree::new(&[
        ("repo/.claude/skills/one/SKILL.md", &skill("")),
        ("repo/a/.baton/skills/x/SKILL.md", "---\nname: one\ndescription: near\n---\nNear.\n"),
        ("home/.claude/skills/mine/SKILL.md", &skill("when_to_use: always")),
        ("home/.config/baton/skills/mine/SKILL.md", &skill("allowed-tools: Bash")),
        ("repo/.claude-plugin/plugin.json", r#"{ "name": "p" }"#),
        ("repo/skills/of-plugin/SKILL.md", &skill("")),
        ("repo/.claude/skills/notes.md", "no skill"),
        ("repo/.claude/skills/deep/er/SKILL.md", &skill("")),
    ]);
    let found = tree.find("repo/a", None);
    assert_eq!(names(&found.skills), ["mine", "one", "p:of-plugin"]);
    assert_eq!(found.skills[1].description, "near");
    assert_eq!(&*found.skills[1].text, "Near.");
    assert_eq!(found.skills[0].place, Place::User);
    let note = &found.notes[0];
    assert!(note.ends_with("SKILL.md: `allowed-tools` has no effect here"), "{note}");
    assert_eq!(names(&tree.find("repo", None).skills), ["mine", "one", "p:of-plugin"]);
}

#[test]
fn what_is_no_skill_is_said() {
    let tree = Tree::new(&[
        ("repo/.claude/skills/a/SKILL.md", "# No front matter\n"),
        ("repo/.claude/skills/b/SKILL.md", "---\nname: b\n---\ntext\n"),
        ("repo/.claude/skills/c/SKILL.md", "---\ndescription: d\n---\n"),
        ("repo/.claude/skills/d/SKILL.md", &skill("name: d/e")),
        ("repo/.claude/skills/e/SKILL.md", &skill("disable-model-invocation: true")),
    ]);
    fs::create_dir_all(tree.0.path().join("out/x")).unwrap();
    tree.write("out/x/SKILL.md", &skill(""));
    symlink(tree.0.path().join("out/x"), tree.0.path().join("repo/.claude/skills/x")).unwrap();
    let found = tree.find("repo", None);
    assert!(found.skills.is_empty(), "{:?}", found.skills);
    let reasons: Vec<&str> =
        found.notes.iter().filter_map(|note| Some(note.split_once(": ")?.1)).collect();
    assert_eq!(
        reasons,
        [
            "it has no front matter",
            "it has no `description`",
            "it has no text",
            "the name `d/e` is not letters, digits, `-`, `_` and `.`",
        ]
    );
}
