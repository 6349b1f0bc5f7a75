use std::fs;

use baton_tool_kit::Tree;

use super::Made;
use crate::{Commit, Id, Kind, Mode, Repository, TreeEntry, tree_bytes};

/// Lines that make differences worth a pack's while.
fn lines(changed: usize) -> String {
    (0..2_000)
        .map(|line| format!("line {}\n", if line == changed { 9_999 } else { line }))
        .collect()
}

#[test]
fn loose_and_packed_objects_are_read_alike() {
    let made = Made::new();
    for version in 0..8 {
        made.commit("version", &[("large", &lines(version * 100)), ("dir/small", "x")]);
    }
    let listed = made.git(&["rev-list", "--objects", "--no-object-names", "--all"]);
    let ids: Vec<Id> = listed.lines().map(|line| Id::from_hex(line).unwrap()).collect();
    assert!(ids.len() > 20);
    let read = || {
        let repository = made.open();
        ids.iter().map(|id| repository.read(*id).unwrap()).collect::<Vec<_>>()
    };
    let loose = read();
    for (id, (kind, content)) in ids.iter().zip(&loose) {
        assert_eq!(Id::of(*kind, content), *id);
    }
    // Differences by place, then by name.
    for arguments in [
        ["-c", "repack.useDeltaBaseOffset=true", "repack", "-adfq", "--depth=50"],
        ["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50"],
    ] {
        made.git(&arguments);
        let packs = made.git(&["verify-pack", "-v", &index_of(&made)]);
        assert!(packs.contains("chain length = "), "the pack has no differences");
        assert_eq!(made.git(&["count-objects"]), "0 objects, 0 kilobytes");
        assert_eq!(read(), loose);
    }
}

fn index_of(made: &Made) -> String {
    let folder = made.path().join(".git/objects/pack");
    let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let index = names.find(|path| path.extension().is_some_and(|end| end == "idx")).unwrap();
    index.to_str().unwrap().to_owned()
}

#[test]
fn commits_and_directories_are_what_git_says() {
    let made = Made::new();
    let first = made.commit("first", &[("a", "1"), ("a.b", "2")]);
    made.commit("sub\n\nbody: ü\n", &[("dir/x", "3"), ("dir.c", "4")]);
    let repository = made.open();
    let commit = repository.commit(repository.resolve("HEAD").unwrap()).unwrap();
    assert_eq!(commit.message, "sub\n\nbody: ü\n");
    assert_eq!(commit.parents, [Id::from_hex(&first).unwrap()]);
    assert_eq!((commit.author.name.as_str(), commit.author.seconds), ("Ann", 1_700_000_000));
    assert_eq!((commit.author.offset_minutes, commit.committer.offset_minutes), (90, -150));
    // Written again it is the same object.
    let (_, bytes) = repository.read(commit.id).unwrap();
    assert_eq!(commit.to_bytes(), bytes);

    let entries = repository.tree(commit.tree).unwrap();
    let names: Vec<String> = entries.iter().map(TreeEntry::text).collect();
    assert_eq!(names, ["a", "a.b", "dir.c", "dir"]);
    let mut mixed = entries.clone();
    mixed.reverse();
    assert_eq!(Id::of(Kind::Tree, &tree_bytes(mixed)), commit.tree);
    let at = |path: &str| repository.at_path(commit.tree, path).unwrap().map(|(mode, _)| mode);
    assert_eq!(at("dir/x"), Some(Mode::File));
    assert_eq!(
        (at("dir"), at(""), at("a/x"), at("b")),
        (Some(Mode::Tree), Some(Mode::Tree), None, None)
    );
}

#[test]
fn what_is_written_git_reads() {
    let made = Made::new();
    let parent = made.commit("first", &[("a", "1")]);
    let repository = made.open();
    let blob = repository.write(Kind::Blob, b"new content\n").unwrap();
    assert_eq!(repository.write(Kind::Blob, b"new content\n").unwrap(), blob);
    let entry = TreeEntry { mode: Mode::Executable, name: b"run".to_vec(), id: blob };
    let tree = repository.write(Kind::Tree, &tree_bytes(vec![entry])).unwrap();
    let parent = repository.commit(Id::from_hex(&parent).unwrap()).unwrap();
    let commit = Commit { tree, parents: vec![parent.id], message: "second\n".into(), ..parent };
    let id = repository.write(Kind::Commit, &commit.to_bytes()).unwrap();
    assert!(repository.set("refs/heads/topic/one", None, id).unwrap());

    assert_eq!(made.git(&["rev-parse", "topic/one"]), id.to_string());
    assert_eq!(made.git(&["show", "topic/one:run"]), "new content");
    assert_eq!(made.git(&["log", "--format=%s", "topic/one"]), "second\nfirst");
    made.git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn damage_is_told() {
    let made = Made::new();
    made.commit("one", &[("a", &lines(1))]);
    made.commit("two", &[("a", &lines(2))]);
    let blob = Id::from_hex(&made.git(&["rev-parse", "HEAD:a"])).unwrap();
    let hex = blob.to_string();
    let place = made.path().join(".git/objects").join(&hex[..2]).join(&hex[2..]);
    let good = fs::read(&place).unwrap();
    fs::remove_file(&place).unwrap();
    assert_eq!(made.open().read(blob).unwrap_err().code, "object-missing");
    for bytes in [&good[..good.len() / 2], b"no zlib", b""] {
        fs::write(&place, bytes).unwrap();
        assert_eq!(made.open().read(blob).unwrap_err().code, "damaged-repository");
    }
    fs::write(&place, good).unwrap();

    made.git(&["repack", "-adfq"]);
    let index = index_of(&made);
    let pack = index.replace(".idx", ".pack");
    let (index_bytes, pack_bytes) = (fs::read(&index).unwrap(), fs::read(&pack).unwrap());
    let ids = made.git(&["rev-list", "--objects", "--no-object-names", "--all"]);
    let ids: Vec<Id> = ids.lines().map(|line| Id::from_hex(line).unwrap()).collect();
    let writable = |path: &str| {
        let bytes = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    };
    writable(&index);
    writable(&pack);
    // Any byte may be wrong; what comes is the object, or an error.
    for step in 0..200 {
        let mut bytes = pack_bytes.clone();
        let at = 12 + step * (bytes.len() - 12) / 200;
        bytes[at] ^= 0x55;
        fs::write(&pack, &bytes).unwrap();
        let repository = made.open();
        for id in &ids {
            if let Err(error) = repository.read(*id) {
                assert!(!error.message.is_empty());
            }
        }
    }
    fs::write(&pack, pack_bytes).unwrap();
    for bytes in [&index_bytes[..100], &index_bytes[..1_040], b"\xfftOc\0\0\0\x01"] {
        fs::write(&index, bytes).unwrap();
        assert!(made.open().read(blob).is_err());
    }
}

#[test]
fn what_is_no_repository_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = || Repository::open(&Tree::new(folder.path())).err().unwrap().code;
    assert_eq!(code(), "not-a-repository");
    fs::write(folder.path().join(".git"), "gitdir: /elsewhere\n").unwrap();
    assert_eq!(code(), "separate-git-dir");

    let made = Made::new();
    made.git(&["config", "extensions.objectFormat", "sha256"]);
    let error = Repository::open(&Tree::new(made.path())).err().unwrap();
    assert_eq!(error.code, "unsupported-repository");
}
