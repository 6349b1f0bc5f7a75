//! Sizes of single reads.

use std::fs::File;
use std::io::Read as _;

use baton_core::digest::Digest;
use baton_core::files::FileErrorKind::{InvalidPath, TooLarge};
use baton_core::files::{FileAnswer, FileRequest, SelectionOptions};
use baton_core::limits::FileLimits;

use super::super::read::bounded;
use super::{Tree, listed, read, refused, selection, stat};

#[test]
fn a_file_is_read_up_to_the_limit_and_refused_beyond() {
    let tree = Tree::new();
    tree.file("fits", [7; 100]);
    tree.file("beyond", [7; 101]);
    let limits = FileLimits { read_bytes: 100, ..FileLimits::default() };
    let files = tree.limited(&[], &limits);
    let path = "fits".to_owned();
    let bytes = vec![7; 100];
    let digest = Digest::of(&bytes);
    let expected = FileAnswer::Content { bytes, digest };
    assert_eq!(files.observe(&FileRequest::Read { path }).unwrap(), expected);
    let error = read(&files, "beyond").unwrap_err();
    assert!(error.message.contains("101") && error.message.contains("100"), "{error}");
    refused(read(&files, "beyond"), TooLarge, "file-too-large");
    assert_eq!(stat(&files, "beyond").unwrap().size, 101);
}

#[test]
fn an_enormous_file_costs_nothing() {
    let tree = Tree::new();
    let file = File::create(tree.root().join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    let files = tree.files();
    refused(read(&files, "sparse"), TooLarge, "file-too-large");
    assert_eq!(stat(&files, "sparse").unwrap().size, 1 << 40);
    let all = selection(&[], &[], SelectionOptions::default());
    assert_eq!(super::search(&files, "x", &all).unwrap(), (Vec::new(), false));
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    let endless = std::io::repeat(7);
    refused(bounded(endless, 10, "log", 100), TooLarge, "file-too-large");
    let grown = std::io::repeat(7).take(100);
    assert_eq!(bounded(grown, 10, "log", 100).unwrap(), [7; 100]);
}

#[test]
fn a_path_is_taken_up_to_the_limit() {
    let tree = Tree::of(&["abc/de", "abc/def"]);
    let limits = FileLimits { path_bytes: 6, ..FileLimits::default() };
    let files = tree.limited(&[], &limits);
    assert_eq!(read(&files, "abc/de").unwrap(), b"abc/de");
    refused(read(&files, "abc/def"), InvalidPath, "path-too-long");
    let all = selection(&[], &[], SelectionOptions::default());
    assert_eq!(listed(&files, &all), ["abc/de"]);
}
