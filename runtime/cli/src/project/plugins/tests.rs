#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;

use super::super::places::Places;
use super::*;

fn directory(manifest: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".claude-plugin")).unwrap();
    fs::write(dir.path().join(MANIFEST), manifest).unwrap();
    dir
}

fn reason(root: &Path) -> String {
    read(root).unwrap().unwrap_err().reason
}

#[test]
fn a_manifest_names_the_plugin_and_further_folders() {
    for (manifest, agents) in [
        (r#"{ "name": "p", "unknown": { "a": [1] } }"#, &["agents"][..]),
        (r#"{ "name": "p", "agents": "./more" }"#, &["agents", "more"]),
        (r#"{ "name": "p", "agents": ["./agents/", "a.md", "b"] }"#, &["agents", "a.md", "b"]),
        (r#"{ "name": "p", "agents": { "a": 1 }, "workflows": "w" }"#, &["agents"]),
    ] {
        let dir = directory(manifest);
        let plugin = read(dir.path()).unwrap().unwrap();
        let folders = plugin.folders("agents");
        let paths: Vec<&Path> =
            folders.iter().map(|folder| folder.path.strip_prefix(dir.path()).unwrap()).collect();
        assert_eq!(paths, agents.iter().map(Path::new).collect::<Vec<_>>(), "{manifest}");
        for folder in folders {
            assert_eq!(folder.fence.as_deref(), Some(dir.path()));
            assert_eq!(folder.plugin.as_deref(), Some("p"));
        }
    }
    assert!(read(tempfile::tempdir().unwrap().path()).is_none());
}

#[test]
fn what_is_no_manifest_is_named() {
    let many = format!(r#"{{ "name": "p", "agents": [{}] }}"#, vec!["\"a\""; 17].join(","));
    let large = format!(r#"{{ "name": "p{}" }}"#, "x".repeat(64 << 10));
    let long = format!(r#"{{ "name": "{}" }}"#, "x".repeat(65));
    for (manifest, said) in [
        ("{", "not the manifest of a plugin: EOF while parsing an object at line 1 column 1"),
        ("{}", "not the manifest of a plugin: missing field `name` at line 1 column 2"),
        ("[]", "not the manifest of a plugin: "),
        (r#"{ "name": "" }"#, "`` cannot be the name of a plugin"),
        (r#"{ "name": "a:b" }"#, "`a:b` cannot be the name of a plugin"),
        (r#"{ "name": "-a" }"#, "`-a` cannot be the name of a plugin"),
        (r#"{ "name": "file" }"#, "`file` cannot be the name of a plugin"),
        (&long, "cannot be the name of a plugin"),
        (&many, "`agents` names more than 16 paths"),
        (&large, "65551 bytes, where the manifest of a plugin has at most 65536"),
    ] {
        let found = reason(directory(manifest).path());
        assert!(found.contains(said), "{found}\n{said}");
    }
    let outside = directory(r#"{ "name": "p" }"#);
    let dir = tempfile::tempdir().unwrap();
    symlink(outside.path().join(".claude-plugin"), dir.path().join(".claude-plugin")).unwrap();
    assert_eq!(reason(dir.path()), "a link that leads out of the plugin is not followed");
    let dir = directory("");
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    symlink("none", dir.path().join(MANIFEST)).unwrap();
    assert_eq!(reason(dir.path()), "a link that leads nowhere");
}

#[test]
fn plugins_are_looked_for_up_to_the_top_of_the_repository() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().canonicalize().unwrap();
    let plugin = |path: &str, name: &str| {
        let path = root.join(path).join(MANIFEST);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!(r#"{{ "name": "{name}" }}"#)).unwrap();
    };
    plugin("", "outside");
    plugin("repo", "top");
    plugin("repo/a", "near");
    plugin("repo/other", "other");
    plugin("loose", "loose");
    for path in ["repo/.git", "repo/a/b", "repo/other/workflows/deep", "loose/workflows/deep"] {
        fs::create_dir_all(root.join(path)).unwrap();
    }
    let scripts =
        ["repo/other/workflows/deep/x.js", "loose/workflows/x.js", "loose/workflows/deep/x.js"];
    for script in scripts {
        fs::write(root.join(script), "").unwrap();
    }
    let names = |places: &Places| places.plugins().map(ToOwned::to_owned).collect::<Vec<_>>();
    let here = Places::around(&root.join("repo/a/b"), |_| None);
    assert_eq!(names(&here), ["near", "top"]);
    for (script, found) in [
        (scripts[0], &["other", "near", "top"][..]),
        (scripts[1], &["loose", "near", "top"]),
        // Without a repository one directory above is looked at, not the whole disk.
        (scripts[2], &["near", "top"]),
        ("repo/none.js", &["near", "top"]),
    ] {
        let mut places = here.clone();
        assert_eq!(places.around_script(&root.join(script)), found.len() == 3, "{script}");
        assert_eq!(names(&places), found, "{script}");
        assert!(!places.around_script(&root.join(script)), "known already");
    }
}
