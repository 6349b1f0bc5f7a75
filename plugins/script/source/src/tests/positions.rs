use crate::position::Lines;
use crate::{Position, inspect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[test]
fn d17_positions_count_lines_and_characters_of_the_file() {
    let text = "é\n日本x\r\n\ry\u{2028}z";
    let lines = Lines::new(text);
    let cases = [
        (0, 1, 1),
        (1, 1, 1),
        (2, 1, 2),
        (3, 2, 1),
        (6, 2, 2),
        (9, 2, 3),
        (10, 2, 4),
        (11, 2, 5),
        (12, 3, 1),
        (13, 4, 1),
        (14, 4, 2),
        (17, 4, 3),
        (18, 4, 4),
        (99, 4, 4),
    ];
    for (offset, line, column) in cases {
        assert_eq!(lines.position(offset), Position { line, column }, "{offset}");
    }
    let mark = "\u{feff}import('x')\n";
    let errors = inspect("demo.js", mark).errors;
    assert!(errors.iter().all(|error| (error.line, error.column) == (1, 1)), "{errors:?}");
}

proptest! {
    // The same texts each time: what is right today is not wrong tomorrow by chance.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_column_is_one_more_than_the_characters_before(text in "[aé日\t\n\r]{0,600}", at in 0usize..1200) {
        let lines = Lines::new(&text);
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = &text[..at];
        let ended = before.replace("\r\n", "\n\n");
        let ended = if before.ends_with('\r') && text[at..].starts_with('\n') {
            &ended[..ended.len() - 1]
        } else {
            ended.as_str()
        };
        let start = ended.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let expected = 1 + before[start..].chars().count();
        prop_assert_eq!(lines.position(at).column as usize, expected);
    }
}
