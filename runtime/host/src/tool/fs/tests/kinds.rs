//! What is neither a file nor a directory.

use std::os::unix::net::UnixListener;
use std::process::Command;

use rustix::fs::FileType;

use super::*;
use crate::tool::fs::Touch;
use crate::tool::fs::place::kind;
use crate::tool::fs::walk::Last;

#[test]
fn what_is_no_file_is_seen_and_never_opened() {
    let tree = Tree::of(&["out/a.txt"]);
    drop(UnixListener::bind(tree.root().join("out/socket")).unwrap());
    assert!(Command::new("mkfifo").arg(tree.root().join("out/pipe")).status().unwrap().success());
    tree.link("out/to-pipe", "pipe");
    let files = tree.files(&[], &["out/**"]);
    for path in ["out/pipe", "out/to-pipe", "out/socket"] {
        for (open, flags) in [
            (OpenFlags::empty(), DescriptorFlags::READ),
            (OpenFlags::empty(), DescriptorFlags::WRITE),
            (OpenFlags::CREATE, DescriptorFlags::WRITE),
            (OpenFlags::TRUNCATE, DescriptorFlags::READ | DescriptorFlags::WRITE),
        ] {
            assert_eq!(said(files.open(path, open, flags)), "NotPermitted", "{path} {open:?}");
        }
    }
    let place = files.files.find(Touch::Read, "", "out/pipe", Last::Follow).unwrap();
    assert_eq!(kind(place.what.stat().unwrap()), FileType::Fifo);
    assert_eq!(files.names("out").unwrap(), ["a.txt", "pipe", "socket", "to-pipe"]);
    assert_eq!(said(files.files.hard_link(at("out/pipe"), at("out/p2"))), "NotPermitted");
    assert_eq!(said(files.files.remove_file(at("out/pipe"))), "ok");
}

#[test]
fn devices_and_what_the_kernel_makes_up_are_not_opened() {
    let root = Arc::new(Root::open(Path::new("/dev")).unwrap());
    let grant = ToolGrant {
        root: Some(root),
        authority: Arc::new(Authority { write: scope(&["**"]), ..Authority::default() }),
        environment: Vec::new(),
        secrets: Vec::new(),
        certificates: Arc::default(),
        denied: Arc::new(|_| ()),
    };
    let limits = Limits::default();
    let files = Files::new(&grant, &Scopes::default(), &limits, &Meter::new(&limits.tool)).unwrap();
    let how = How {
        follow: true,
        open: OpenFlags::empty(),
        flags: DescriptorFlags::READ | DescriptorFlags::WRITE,
    };
    assert_eq!(said(files.open("", "null", how)), "NotPermitted");
    assert_eq!(
        said(files.open("", "fd/0", How { flags: DescriptorFlags::READ, ..how })),
        "outside NoEntry"
    );
    assert!(Root::open(Path::new("/proc/self")).is_err());
}
