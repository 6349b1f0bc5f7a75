//! Whoever changes the tree meanwhile opens no way around the patterns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

const SECRET: &str = "the-secret";
const LENGTH: Duration = Duration::from_secs(2);

/// Swaps directories and files for links to what is hidden and back, as fast as it can.
fn disturb(root: &Path, stop: &AtomicBool) {
    let place = |name: &str| root.join(name);
    symlink("../private", place("aside/link")).unwrap();
    symlink("../private/file", place("aside/file-link")).unwrap();
    while !stop.load(Ordering::Relaxed) {
        for (name, link) in [("out/dir", "aside/link"), ("out/file", "aside/file-link")] {
            fs::rename(place(name), place("aside/held")).unwrap();
            fs::rename(place(link), place(name)).unwrap();
            fs::rename(place(name), place(link)).unwrap();
            fs::rename(place("aside/held"), place(name)).unwrap();
        }
        // The directory itself moves to where nothing may be touched, and back.
        fs::rename(place("out/dir"), place("aside/held")).unwrap();
        fs::rename(place("aside/held"), place("out/dir")).unwrap();
    }
}

#[test]
fn what_is_hidden_stays_hidden_and_unchanged() {
    let tree = Tree::of(&["out/dir/file", "out/file", "aside/x"]);
    tree.file("private/file", SECRET);
    let files = tree.files(&["out/**"], &["out/**"]);
    let stop = AtomicBool::new(false);
    let mut read = 0_u32;
    std::thread::scope(|scope| {
        let root = tree.root();
        let stopping = &stop;
        scope.spawn(move || disturb(&root, stopping));
        let begun = Instant::now();
        let mut number = 0_u32;
        while begun.elapsed() < LENGTH {
            number += 1;
            for path in ["out/dir/file", "out/file"] {
                if let Ok(text) = files.read(path) {
                    assert_ne!(text, SECRET, "{path}");
                    read += 1;
                }
                let changed = files.write(path, "overwritten");
                assert!(changed.is_ok() || !said(changed).starts_with("stop"));
            }
            let new = format!("out/dir/new{number}");
            if files.write(&new, "new").is_ok() {
                let _ = files.files.remove_file(at(&new));
            }
            let _ = files.files.make_directory(at("out/dir/made"));
            let _ = files.files.remove_directory(at("out/dir/made"));
            if let Ok(names) = files.names("out/dir") {
                assert!(!names.contains(&"hidden".to_owned()));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(read > 0, "some reads must find the tree as it was");
    assert_eq!(fs::read_to_string(tree.root().join("private/file")).unwrap(), SECRET);
    let names: Vec<_> = fs::read_dir(tree.root().join("private")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
