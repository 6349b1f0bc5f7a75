use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::META;
use crate::{Position, Prepared, prepare};

const OPEN: &str = "(function($await,$each){\"use strict\";return async function(){";
const BLANK: &str = "       const meta = { name: 'a', description: 'b' }";

fn prepared(source: &str) -> Prepared {
    prepare("demo.js", source).unwrap()
}

#[test]
fn the_text_that_is_executed() {
    let cases = [
        ("D09 an await", "return await f(x)", "return await $await(0,f(x))", vec![8]),
        (
            "an await in an await",
            "await f(await g())",
            "await $await(0,f(await $await(1,g())))",
            vec![1, 9],
        ),
        ("an await of an await", "await await x", "await $await(0,await $await(1,x))", vec![1, 7]),
        ("precedence", "a + await b * c", "a + await $await(0,b) * c", vec![5]),
        ("a comma", "await (a, b)", "await $await(0,(a, b))", vec![1]),
        ("a unary operand", "await !x", "await $await(0,!x)", vec![1]),
        ("a comment between", "await /* ) */ x // )", "await /* ) */ $await(0,x) // )", vec![1]),
        (
            "nested functions",
            "const f = async (x) => await x",
            "const f = async (x) => await $await(0,x)",
            vec![24],
        ),
        (
            "for await",
            "for await (const x of f(await g)) await x",
            "for await (const x of $each(0,f(await $await(1,g)))) await $await(2,x)",
            vec![1, 25, 35],
        ),
        ("no module, so this would be a comment", "a <!--b", "a < !--b", vec![]),
        (
            "words in strings",
            "'await x'; `await ${await x}`",
            "'await x'; `await ${await $await(0,x)}`",
            vec![21],
        ),
        ("names in use", "let $await = 1; $each()", "let $await = 1; $each()", vec![]),
    ];
    for (name, body, expected, awaits) in cases {
        let script = prepared(&format!("{META}\n{body}"));
        let open = if name == "names in use" {
            OPEN.replace("$await,$each", "$await$,$each$")
        } else {
            OPEN.to_owned()
        };
        assert_eq!(script.text, format!("{open}{BLANK}\n{expected}\n}}}})"), "{name}");
        let columns: Vec<u32> = script.awaits.iter().map(|at| at.column).collect();
        assert_eq!(columns, awaits, "{name}");
        assert!(script.awaits.iter().all(|at| at.line == 2), "{name}");
        assert_eq!(script.meta.name, "a", "{name}");
    }
}

#[test]
fn the_beginning_and_the_line_ends() {
    let cases = [
        ("D18 a byte-order mark", format!("\u{feff}{META}"), format!("{OPEN}{BLANK}\n}}}})")),
        ("D18 CRLF stays", format!("{META}\r\nx"), format!("{OPEN}{BLANK}\r\nx\n}}}})")),
        ("a lone CR becomes LF", format!("{META}\rx"), format!("{OPEN}{BLANK}\nx\n}}}})")),
        ("a hashbang", format!("#!x\n{META}"), format!("{OPEN}//x\n{BLANK}\n}}}})")),
        ("a comment at the end", format!("{META} // x"), format!("{OPEN}{BLANK} // x\n}}}})")),
        (
            "export on a line of its own",
            META.replace("export ", "export\n"),
            format!("{OPEN}{}\n}}}})", BLANK.replacen("       ", "      \n", 1)),
        ),
    ];
    for (name, source, expected) in cases {
        assert_eq!(prepared(&source).text, expected, "{name}");
    }
}

/// The places were reported by QuickJS for errors in these scripts.
#[test]
fn d17_places_of_the_engine_lead_back_to_the_file() {
    let cases = [
        ("line 1, counted from 0", format!("{META}; null.x"), (1, 114), (1, 54)),
        ("line 1", format!("{META}; foo.bar()"), (1, 115), (1, 54)),
        (
            "behind inserted helpers and bytes of é and ü",
            format!("{META}\nconst é='ü', o=null; await 1; const x = await 2 + o.foo"),
            (2, 73),
            (2, 51),
        ),
        ("a byte-order mark", format!("\u{feff}{META}\n null.x"), (2, 2), (2, 2)),
        ("CRLF", format!("{META}\r\nconst s=`a\r\nb`;\r\n  null.x"), (4, 3), (4, 3)),
        ("CR", format!("{META}\rconst s=`a\rb`;/* x\r */ let q=[1,\r2]; null.x"), (5, 5), (5, 5)),
        (
            "separators that end a line for the engine only",
            format!(
                "{META}\n/* \u{2028} */ const s='\u{2028}',t=`\u{2029}`; let q\u{2028}=1 // c\u{2029}; null.x"
            ),
            (3, 13),
            (2, 44),
        ),
        ("within a helper", format!("{META}\nawait x"), (2, 9), (2, 7)),
        ("before the script", format!("{META}\nx"), (1, 3), (1, 1)),
        ("behind a line", format!("{META}\nxy\nz"), (2, 99), (2, 3)),
        ("behind the script", format!("{META}\nx"), (9, 9), (2, 2)),
        ("zeros", META.to_owned(), (0, 0), (1, 1)),
    ];
    for (name, source, (line, column), expected) in cases {
        let Position { line, column } = prepared(&source).original(line, column);
        assert_eq!((line, column), expected, "{name}");
    }
}

/// A statement that means nothing and parses, with awaits in many places. A space stands behind
/// every operand, so that a parenthesis directly behind one was added.
fn statement() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("'日本 await é'".to_owned()),
        Just("`a\n${await y}\r\n`".to_owned()),
        Just("/* \u{2028}\n é */ 7".to_owned()),
    ];
    let expression = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| format!("await {it}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b} )")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f(\n{a},\t{b} )")),
            inner
                .prop_map(|it| format!("(async () => {{ for await (let z of {it} ) await z }})()")),
        ]
    });
    expression.prop_map(|it| format!(";{it}\n"))
}

proptest! {
    // The same texts each time: what is right today is not wrong tomorrow by chance.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_character_of_a_script_is_found_again(
        statements in proptest::collection::vec(statement(), 1..6),
    ) {
        let source = format!("{META}\n{}", statements.concat());
        let script = prepared(&source);

        // Without what was added, the text is the script again.
        let mut rest = script.text.as_str();
        let mut original = source.char_indices().skip(META.len()).peekable();
        rest = rest.strip_prefix(OPEN).unwrap().strip_prefix(BLANK).unwrap();
        let lines = crate::position::Lines::new(&source);
        let mut line = 1;
        let mut start = 0;
        while let Some((at, c)) = original.peek().copied() {
            let changed = script.text.len() - rest.len();
            let added = if rest.starts_with("$await(") || rest.starts_with("$each(") {
                rest.find(',').unwrap() + 1
            } else if rest.starts_with(c) {
                let column = u32::try_from(changed - start + 1).unwrap();
                prop_assert_eq!(script.original(line, column), lines.position(at));
                original.next();
                c.len_utf8()
            } else {
                prop_assert!(rest.starts_with(')'), "{rest:?} at {at}");
                1
            };
            if rest.starts_with('\n') {
                line += 1;
                start = changed + 1;
            }
            rest = &rest[added..];
        }
        prop_assert_eq!(rest.trim_start_matches(')'), "\n}})".trim_start_matches(')'));
        prop_assert_eq!(script.awaits.len(), script.text.matches("$await(").count()
            + script.text.matches("$each(").count());
    }
}
