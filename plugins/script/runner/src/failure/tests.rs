#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::{Frame, frames};

#[test]
fn frames_are_read_from_the_text_of_a_stack() {
    let stack = "    at inner (dir (1)/a.js:3:14)\n    at map (native)\n    at <anonymous> (a:b.js:10:2)\n\
                 junk\n    at a.js:7:1\n    at odd (a.js:x:1)\n    at (missing)\n";
    let frame = |function: &str, place: Option<(&str, u32, u32)>| Frame {
        function: function.into(),
        place: place.map(|(file, line, column)| (file.into(), line, column)),
    };
    assert_eq!(
        frames(stack).collect::<Vec<_>>(),
        [
            frame("inner", Some(("dir (1)/a.js", 3, 14))),
            frame("map", None),
            frame("<anonymous>", Some(("a:b.js", 10, 2))),
            frame("<anonymous>", Some(("a.js", 7, 1))),
            frame("odd", None),
            frame("<anonymous>", None),
        ]
    );
}
