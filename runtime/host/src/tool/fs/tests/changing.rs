//! Making, writing, moving and removing inside of the grant.

use rustix::fs::{Timespec, Timestamps};

use super::*;

#[test]
fn what_may_be_written_can_be_made_moved_and_removed() {
    let tree = Tree::of(&["out/a.txt", "docs/b.md"]);
    let files = tree.files(&["docs/**"], &["out/**", "new/place/*.txt"]);
    let make = |path: &str| said(files.files.make_directory(at(path)));
    assert_eq!(make("out/dir"), "ok");
    assert_eq!(make("out/dir/deeper/"), "ok");
    assert_eq!(make("out/dir"), "Exist");
    assert_eq!(make("out/nothing/x"), "NoEntry");
    // On the way to what may be written.
    assert_eq!(make("new"), "ok");
    assert_eq!(make("new/place"), "ok");
    assert_eq!(make("new/other"), "outside NotPermitted");
    assert_eq!(said(files.write("new/place/x.txt", "x")), "ok");
    assert_eq!(said(files.write("new/place/x.md", "x")), "outside NotPermitted");
    assert_eq!(said(files.write("out/dir/c.txt", "c")), "ok");
    assert_eq!(files.read("out/dir/c.txt").unwrap(), "c");
    assert_eq!(said(files.rename("out/dir/c.txt", "out/d.txt")), "ok");
    assert_eq!(said(files.rename("out/d.txt", "out/a.txt")), "ok");
    assert_eq!(files.read("out/a.txt").unwrap(), "c");
    assert_eq!(said(files.rename("out/dir", "out/moved")), "ok");
    assert_eq!(said(files.rename("out/moved/", "out/dir/")), "ok");
    assert_eq!(said(files.rename("out/a.txt", "out/b/")), "NotDirectory");
    assert_eq!(said(files.rename("out/nothing", "out/b")), "NoEntry");
    assert_eq!(said(files.files.hard_link(at("out/a.txt"), at("out/second.txt"))), "ok");
    assert_eq!(said(files.files.hard_link(at("out/a.txt"), at("out/second.txt"))), "Exist");
    assert_eq!(said(files.files.hard_link(at("out/dir"), at("out/third"))), "NotPermitted");
    assert_eq!(said(files.files.soft_link("a.txt", at("out/soft"))), "ok");
    assert_eq!(files.files.read_link(at("out/soft")).unwrap(), "a.txt");
    assert_eq!(said(files.files.remove_file(at("out/soft"))), "ok");
    assert_eq!(files.read("out/a.txt").unwrap(), "c", "the link was removed, not what it means");
    assert_eq!(said(files.files.remove_directory(at("out/dir"))), "NotEmpty");
    assert_eq!(said(files.files.remove_directory(at("out/dir/deeper"))), "ok");
    assert_eq!(said(files.files.remove_directory(at("out/a.txt"))), "NotDirectory");
    assert_eq!(said(files.files.remove_file(at("out/dir"))), "IsDirectory");
    assert_eq!(said(files.files.remove_file(at("out/dir/."))), "IsDirectory");
    for path in ["", ".", "out/..", "out/dir/.."] {
        let ends = [said(files.files.remove_directory(at(path))), make(path)];
        assert!(!ends.contains(&"ok".to_owned()), "{path}: {ends:?}");
    }
}

#[test]
fn what_may_only_be_read_stays_as_it_is() {
    let tree = Tree::of(&["docs/a.md", "docs/dir/b.md", "out/c.txt"]);
    tree.link("docs/link", "a.md");
    tree.link("out/to-docs", "../docs/a.md");
    let files = tree.files(&["docs/**"], &["out/**"]);
    let write = DescriptorFlags::WRITE;
    let none = OpenFlags::empty();
    let now = || {
        let time = Timespec { tv_sec: 1, tv_nsec: 0 };
        Timestamps { last_access: time, last_modification: time }
    };
    for (name, found) in [
        ("write", said(files.open("docs/a.md", none, write))),
        ("through a link", said(files.open("out/to-docs", none, write))),
        ("truncate", said(files.open("docs/a.md", OpenFlags::TRUNCATE, DescriptorFlags::READ))),
        ("create", said(files.write("docs/new.md", "x"))),
        ("make", said(files.files.make_directory(at("docs/new")))),
        ("remove", said(files.files.remove_file(at("docs/a.md")))),
        ("remove a link", said(files.files.remove_file(at("docs/link")))),
        ("remove a directory", said(files.files.remove_directory(at("docs/dir")))),
        ("rename in place", said(files.rename("docs/a.md", "docs/z.md"))),
        ("rename away", said(files.rename("docs/a.md", "out/a.md"))),
        ("rename over", said(files.rename("out/c.txt", "docs/a.md"))),
        ("link away", said(files.files.hard_link(at("docs/a.md"), at("out/a.md")))),
        ("link into", said(files.files.hard_link(at("out/c.txt"), at("docs/c.txt")))),
        ("soft link into", said(files.files.soft_link("a.md", at("docs/soft")))),
        ("times", said(files.files.set_times(at("docs/a.md"), true, &now()))),
        ("times by link", said(files.files.set_times(at("out/to-docs"), true, &now()))),
    ] {
        assert!(found == "outside ReadOnly" || found == "outside NotPermitted", "{name}: {found}");
    }
    assert_eq!(files.read("docs/a.md").unwrap(), "docs/a.md");
    assert_eq!(said(files.files.set_times(at("out/c.txt"), true, &now())), "ok");
    let modified = fs::metadata(tree.root().join("out/c.txt")).unwrap().modified().unwrap();
    assert_eq!(modified, std::time::UNIX_EPOCH + std::time::Duration::from_secs(1));
}

#[test]
fn opening_goes_by_its_flags() {
    let tree = Tree::of(&["out/a.txt"]);
    fs::create_dir(tree.root().join("out/dir")).unwrap();
    tree.link("out/link", "a.txt");
    tree.link("out/dangling", "later.txt");
    let files = tree.files(&[], &["out/**"]);
    let (create, exclusive) = (OpenFlags::CREATE, OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
    let (read, write) = (DescriptorFlags::READ, DescriptorFlags::WRITE);
    let none = OpenFlags::empty();
    for (path, open, flags, expected) in [
        ("out/a.txt", none, read, "ok"),
        ("out/a.txt", create, write, "ok"),
        ("out/a.txt", exclusive, write, "Exist"),
        ("out/link", exclusive, write, "Exist"),
        ("out/new.txt", none, write, "NoEntry"),
        ("out/new.txt", exclusive, write, "ok"),
        ("out/new.txt/", create, write, "NotDirectory"),
        ("out/newer/", create, write, "IsDirectory"),
        ("out/dangling", none, read, "NoEntry"),
        ("out/dangling", exclusive, write, "Exist"),
        ("out/dangling", create, write, "ok"),
        ("out/dir", none, read, "ok"),
        ("out/dir", none, write, "IsDirectory"),
        ("out/dir", create, read, "IsDirectory"),
        ("out/dir", OpenFlags::DIRECTORY, read, "ok"),
        ("out/a.txt", OpenFlags::DIRECTORY, read, "NotDirectory"),
        ("out/x", OpenFlags::DIRECTORY | create, read, "Invalid"),
    ] {
        assert_eq!(said(files.open(path, open, flags)), expected, "{path} {open:?} {flags:?}");
    }
    assert!(tree.root().join("out/later.txt").exists(), "made where the link points");
    let how = How { follow: false, open: none, flags: read };
    assert_eq!(said(files.files.open("", "out/link", how)), "Loop");
    let handle = files.open("out/a.txt", OpenFlags::TRUNCATE, read).unwrap();
    assert_eq!(said(handle.to_write()), "NotPermitted");
    assert_eq!(files.read("out/a.txt").unwrap(), "");
    let handle = files.open("out/a.txt", none, write).unwrap();
    assert_eq!(said(handle.to_read()), "BadDescriptor");
}
