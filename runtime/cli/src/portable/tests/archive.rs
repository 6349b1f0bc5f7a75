//! Files as somebody else could write them.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::super::Chain;
use super::{all, exported};
use crate::codes::Code;
use crate::error::CliError;

/// The parts of a file.
pub(super) fn parts(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    });
    entries.collect()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// An archive of these parts; each may change its header.
pub(super) fn pack(
    parts: &[(String, Vec<u8>)],
    change: impl Fn(usize, &mut tar::Header),
) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (index, (name, bytes)) in parts.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        // As it is: no name is too bad to be tried.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        change(index, &mut header);
        header.set_cksum();
        archive.append(&header, bytes.as_slice()).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

pub(super) fn plain(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    pack(parts, |_, _| {})
}

/// The file with other records, for which the manifest stands.
pub(super) fn with_records(change: impl Fn(&mut Vec<serde_json::Value>)) -> Vec<u8> {
    let mut parts = parts(&exported());
    let text = String::from_utf8(parts[1].1.clone()).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    change(&mut lines);
    let mut chain = Chain::new();
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    lines.iter().for_each(|line| chain.add(line.as_bytes()));
    parts[1].1 = lines.concat().into_bytes();
    let mut manifest: serde_json::Value = serde_json::from_slice(&parts[0].1).unwrap();
    manifest["records"] = json!(lines.len());
    manifest["bytes"] = json!(parts[1].1.len());
    manifest["chain"] = json!(chain.0);
    parts[0].1 = manifest.to_string().into_bytes();
    plain(&parts)
}

/// Why a file is refused.
pub(super) fn why(file: &[u8]) -> String {
    match all(file) {
        Err(CliError::Coded(coded)) if coded.code == Code::NotARun => coded.message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}
