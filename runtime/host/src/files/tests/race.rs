//! Another process changes the tree while it is read. The number of reads is fixed, not the time.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use baton_core::files::FileErrorKind;

use super::{Tree, everything, layer, list, read, search, selection, stat};

const OUTSIDE: &str = "outside";

/// Exchanges two names again and again until the reads are done.
fn exchanging(tree: &Tree, left: &str, right: &str, reads: impl FnOnce()) {
    let root = tree.root();
    let (left, right, spare) = (root.join(left), root.join(right), root.join("spare"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                fs::rename(&left, &spare).unwrap();
                fs::rename(&right, &left).unwrap();
                fs::rename(&spare, &right).unwrap();
            }
        });
        let _stop = Stop(&done);
        reads();
    });
}

/// Stops the other thread even when an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_file_exchanged_for_a_link_never_shows_the_outside() {
    let tree = Tree::of(&["file"]);
    let outside = tree.holder.path().join("secret");
    fs::write(&outside, OUTSIDE).unwrap();
    symlink(&outside, tree.root().join("link")).unwrap();
    let files = tree.files();
    let size = OUTSIDE.len() as u64;
    let all = selection(&[], &[], everything());
    exchanging(&tree, "file", "link", || {
        for _ in 0..2_000 {
            match read(&files, "file") {
                Ok(bytes) => assert_eq!(bytes, b"file"),
                Err(error) => assert!(
                    matches!(
                        (error.kind, error.code.as_str()),
                        (FileErrorKind::Denied, "link-outside")
                            | (FileErrorKind::NotFound, "not-found")
                            | (FileErrorKind::Io, "changed")
                    ),
                    "{error}"
                ),
            }
            assert!(!stat(&files, "file").is_ok_and(|entry| entry.size == size));
            let (entries, _) = list(&files, &all).unwrap();
            assert!(entries.iter().all(|entry| entry.size != size));
            let (matches, _) = search(&files, OUTSIDE, &all).unwrap();
            assert!(matches.is_empty());
        }
    });
}

#[test]
fn a_directory_exchanged_for_an_excluded_one_never_shows_it() {
    let tree = Tree::new();
    tree.file("open/x", "open");
    tree.file("closed/x", OUTSIDE);
    tree.link("link", "closed");
    let files = tree.layered(&[layer(&["open/**"], &[])]);
    exchanging(&tree, "open", "link", || {
        for _ in 0..2_000 {
            if let Ok(bytes) = read(&files, "open/x") {
                assert_eq!(bytes, b"open");
            }
        }
    });
}
