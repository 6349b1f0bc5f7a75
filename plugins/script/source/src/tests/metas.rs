use serde_json::{Value, json};

use super::told;
use crate::inspect;

/// The inspection of a script whose `meta` has these properties.
fn with(properties: &str) -> crate::Inspection {
    inspect("demo.js", &format!("export const meta = {{\n{properties}\n}}"))
}

#[test]
fn facts_are_read() {
    let cases = [
        (
            "the least",
            "name: 'a', description: 'b'",
            json!({"name": "a", "description": "b", "phases": []}),
        ),
        (
            "D06 everything, with quoted keys and templates",
            "'name': \"a-1\", description: `b`, whenToUse: 'w', phases: [{ title: 't', detail: 'd', model: 'm' }, { title: 'u' }],",
            json!({"name": "a-1", "description": "b", "when_to_use": "w", "phases": [
                {"title": "t", "detail": "d", "model": "m"}, {"title": "u"}]}),
        ),
        (
            "requests to Baton, as written",
            "name: 'a', description: 'b', baton: { read: { include: ['**'], exclude: [] }, budget: { agents: +3, tokens: 1e6, output_tokens: 5, cost_usd: 1.5 }, workflows: ['x'] }",
            json!({"name": "a", "description": "b", "phases": [], "baton": {
                "read": {"include": ["**"], "exclude": []},
                "budget": {"agents": 3, "tokens": 1_000_000, "output_tokens": 5, "cost_usd": 1.5},
                "workflows": ["x"]}}),
        ),
        (
            "parentheses and escapes",
            "name: ('a'), description: 'b\\u{e9}\\x21'",
            json!({"name": "a", "description": "bé!", "phases": []}),
        ),
        (
            "the last of two equal keys",
            "name: 'a', description: 'b', name: 'c'",
            json!({"name": "c", "description": "b", "phases": []}),
        ),
    ];
    for (name, properties, expected) in cases {
        let inspection = with(properties);
        assert_eq!(told(&inspection.errors), "", "{name}");
        assert_eq!(told(&inspection.warnings), "", "{name}");
        assert_eq!(serde_json::to_value(inspection.meta).unwrap(), expected, "{name}");
    }
}

#[test]
fn d02_d03_only_literals() {
    let cases = [
        ("name: x", "2:7 meta-not-literal `meta` holds the identifier `x`"),
        ("\nx: undefined", "3:4 meta-not-literal `meta` holds the identifier `undefined`"),
        ("x: f()", "2:4 meta-not-literal `meta` holds a call or optional chain"),
        ("...x", "2:1 meta-not-literal `meta` holds a spread"),
        ("x: [...y]", "2:5 meta-not-literal `meta` holds a spread"),
        ("[x]: 1", "2:1 meta-not-literal `meta` holds a computed key"),
        ("x", "2:1 meta-not-literal `meta` holds a shorthand key"),
        ("x() {}", "2:1 meta-not-literal `meta` holds a method"),
        ("get x() { return 1 }", "2:1 meta-not-literal `meta` holds a getter or setter"),
        ("x: 'a' + 'b'", "2:4 meta-not-literal `meta` holds a concatenation or sum (`+`)"),
        ("x: `a${b}`", "2:8 meta-not-literal `meta` holds a template with a substitution"),
        ("x: /a/", "2:4 meta-not-literal `meta` holds a regular expression"),
        ("x: 1n", "2:4 meta-not-literal `meta` holds a BigInt"),
        ("x: -'1'", "2:4 meta-not-literal `meta` holds the operator `-`"),
        ("x: !1", "2:4 meta-not-literal `meta` holds the operator `!`"),
        ("x: () => 1", "2:4 meta-not-literal `meta` holds a function"),
        ("x: a.b", "2:4 meta-not-literal `meta` holds a property access"),
        ("x: new A()", "2:4 meta-not-literal `meta` holds a call with `new`"),
        ("x: a ? 1 : 2", "2:4 meta-not-literal `meta` holds a condition (`? :`)"),
        ("x: [1,,2]", "2:7 meta-not-literal `meta` holds a hole in a list"),
        ("x: 1e999", "2:4 meta-not-literal `meta` holds a number that is too large"),
        (
            "x: '\\ud800'",
            "2:4 meta-not-literal `meta` holds a string with half of a surrogate pair",
        ),
        ("__proto__: 1", "2:1 meta-key `meta` holds the key `__proto__`"),
        ("x: { 'constructor': 1 }", "2:6 meta-key `meta` holds the key `constructor`"),
        ("x: [{ prototype: 1 }]", "2:7 meta-key `meta` holds the key `prototype`"),
        (
            "x: y, z: 'a' + 'b'",
            "2:4 meta-not-literal `meta` holds the identifier `y`\n2:10 meta-not-literal `meta` holds a concatenation or sum (`+`)",
        ),
    ];
    for (properties, expected) in cases {
        let inspection = with(properties);
        assert_eq!(told(&inspection.errors), expected, "{properties}");
        assert_eq!(inspection.meta, None, "{properties}");
    }
    let deep = format!("x: {}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(
        told(&with(&deep).errors),
        "2:36 meta-not-literal `meta` is nested deeper than 32 levels"
    );
    assert_eq!(
        told(&inspect("demo.js", "export const meta = make()").errors),
        "1:21 meta-not-literal `meta` is a call or optional chain, not an object"
    );
}

#[test]
fn d04_fields_of_the_wrong_kind() {
    let cases = [
        ("description: 'b'", "1:21 meta-field `meta.name` is missing"),
        ("name: '', description: 'b'", "2:7 meta-field `meta.name` is empty"),
        ("name: 1, description: 'b'", "2:7 meta-field `meta.name` is not a string"),
        ("name: 'a'", "1:21 meta-field `meta.description` is missing"),
        ("name: 'a', description: ' '", "2:25 meta-field `meta.description` is empty"),
        ("name: 'a', description: null", "2:25 meta-field `meta.description` is not a string"),
        (
            "name: 'a', description: 'b', whenToUse: 1",
            "2:41 meta-field `meta.whenToUse` is not a string",
        ),
        ("name: 'a', description: 'b', phases: {}", "2:38 meta-field `meta.phases` is not a list"),
        (
            "name: 'a', description: 'b', phases: ['']",
            "2:39 meta-field `meta.phases[0]` is not an object with a `title`",
        ),
        (
            "name: 'a', description: 'b', phases: [{ title: 'x', model: 1 }]",
            "2:60 meta-field `meta.phases[0].model` is not a string",
        ),
        (
            "name: 'a', description: 'b', phases: [{ title: 'x' }, {}]",
            "2:55 meta-field `meta.phases[1].title` is missing",
        ),
        ("name: 'a', description: 'b', baton: 1", "2:37 meta-field `meta.baton` is not an object"),
        (
            "name: 'a', description: 'b', baton: { read: 'x' }",
            "2:45 meta-field `meta.baton.read` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { read: { include: [1] } }",
            "2:56 meta-field `meta.baton.read.include` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { workflows: [1] }",
            "2:50 meta-field `meta.baton.workflows` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { tools: 'code/*' }",
            "2:46 meta-field `meta.baton.tools` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { exec: [['git']] }",
            "2:45 meta-field `meta.baton.exec` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { write: { include: 'x' } }",
            "2:57 meta-field `meta.baton.write.include` is not a list of strings",
        ),
        (
            "name: 'a', description: 'b', baton: { budget: [] }",
            "2:47 meta-field `meta.baton.budget` is not an object",
        ),
        (
            "name: 'a', description: 'b', baton: { budget: { agents: 1.5 } }",
            "2:57 meta-field `meta.baton.budget.agents` is not a number of zero or more (whole, unless it is money)",
        ),
        (
            "name: 'a', description: 'b', baton: { budget: { cost_usd: -1 } }",
            "2:59 meta-field `meta.baton.budget.cost_usd` is not a number of zero or more (whole, unless it is money)",
        ),
    ];
    for (properties, expected) in cases {
        let inspection = with(properties);
        assert_eq!(told(&inspection.errors), expected, "{properties}");
        assert_eq!(inspection.meta, None, "{properties}");
    }
}

#[test]
fn d05_what_is_only_doubtful() {
    let cases = [
        (
            "name: 'a', description: 'b', phases: ['t']",
            "2:39 meta-field `meta.phases[0]` is a string, not an object",
        ),
        (
            "name: 'a', description: 'b', model: 'x'",
            "2:37 meta-unknown-key `meta.model` is an unknown key",
        ),
        (
            "name: 'a', description: 'b', phases: [{ title: 't', x: 1 }]",
            "2:56 meta-unknown-key `meta.phases[0].x` is an unknown key",
        ),
        (
            "name: 'a', description: 'b', baton: { x: 1 }",
            "2:42 meta-unknown-key `meta.baton.x` is an unknown key",
        ),
        (
            "name: 'A b', description: 'b'",
            "2:7 meta-name `meta.name` \"A b\" is not made of a-z, 0-9 and `-` only",
        ),
        (
            "name: '-a', description: 'b'",
            "2:7 meta-name `meta.name` \"-a\" is not made of a-z, 0-9 and `-` only",
        ),
        (
            "name: 'a', description: 'b\\nc'",
            "2:25 meta-field `meta.description` has more than one line",
        ),
    ];
    for (properties, expected) in cases {
        let inspection = with(properties);
        assert_eq!(told(&inspection.errors), "", "{properties}");
        assert_eq!(told(&inspection.warnings), expected, "{properties}");
        assert!(inspection.meta.is_some(), "{properties}");
    }
}

#[test]
fn the_inspection_goes_through_json() {
    let inspection = with("name: 'a', description: 'b', x: 1");
    let value: Value = serde_json::to_value(&inspection).unwrap();
    assert_eq!(serde_json::from_value::<crate::Inspection>(value).unwrap(), inspection);
}
