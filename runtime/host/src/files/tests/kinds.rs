//! Devices, FIFOs, sockets and files the kernel makes up.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use baton_core::files::FileErrorKind::{Io, NotRegular};
use baton_core::files::FileRequest;
use baton_core::limits::FileLimits;
use baton_core::scope::PathScope;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::root::Located;
use super::super::{Root, RootError, ScopedFiles};
use super::{Tree, everything, listed, read, refused, selection, stat};

/// The whole machine as a root, which nobody should grant; even then these files are refused.
fn machine() -> ScopedFiles {
    Root::open(Path::new("/"))
        .unwrap()
        .scoped(&PathScope::default(), &FileLimits::default())
        .unwrap()
}

#[test]
fn devices_are_refused() {
    let files = machine();
    for path in ["dev/null", "dev/zero"] {
        refused(read(&files, path), NotRegular, "not-regular");
        refused(stat(&files, path), NotRegular, "not-regular");
    }
}

#[test]
fn what_the_kernel_makes_up_is_refused() {
    let files = machine();
    for path in ["proc/version", "proc/self/environ", "proc/self/root/etc/passwd", "sys/kernel"] {
        refused(read(&files, path), NotRegular, "kernel-file-system");
        refused(stat(&files, path), NotRegular, "kernel-file-system");
    }
    for path in ["/proc", "/proc/self", "/sys"] {
        let error = Root::open(Path::new(path)).unwrap_err();
        assert!(matches!(error, RootError::KernelFileSystem { .. }), "{error}");
    }
}

#[test]
fn a_root_is_an_existing_directory() {
    let tree = Tree::of(&["file"]);
    for path in ["file", "missing"] {
        let error = Root::open(&tree.root().join(path)).unwrap_err();
        assert!(matches!(error, RootError::Open { .. }), "{error}");
    }
}

#[test]
fn fifos_and_sockets_are_refused_without_waiting() {
    let tree = Tree::of(&["file.md"]);
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.root().join("fifo"), FileType::Fifo, mode, 0).unwrap();
    let _socket = UnixListener::bind(tree.root().join("socket")).unwrap();
    tree.link("to-fifo", "fifo");
    tree.link("to-socket", "socket");
    let files = tree.files();

    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for path in ["fifo", "socket", "to-fifo", "to-socket"] {
            refused(read(&files, path), NotRegular, "not-regular");
            refused(stat(&files, path), NotRegular, "not-regular");
        }
        let all = selection(&[], &[], everything());
        assert_eq!(listed(&files, &all), ["file.md"]);
        let pattern = "file".to_owned();
        let selection = all;
        let found = files.observe(&FileRequest::Search { pattern, selection });
        sender.send(found).unwrap();
    });
    // An open that waits for a writer would wait for ever.
    let found = receiver.recv_timeout(Duration::from_secs(300));
    assert!(found.unwrap().is_ok());
}

#[test]
fn a_fifo_named_like_an_ignore_file_does_not_stop_a_listing() {
    let tree = Tree::of(&["file.md"]);
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.root().join(".gitignore"), FileType::Fifo, mode, 0).unwrap();
    tree.link(".ignore", "/dev/zero");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let listed = listed(&tree.files(), &selection(&[], &[], Default::default()));
        sender.send(listed).unwrap();
    });
    let listed = receiver.recv_timeout(Duration::from_secs(300));
    assert_eq!(listed.unwrap(), ["file.md"]);
}

#[test]
fn what_took_the_place_of_a_file_is_not_opened_as_that_file() {
    let tree = Tree::of(&["file.md", "other.md"]);
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.root().join("fifo"), FileType::Fifo, mode, 0).unwrap();
    tree.link("link", "file.md");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let root = Root::open(&tree.root()).unwrap();
        // What was seen is a regular file; what is opened has taken its name since.
        let metadata = root.dir.symlink_metadata("file.md").unwrap();
        for name in ["other.md", "link", "fifo"] {
            let located = Located { parent: &root.dir, name, metadata: &metadata };
            refused(located.open(name).map(|_| ()), Io, "changed");
        }
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(Duration::from_secs(300)).unwrap();
}
