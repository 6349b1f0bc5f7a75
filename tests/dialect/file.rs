//! The script file: `meta`, syntax, and what is refused before anything starts.

use serde_json::{Value, json};

use crate::case::{Case, NO_PLACE, cases, file, script, steps};

const META: &str = "export const meta = { name: 'case', description: 'A case.' }";

fn meta(literal: &str) -> Case {
    file(format!("export const meta = {literal}\nreturn 1"))
}

/// What `baton check` says of the case's script.
fn checked(case: Case, check: impl Fn(&Value) + 'static) -> Case {
    case.also(move |ended| {
        let said = ended.place.say(&["check", "case.js", "--json"]);
        check(&said.report());
    })
}

fn padded(size: usize) -> String {
    let start = format!("{META}\nreturn 'whole'\n//");
    format!("{start}{}", "x".repeat(size - start.len()))
}

cases! {
    /// `meta` is the first statement; comments and blank lines may come before it.
    D01_meta_is_first: vec![
        file(format!("{META}\nreturn 1")).done(json!(1)),
        file(format!("\n\n// a line\n/* several\n lines */\n  {META};\nreturn 1")).done(json!(1)),
        file(format!("const x = 1\n{META}\nreturn x")).refused("meta-not-first", (1, 1), &[]),
        file(format!("'use strict'\n{META}\nreturn 1")).refused("meta-not-first", (1, 1), &[]),
        file(format!("\n  ;\n{META}\nreturn 1")).refused("meta-not-first", (2, 3), &[]),
        file("return 1").refused("meta-missing", (1, 1), &["meta"]),
        file("").refused("meta-missing", (1, 1), &["meta"]),
        file("const meta = { name: 'a', description: 'b' }\nreturn 1")
            .refused("meta-missing", (1, 1), &["export"]),
    ];

    /// `meta` is a pure literal; what is not is named with its line.
    D02_meta_is_a_literal: vec![
        meta("{\n name: x, description: 'd' }")
            .refused("meta-not-literal", (2, 8), &["identifier|variable|`x`"]),
        meta("{\n name: 'a', description: undefined }")
            .refused("meta-not-literal", (2, 26), &["identifier|undefined"]),
        meta("{\n name: f(), description: 'd' }").refused("meta-not-literal", (2, 8), &["call"]),
        meta("{\n name: 'a', description: 'd',\n ...rest }")
            .refused("meta-not-literal", (3, 2), &["spread"]),
        meta("{\n name: 'a', description: 'd',\n ['k']: 1 }")
            .refused("meta-not-literal", (3, 2), &["computed"]),
        meta("{\n name, description: 'd' }").refused("meta-not-literal", (2, 2), &["shorthand"]),
        meta("{\n name: 'a' + 'b', description: 'd' }")
            .refused("meta-not-literal", (2, 8), &["concatenation|operator|expression"]),
        meta("{\n name: 'a', description: `d${1}` }")
            .refused("meta-not-literal", (2, 30), &["template"]),
        meta("{\n name: 'a', description: 'd', whenToUse() {} }")
            .refused("meta-not-literal", (2, 31), &["method|function"]),
        meta("{\n name: 'a', description: 'd', get whenToUse() { return 'x' } }")
            .refused("meta-not-literal", (2, 31), &["getter|accessor"]),
        meta("{ name: `case`, description: 'negative and signed numbers', x: [-1, +2, null, true] }")
            .done(json!(1)),
    ];

    /// Keys that would reach a prototype are refused at any depth.
    D03_meta_keys_of_prototypes: vec![
        meta("{ name: 'a', description: 'd',\n __proto__: null }")
            .refused("meta-key", (2, 2), &["__proto__"]),
        meta("{ name: 'a', description: 'd',\n 'constructor': 1 }")
            .refused("meta-key", (2, 2), &["constructor"]),
        meta("{ name: 'a', description: 'd', phases: [{ title: 't',\n prototype: 1 }] }")
            .refused("meta-key", (2, 2), &["prototype"]),
        meta("{ name: 'a', description: 'd', x: { y: [{\n \"__proto__\": 1 }] } }")
            .refused("meta-key", (2, 2), &["__proto__"]),
    ];

    /// `name` and `description` are non-empty strings.
    D04_meta_fields: vec![
        meta("{ description: 'd' }").refused("meta-field", (1, 21), &["name"]),
        meta("{ name: 'a' }").refused("meta-field", (1, 21), &["description"]),
        meta("{\n name: '', description: 'd' }").refused("meta-field", (2, 8), &["name"]),
        meta("{\n name: 5, description: 'd' }").refused("meta-field", (2, 8), &["name"]),
        meta("{ name: 'a',\n description: ['d'] }")
            .refused("meta-field", (2, 15), &["description"]),
    ];

    /// An unknown key in `meta` is accepted with a warning.
    D05_unknown_meta_key: checked(
        meta("{ name: 'case', description: 'd',\n colour: 'red' }").done(json!(1)),
        |found| {
            let warnings = found["warnings"].as_array().unwrap();
            assert_eq!(warnings.len(), 1, "{found}");
            assert!(warnings[0]["message"].as_str().unwrap().contains("colour"), "{found}");
            assert_eq!(warnings[0]["line"], 2, "{found}");
        },
    );

    /// The model of a phase is for show: no call gets it.
    D06_phase_models_are_labels: checked(
        file("export const meta = { name: 'case', description: 'd',\n \
              phases: [{ title: 'One', detail: 'first', model: 'opus' }] }\n\
              phase('One')\nreturn JSON.parse(await agent('facts')).options")
            .also(|ended| {
                ended.is("done");
                assert_eq!(ended.report["output"].get("model"), None, "{}", ended.report);
                assert_eq!(ended.agents()[0]["phase"], "One");
            }),
        |found| assert_eq!(found["meta"]["phases"][0]["model"], "opus", "{found}"),
    );

    /// 524,288 bytes are a script; one more is refused by size.
    D07_size: vec![
        file(padded(524_288)).done(json!("whole")),
        file(padded(524_289)).refused("too-large", NO_PLACE, &["524289|524,289", "524288|524,288"])
            .also(|ended| assert!(!ended.said.stderr.contains("syntax"))),
        // Bytes count, not characters.
        file(padded(524_288).replace("xx", "é")).done(json!("whole")),
    ];

    /// A script that cannot run is listed as invalid, with the reason.
    D08_invalid_scripts_are_listed: steps(|place| {
        place.write(".baton/workflows/big.js", padded(524_289));
        place.write(".baton/workflows/bad.js", "export const meta = { name: 'bad' }");
        place.write(".baton/workflows/torn.js", format!("{META}\nreturn ("));
        place.write(".baton/workflows/good.js", format!("{META}\nreturn 1"));
        let rows = place.lines(&["list", "--json"]);
        let row = |file: &str| {
            let path = |row: &&Value| row["path"].as_str().is_some_and(|path| path.ends_with(file));
            rows.iter().find(path).unwrap_or_else(|| panic!("{file}: {rows:#?}"))
        };
        for (file, word) in
            [("big.js", "524289"), ("bad.js", "description"), ("torn.js", "2:9")]
        {
            assert_eq!(row(file)["state"], "invalid", "{file}");
            let reason = row(file)["reason"].as_str().unwrap().replace(',', "");
            assert!(reason.contains(word), "{file}: {reason}");
        }
        assert_eq!(row("good.js")["state"], "ready");
        assert_eq!(row("good.js")["name"], "case");
    });

    /// Top-level `await` and `return` work; the returned value is the result.
    D09_await_and_return: vec![
        script("const x = await agent('say hi')\nif (x) return { x }\nreturn 'never'")
            .done(json!({ "x": "hi" })).calls(1),
        script("for await (const x of [Promise.resolve(1), 2]) { if (x === 2) return x }")
            .done(json!(2)),
    ];

    /// Without `return` there is no result, and the run is done.
    D10_no_return: vec![
        script("await agent('say hi')").done(Value::Null).calls(1),
        script("return").done(Value::Null),
        script("").done(Value::Null),
    ];

    /// `import`, `import.meta` and a second `export` are refused.
    D11_modules: vec![
        script("\nimport x from 'x'").refused("import", (2, 1), &[]),
        script("\nimport 'x'").refused("import", (2, 1), &[]),
        script("\nconst u =\n  import.meta.url").refused("import-meta", (3, 3), &[]),
        script("\nexport const x = 1").refused("export", (2, 1), &[]),
        script("\nexport default 1").refused("export", (2, 1), &[]),
        script("\nconst x = 1\nexport { x }").refused("export", (3, 1), &[]),
        script("\nexport * from 'x'").refused("export", (2, 1), &[]),
    ];

    /// `import()` is refused wherever it stands.
    D12_dynamic_import: vec![
        script("\nreturn await import('fs')").refused("dynamic-import", (2, 14), &[]),
        script("\nif (false) {\n  const f = () => import('fs')\n}")
            .refused("dynamic-import", (3, 19), &[]),
        script("\nreturn 1\nimport('x')").refused("dynamic-import", (3, 1), &[]),
    ];

    /// The text `import(` alone stops nothing.
    D13_mention_of_import: script(
        "// import('x')\n/* import x from 'y' */\n\
         const r = /import\\('x'\\)/\nreturn `import('x') ${r.source} export default`",
    ).done(json!("import('x') import\\('x'\\) export default"));

    /// TypeScript is refused with line, column and the line itself.
    D14_typescript: vec![
        script("\nconst x = 1\nconst y: string = 'a'").refused("typescript", (3, 8), &[])
            .also(|ended| assert!(ended.said.stderr.contains("const y: string = 'a'"))),
        script("\ninterface A { x: number }").refused("typescript", (2, 1), &[]),
        script("\nfunction f<T>(x) { return x }").refused("typescript", (2, 11), &[]),
        script("\nconst x = 1 as number").refused("typescript", (2, 13), &[]),
        script("\ntype A = string").refused("typescript", (2, 1), &[]),
        script("\nenum E { A }").refused("typescript", (2, 1), &[]),
        script("\nconst f = (x: number) => x").refused("typescript", (2, 13), &[]),
    ];

    /// `agent<string>('x')` is two comparisons, and fails when it runs.
    D15_type_arguments_are_comparisons: script("\nreturn agent<string>('x')")
        .fails("script-error", &["ReferenceError", "string"]).at(2, 14).calls(0);

    /// Quotes and escapes of a string reach the agent as they are meant.
    D16_escapes: script(
        r#"
const all = 'a\'b"c\\d\u00e9\u{1F600}\x41\t\n\r\0\u2028é\
e' + "\"'" + `\`\${}`
return [await agent(all), all === await agent(all), await agent('say ' + all) === all]"#,
    ).done({
        let all = "a'b\"c\\dé😀A\t\n\r\0\u{2028}ée\"'`${}";
        json!([all, true, true])
    });

    /// Positions of errors count from the first line of the file.
    D17_positions: vec![
        file(format!("// one\n{META}\n\nconst a = 'é😀'; throw new Error('here')"))
            .fails("script-error", &["here"]).at(4, 27),
        file(format!("{META}\nconst f = () => {{\n  null.x\n}}\nawait f()"))
            .fails("script-error", &["TypeError"])
            .also(|ended| {
                let detail = &ended.report["error"]["failure"]["detail"];
                assert_eq!(detail["line"], 3, "{detail}");
                let frame = detail["frame"].as_str().unwrap();
                assert!(frame.contains("null.x") && frame.contains('>'), "{frame}");
                assert!(ended.said.stderr.contains("null.x"), "{}", ended.said.stderr);
            }),
        file(format!("{META}\nconst x = 'é'; const = 2")).refused("syntax", (2, 22), &[]),
    ];

    /// A byte-order mark and CRLF line ends are accepted.
    D18_mark_and_line_ends: vec![
        file(format!("\u{feff}{META}\r\nconst x = `a\r\nb`\r\nreturn [x, 'é']\r\n"))
            .done(json!(["a\nb", "é"])),
        file(format!("\u{feff}{META}\r\n\r\n  throw new Error('e')\r\n"))
            .fails("script-error", &["e"]).at(3, 13),
    ];

    /// To mention the clock or the random source is no use of it.
    D19_mention_of_the_clock: script(
        "// Date.now() and Math.random()\nreturn await agent('say use Date.now(), not Math.random()')",
    ).done(json!("use Date.now(), not Math.random()"));

    /// The names of the globals are free for variables.
    D20_own_variables: vec![
        script("const args = 1\nlet budget = 2\nvar phase = 3\nfunction log() { return 4 }\n\
                class agent {}\nreturn [args, budget, phase, log(), typeof agent]")
            .done(json!([1, 2, 3, 4, "function"])),
        script("const parallel = 1, pipeline = 2, workflow = 3, console = 4\n\
                return [parallel, pipeline, workflow, console]").done(json!([1, 2, 3, 4])),
        script("const f = (args) => args\nreturn f(7)").done(json!(7)),
    ];

    /// `require` is not there: without a guard it is refused before the start.
    D21_require: vec![
        script("\nconst fs = require('fs')").refused("require", (2, 12), &["require"]),
        script("return typeof require === 'function' ? require('fs') : 'none'").done(json!("none")),
    ];
}
