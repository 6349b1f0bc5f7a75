use super::{inspected, told};
use crate::depth::NESTING_MAX;

#[test]
fn nesting_is_bounded() {
    let sum = |parts: u32| format!("const x = 1{}", " + 1".repeat(parts as usize));
    let branches = |count: u32| format!("{}{{}}", "if (a) {} else ".repeat(count as usize));
    // The statement and the innermost operand are levels too.
    let cases = [
        ("a sum that fits", sum(NESTING_MAX - 2), ""),
        ("a sum that does not", sum(NESTING_MAX - 1), "2:11 syntax nested deeper than 1000 levels"),
        ("branches that fit", branches(NESTING_MAX - 1), ""),
        (
            "branches that do not",
            branches(NESTING_MAX),
            "2:14990 syntax nested deeper than 1000 levels",
        ),
    ];
    for (name, body, expected) in cases {
        assert_eq!(told(&inspected(&body).errors), expected, "{name}");
    }
}
