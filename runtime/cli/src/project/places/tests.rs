#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn places(here: &Path, variables: &[(&str, &str)]) -> Places {
    Places::around(here, |name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    })
}

fn names(places: &Places, root: &Path) -> Vec<String> {
    let shown = |folder: Folder| {
        folder.path.strip_prefix(root).unwrap_or(&folder.path).display().to_string()
    };
    places.folders("workflows").into_iter().map(shown).collect()
}

#[test]
fn folders_come_nearest_first_up_to_the_top_of_the_repository() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    std::fs::create_dir_all(root.join("outer/repo/.git")).unwrap();
    std::fs::create_dir_all(root.join("outer/repo/a/b")).unwrap();
    let places = places(&root.join("outer/repo/a"), &[("HOME", "/home/ada")]);
    assert_eq!(
        names(&places, root),
        [
            "outer/repo/a/.baton/workflows",
            "outer/repo/a/.claude/workflows",
            "outer/repo/.baton/workflows",
            "outer/repo/.claude/workflows",
            "/home/ada/.config/baton/workflows",
            "/home/ada/.claude/workflows",
        ]
    );
    assert_eq!(places.top(), root.join("outer/repo"));
}

#[test]
fn without_a_repository_there_is_one_level() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(temp.path().join("a/b")).unwrap();
    let here = temp.path().join("a/b");
    assert_eq!(names(&places(&here, &[]), &here), [".baton/workflows", ".claude/workflows"]);
}

#[test]
fn variables_name_the_directories_of_the_person() {
    let here = Path::new("/nowhere");
    let named =
        places(here, &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x"), ("CLAUDE_CONFIG_DIR", "/c")]);
    assert_eq!(names(&named, here)[2..], ["/x/baton/workflows", "/c/workflows"]);
    let relative = places(here, &[("XDG_CONFIG_HOME", "x"), ("CLAUDE_CONFIG_DIR", "c")]);
    assert_eq!(names(&relative, here).len(), 2);
}

#[test]
fn a_home_directory_is_not_looked_into_twice() {
    let here = Path::new("/home/ada");
    let folders = places(here, &[("HOME", "/home/ada")]).folders("agents");
    let paths: Vec<&Path> = folders.iter().map(|folder| folder.path.as_path()).collect();
    assert_eq!(paths.iter().filter(|path| path.ends_with(".claude/agents")).count(), 1);
}

#[test]
fn a_workflow_is_saved_into_the_nearest_folder_else_at_the_top() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    std::fs::create_dir_all(root.join(".git")).unwrap();
    std::fs::create_dir_all(root.join("a/b/c")).unwrap();
    let at = |here: &str| places(&root.join(here), &[]).save().path;
    assert_eq!(at("a/b/c"), root.join(".baton/workflows"));
    std::fs::create_dir_all(root.join("a/.baton/workflows")).unwrap();
    std::fs::create_dir_all(root.join("a/b/.claude/workflows")).unwrap();
    assert_eq!(at("a/b/c"), root.join("a/.baton/workflows"));
}
