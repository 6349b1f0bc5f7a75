use super::{META, inspected, told};
use crate::{Code, SOURCE_BYTES_MAX, inspect, prepare};

#[test]
fn scripts_that_start() {
    let cases = [
        ("D01 comments and blank lines first", format!("// one\n\n/* two */\n{META}")),
        ("D09 await and return at the top level", format!("{META}\nreturn await agent('x')")),
        ("D10 no return", META.to_owned()),
        (
            "D13 import in a string, a comment, a regular expression",
            format!("{META}\nlog(\"import('x')\") // import('x')\nconst r = /import\\(/"),
        ),
        (
            "D15 a call with type arguments is two comparisons",
            format!("{META}\nagent<string>('x')"),
        ),
        ("D16 escapes", format!("{META}\nlog('\\u{{1f600}}\\x41\\'\\uD83D')")),
        ("D18 a byte-order mark", format!("\u{feff}{META}\n")),
        ("D18 CRLF", format!("{META}\r\nlog('x')\r\n")),
        (
            "D19 clock and random only mentioned",
            format!("{META}\nlog('Date.now() Math.random()') // new Date()"),
        ),
        (
            "D20 locals named like globals",
            format!("{META}\nconst args = 1; let budget = 2; function phase() {{}}"),
        ),
        (
            "D21 a guarded require",
            format!("{META}\nif (typeof require !== 'undefined') require('x')"),
        ),
        ("D21 guarded by and", format!("{META}\ntypeof require === 'function' && require('x')")),
        ("D21 guarded by a condition", format!("{META}\ntypeof require ? require('x') : 0")),
        ("D21 in a try that catches", format!("{META}\ntry {{ require('x') }} catch {{}}")),
        ("D21 a require of one's own", format!("{META}\nconst require = (x) => x; require('x')")),
        ("a hashbang", format!("#!/usr/bin/env baton\n{META}")),
        (
            "a function declared twice, as in a body",
            format!("{META}\nfunction f() {{}} function f() {{}}"),
        ),
        ("a comment at the end", format!("{META}\n// end")),
        ("Unicode", format!("{META}\nconst größe = '日本'; return größe")),
    ];
    for (name, source) in cases {
        assert_eq!(told(&inspect("demo.js", &source).errors), "", "{name}");
        assert!(prepare("demo.js", &source).is_ok(), "{name}");
    }
}

#[test]
fn bodies_that_are_refused() {
    let cases = [
        ("D11 import", "import fs from 'fs'", "2:1 import `import` is not available"),
        (
            "D11 import.meta",
            "log(import.meta.url)",
            "2:5 import-meta `import.meta` is not available",
        ),
        ("D11 a second export", "export const b = 1", "2:1 export only `meta` is exported"),
        ("D11 a default export", "\nexport default 3", "3:1 export only `meta` is exported"),
        ("D11 a list of exports", "export { meta as m }", "2:1 export only `meta` is exported"),
        ("D11 an export from", "export * from 'x'", "2:1 export only `meta` is exported"),
        (
            "D12 import() that is never reached",
            "if (false) { () => import('x') }",
            "2:20 dynamic-import `import()` is not available",
        ),
        (
            "D14 annotation",
            "let x: string = 'a'",
            "2:6 typescript TypeScript is not accepted: a type annotation",
        ),
        (
            "D14 interface",
            "interface A { b: string }",
            "2:1 typescript TypeScript is not accepted: an `interface`",
        ),
        (
            "D14 as",
            "const y = x  as string",
            "2:14 typescript TypeScript is not accepted: an `as` expression",
        ),
        (
            "D14 satisfies",
            "f({} satisfies T)",
            "2:6 typescript TypeScript is not accepted: a `satisfies` expression",
        ),
        (
            "D14 generics",
            "function f<T>(a) {}",
            "2:11 typescript TypeScript is not accepted: type parameters (generics)",
        ),
        (
            "D14 type arguments",
            "const m = new Map<string, A[]>()",
            "2:18 typescript TypeScript is not accepted: type arguments (generics)",
        ),
        ("D14 enum", "enum A { B }", "2:1 typescript TypeScript is not accepted: an `enum`"),
        (
            "D14 non-null",
            "const y = x!.z",
            "2:12 typescript TypeScript is not accepted: a non-null `!`",
        ),
        (
            "D14 type alias",
            "type A = string",
            "2:1 typescript TypeScript is not accepted: a `type` alias",
        ),
        (
            "D14 import type",
            "import type { A } from 'b'",
            "2:1 typescript TypeScript is not accepted: an `import type`",
        ),
        (
            "D14 modifier",
            "class A { private x = 1 }",
            "2:11 typescript TypeScript is not accepted: a modifier of a class field",
        ),
        (
            "D14 optional parameter",
            "const f = (a?) => a",
            "2:12 typescript TypeScript is not accepted: an optional parameter `?`",
        ),
        (
            "D14 declare",
            "declare const a",
            "2:1 typescript TypeScript is not accepted: a `declare`",
        ),
        ("D17 a syntax error", "let x = {", "2:10 syntax Expected `}` but found `EOF`"),
        (
            "D17 behind wide characters",
            "log('äöü日本'); let let",
            "2:19 syntax The keyword 'let' is reserved",
        ),
        (
            "D21 an unguarded require",
            "const fs = require('fs')",
            "2:12 require `require` is not available",
        ),
        (
            "D21 asked elsewhere",
            "log(typeof require); require('x')",
            "2:22 require `require` is not available",
        ),
        (
            "D21 a try without catch",
            "try { require('x') } finally {}",
            "2:7 require `require` is not available",
        ),
        ("declared twice", "let a; let a", "2:5 syntax Identifier `a` has already been declared"),
        (
            "function and let",
            "function a() {} let a",
            "2:10 syntax Identifier `a` has already been declared",
        ),
        ("sloppy code", "with (a) {}", "2:1 syntax 'with' statements are not allowed"),
        (
            "await in a plain function",
            "function f() { await 1 }",
            "2:16 syntax `await` is only allowed within async functions and at the top levels of modules",
        ),
        ("decorators", "@dec class A {}", "2:1 syntax decorators are not supported"),
        ("using", "await using x = y", "2:1 syntax `using` is not supported"),
        ("accessor", "class A { accessor x = 1 }", "2:11 syntax `accessor` is not supported"),
        ("JSX", "const a = <div/>", "2:11 syntax Unexpected JSX expression"),
        (
            "a broken regular expression",
            "const r = /(/",
            "2:12 syntax Invalid regular expression: Unterminated capturing group",
        ),
    ];
    for (name, body, expected) in cases {
        let inspection = inspected(body);
        assert_eq!(told(&inspection.errors), expected, "{name}");
        let refused = prepare("demo.js", &format!("{META}\n{body}")).unwrap_err();
        assert_eq!(refused, inspection.errors, "{name}");
    }
}

#[test]
fn files_without_a_proper_beginning() {
    const NOT_FIRST: &str = "meta-not-first `export const meta` is not the first statement";
    const MISSING: &str = "meta-missing there is no `export const meta`";
    let cases = [
        ("D01 a statement first", format!("const a = 1\n{META}"), format!("1:1 {NOT_FIRST}")),
        ("D01 a directive first", format!("\n'use strict'\n{META}"), format!("2:1 {NOT_FIRST}")),
        ("D01 an empty statement first", format!(";{META}"), format!("1:1 {NOT_FIRST}")),
        (
            "D01 an import first",
            format!("import fs from 'fs'\n{META}"),
            format!("1:1 {NOT_FIRST}\n1:1 import `import` is not available"),
        ),
        ("nothing", String::new(), format!("1:1 {MISSING}")),
        ("no meta", "return 1".into(), format!("1:1 {MISSING}")),
        ("not exported", "const meta = {}".into(), format!("1:1 {MISSING}")),
        (
            "not const",
            "export let meta = { name: 'a', description: 'b' }".into(),
            "1:8 meta-missing `meta` is not declared with `const`".into(),
        ),
        (
            "not alone",
            format!("{META}, other = 1"),
            "1:54 meta-missing another name is declared together with `meta`".into(),
        ),
    ];
    for (name, source, expected) in cases {
        assert_eq!(told(&inspect("demo.js", &source).errors), expected, "{name}");
    }
}

#[test]
fn d07_the_size_limit_is_exact_and_checked_before_parsing() {
    let start = format!("{META}\n//");
    let fits = format!("{start}{}", "x".repeat(SOURCE_BYTES_MAX - start.len()));
    assert_eq!(told(&inspect("demo.js", &fits).errors), "");

    // Not JavaScript at all, and bytes count, not characters.
    let large = format!("{}{}", "(".repeat(SOURCE_BYTES_MAX - 1), "é");
    let errors = inspect("demo.js", &large).errors;
    assert_eq!(told(&errors), "1:1 too-large demo.js has 524289 bytes; the limit is 524288");
}

#[test]
fn an_error_has_a_hint_and_shows_the_line() {
    let error = inspected("\nlet x: string = 'a'").errors.remove(0);
    assert_eq!(error.code, Code::Typescript);
    assert_eq!(error.hint.as_deref(), Some("scripts are plain JavaScript: remove the type"));
    let frame = format!("  1 | {META}\n  2 |\n> 3 | let x: string = 'a'\n    |      ^");
    assert_eq!(error.frame.as_deref(), Some(frame.as_str()));
    assert_eq!(serde_json::to_value(error.code).unwrap(), "typescript");
}

#[test]
fn at_most_a_hundred_errors_are_told() {
    assert_eq!(inspected(&"import('x');".repeat(150)).errors.len(), 100);
}
