use crate::{Position, frame};

fn at(line: u32, column: u32) -> Position {
    Position { line, column }
}

#[test]
fn frames() {
    let ten: String = (1..=12).map(|n| format!("line {n}\n")).collect();
    let cases = [
        ("the first line", "a\nb\nc\nd", at(1, 1), "> 1 | a\n    | ^\n  2 | b\n  3 | c"),
        ("the last line", "a\nb\nc\nd", at(4, 2), "  2 | b\n  3 | c\n> 4 | d\n    |  ^"),
        (
            "numbers of two digits",
            ten.as_str(),
            at(9, 6),
            "   7 | line 7\n   8 | line 8\n>  9 | line 9\n     |      ^\n  10 | line 10\n  11 | line 11",
        ),
        ("a tab", "x\ty", at(1, 3), "> 1 | x   y\n    |     ^"),
        ("a tab marked", "x\ty", at(1, 2), "> 1 | x   y\n    |  ^"),
        ("characters of several bytes", "äö日 x", at(1, 5), "> 1 | äö日 x\n    |     ^"),
        ("a byte-order mark", "\u{feff}ab", at(1, 2), "> 1 | ab\n    |  ^"),
        ("CRLF and CR", "a\r\nb\rc", at(2, 1), "  1 | a\n> 2 | b\n    | ^\n  3 | c"),
        (
            "control characters",
            "a\u{1b}[31m\u{7f}\u{9b}\u{202e}b",
            at(1, 2),
            "> 1 | a␛[31m␡\u{fffd}\u{fffd}b\n    |  ^",
        ),
        ("a line too far", "a\nb", at(9, 1), "  1 | a\n> 2 | b\n    | ^"),
        ("a column too far", "ab", at(1, 9), "> 1 | ab\n    |   ^"),
        ("zeros", "ab", at(0, 0), "> 1 | ab\n    | ^"),
        ("an empty text", "", at(1, 1), "> 1 |\n    | ^"),
    ];
    for (name, source, position, expected) in cases {
        assert_eq!(frame(source, position, 80), expected, "{name}");
    }
}

#[test]
fn long_lines_are_cut_around_the_column() {
    let source = format!("short\n{}null.x{}", "x".repeat(300), "y".repeat(300));
    assert_eq!(
        frame(&source, at(2, 301), 40),
        "  1 |\n> 2 | …xxxxxxxxxxxxxxxxnull.xyyyyyyyyyy…\n    |                  ^"
    );
    assert_eq!(
        frame(&source, at(2, 3), 10),
        "  1 | short\n> 2 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n    |   ^"
    );
    for width in [0, 40, 57, 80] {
        for column in [1, 33, 34, 35, 36, 300, 599, 606, 700] {
            let widest =
                frame(&source, at(2, column), width).lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width.max(40)), "{width} {column} {widest:?}");
        }
    }
}
