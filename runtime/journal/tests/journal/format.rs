//! The written form of a record.

use baton_core::ids::Timestamp;
use baton_core::record::FORMAT;
use baton_journal::error::JournalError;
use baton_journal::record::{Encoded, decode, encode};

use crate::fixtures::*;

#[test]
fn what_was_written_is_read() {
    let run = run_id(1);
    for record in [started(&run, "audit"), spawned(2, "1", "x"), completed(3, "1", 9)] {
        let encoded = encode(&run, &record).unwrap();
        assert_eq!(decode(&run, &encoded).unwrap(), record);
    }
}

/// The checksum was computed by another program: a change of the format must be noticed here.
#[test]
fn the_form_is_fixed() {
    let encoded = encode(&run_id(1), &begun(3, "1/2", 4)).unwrap();
    assert_eq!(
        String::from_utf8(encoded.body).unwrap(),
        r#"{"started":{"tasks":[{"task":"1/2","attempt":4}]}}"#
    );
    assert_eq!((encoded.version, encoded.crc), (1, 2425018692));
}

#[test]
fn every_changed_part_is_damage() {
    let run = run_id(1);
    let good = encode(&run, &spawned(2, "1", "x")).unwrap();
    let mut flipped = Vec::new();
    for bit in 0..good.body.len() * 8 {
        let mut bad = good.clone();
        bad.body[bit / 8] ^= 1 << (bit % 8);
        flipped.push(bad);
    }
    let changed = [
        Encoded { seq: 3, ..good.clone() },
        Encoded { at: Timestamp(0), ..good.clone() },
        Encoded { version: FORMAT + 1, ..good.clone() },
        Encoded { crc: good.crc ^ 1, ..good.clone() },
        Encoded { body: Vec::new(), ..good.clone() },
    ];
    for bad in changed.into_iter().chain(flipped) {
        match decode(&run, &bad) {
            Err(JournalError::Damaged { place, .. }) => {
                assert_eq!(place, format!("{run} record {}", bad.seq));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(decode(&run_id(2), &good), Err(JournalError::Damaged { .. })));
}

/// An intact record of a newer release is told from a damaged one.
#[test]
fn a_newer_version_is_named() {
    let run = run_id(1);
    let body = b"{\"unheard-of\":{}}".to_vec();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(run.as_str().as_bytes());
    for number in [2_u64.to_le_bytes(), 7_u64.to_le_bytes()] {
        hasher.update(&number);
    }
    hasher.update(&(FORMAT + 1).to_le_bytes());
    hasher.update(&body);
    let newer =
        Encoded { seq: 2, at: Timestamp(7), version: FORMAT + 1, body, crc: hasher.finalize() };
    match decode(&run, &newer) {
        Err(JournalError::TooNew { what, found, known }) => {
            assert_eq!((found, known), (FORMAT + 1, FORMAT));
            assert_eq!(what, format!("{run} record 2"));
        }
        other => panic!("{other:?}"),
    }
}
