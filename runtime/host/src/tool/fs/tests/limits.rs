//! What is written and held open is counted.

use wasmtime_wasi::p2::{InputStream, OutputStream, StreamError};

use super::*;
use crate::limiter::Stop;
use crate::tool::fs::stream::{Reader, Writer};

fn tight() -> (Tree, Granted) {
    let tree = Tree::of(&["out/a.txt"]);
    let mut limits = Limits::default();
    limits.tools.write_bytes = 100;
    let files = tree.limited(&[], &["out/**"], &limits);
    (tree, files)
}

fn writer(files: &Granted, offset: Option<u64>) -> Writer {
    let handle = files.open("out/a.txt", OpenFlags::empty(), DescriptorFlags::WRITE).unwrap();
    Writer {
        file: Arc::clone(handle.to_write().unwrap()),
        offset,
        written: Arc::clone(&files.files.written),
        meter: Arc::clone(&files.files.meter),
    }
}

#[test]
fn bytes_written_are_counted_over_all_files_and_ways() {
    let (tree, files) = tight();
    let text = "x".repeat(30);
    assert_eq!(said(files.write("out/b.txt", &text)), "ok");
    writer(&files, Some(0)).write(text.clone().into()).unwrap();
    writer(&files, None).write(text.clone().into()).unwrap();
    assert_eq!(fs::metadata(tree.root().join("out/a.txt")).unwrap().len(), 60);
    assert_eq!(
        said(files.write("out/c.txt", &text)),
        "stop: it wrote more than 100 bytes to files"
    );
    assert_eq!(fs::metadata(tree.root().join("out/c.txt")).unwrap().len(), 0);
    for offset in [Some(0), None] {
        let error = writer(&files, offset).write(text.clone().into()).unwrap_err();
        let StreamError::Trap(error) = error else { panic!("{error:?}") };
        assert_eq!(error.downcast_ref(), Some(&Stop::WriteBytes { max: 100 }));
    }
    files.files.renew();
    assert_eq!(said(files.write("out/c.txt", &text)), "ok");
}

#[test]
fn a_hole_in_a_file_counts() {
    let (_tree, files) = tight();
    let open = |path| files.open(path, OpenFlags::CREATE, DescriptorFlags::WRITE).unwrap();
    let written = &files.files.written;
    let handle = open("out/b.txt");
    let file = handle.to_write().unwrap();
    assert_eq!(said(written.set_size(file, 60)), "ok");
    assert_eq!(said(written.set_size(file, 10)), "ok");
    assert_eq!(said(written.write_at(file, b"x", 30)), "ok", "21 bytes more");
    assert!(said(written.write_at(file, b"x", 1 << 40)).starts_with("stop"));
    files.files.renew();
    assert!(said(written.set_size(file, 1 << 40)).starts_with("stop"));
}

#[test]
fn open_files_are_counted_while_they_are_open() {
    let (_tree, files) = tight();
    let open = || files.open("out/a.txt", OpenFlags::empty(), DescriptorFlags::READ);
    let mut held: Vec<Handle> = (0..127).map(|_| open().unwrap()).collect();
    let listing = files.files.list("out").unwrap();
    assert_eq!(said(open()), "stop: it has more than 128 files and directories open");
    drop(listing);
    held.push(open().unwrap());
    assert!(said(files.files.list("out")).starts_with("stop"));
    held.clear();
    assert_eq!(said(open()), "ok");
}

#[test]
fn a_file_is_read_in_pieces_to_its_end() {
    let tree = Tree::of(&[]);
    let text = "0123456789".repeat(300_000);
    tree.file("big.txt", &text);
    let files = tree.files(&["**"], &[]);
    let handle = files.open("big.txt", OpenFlags::empty(), DescriptorFlags::READ).unwrap();
    let mut reader = Reader {
        file: Arc::clone(handle.to_read().unwrap()),
        offset: 10,
        meter: Arc::clone(&files.files.meter),
    };
    let mut read = Vec::new();
    loop {
        match reader.read(usize::MAX) {
            Ok(bytes) => {
                assert!(bytes.len() <= 1 << 20);
                read.extend_from_slice(&bytes);
            }
            Err(StreamError::Closed) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(read, &text.as_bytes()[10..]);
    assert!(reader.read(0).unwrap().is_empty());
}
