#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::{Numbers, Source};

fn numbers(seed: u8) -> Numbers {
    Numbers::new(Source::from([seed; 16]))
}

#[test]
fn numbers_follow_the_seed_and_stay_in_their_range() {
    let row = |seed| {
        let mut numbers = numbers(seed);
        (0..100).map(|_| numbers.fraction()).collect::<Vec<_>>()
    };
    assert_eq!(row(1), row(1));
    assert_ne!(row(1), row(2));
    // A seed of zeroes is a seed like others.
    assert!(row(0).windows(2).all(|pair| pair[0] != pair[1]));
    assert!(row(3).iter().all(|number| (0.0..1.0).contains(number)));
}

#[test]
fn a_uuid_says_its_version() {
    let mut numbers = numbers(9);
    for _ in 0..100 {
        let uuid = numbers.uuid();
        let parts: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{uuid}");
        assert!(uuid[14..].starts_with('4') && "89ab".contains(&uuid[19..20]), "{uuid}");
    }
}
