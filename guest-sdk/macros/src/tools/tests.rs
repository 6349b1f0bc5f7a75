#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::expand;

fn expanded(arguments: &str, module: &str) -> Result<String, String> {
    let arguments = syn::parse_str(arguments).map_err(|error| error.to_string())?;
    let module = syn::parse_str(module).unwrap();
    expand(&arguments, module).map(|tokens| tokens.to_string()).map_err(|error| error.to_string())
}

#[test]
fn every_public_function_becomes_a_tool() {
    let module =
        "pub mod t { /// A.\n pub fn one_two(x: X) -> R {} fn own() {} pub(crate) fn near() {}
        /// B.\n #[tool] pub fn r#type() -> R {} struct S; }";
    let tokens = expanded("name = \"a\"", module).unwrap();
    assert!(tokens.contains("link_section = \"baton:manifest\""));
    assert!(tokens.contains("\"one-two\" =>") && tokens.contains("\"type\" =>"), "{tokens}");
    assert!(!tokens.contains("\"own\" =>") && !tokens.contains("\"near\" =>"), "{tokens}");
    assert!(!tokens.contains("# [tool]"), "{tokens}");
}

#[test]
fn errors_say_what_is_wrong_with_which_tool() {
    let a = "name = \"a\"";
    let rows = [
        ("", "mod t { }", "`name = \"…\"` is missing"),
        (a, "mod t;", "must stand in its braces"),
        (a, "mod t { fn f() {} }", "has no `pub` function"),
        ("name = \"a\", agents", "mod t { }", "`agents` is not known here"),
        ("name = \"a\", exclude(\"x\")", "mod t { }", "`exclude` needs `read"),
        (a, "mod t { #[tool] fn f() -> R {} }", "a tool must be `pub`"),
        (a, "mod t { pub async fn f() -> R {} }", "is `async`"),
        (a, "mod t { pub fn f<T>(x: T) -> R {} }", "is generic"),
        (a, "mod t { pub fn f(x: X, y: Y) -> R {} }", "more than one argument"),
        (a, "mod t { pub fn f(x: X) {} }", "returns nothing"),
        (a, "mod t { pub fn f(x: X) -> R {} }", "needs a doc comment"),
        (a, "mod t { #[tool(nme = \"x\")] pub fn f(x: X) -> R {} }", "`nme` is not known here"),
        (
            a,
            "mod t { #[tool(name = \"a b\", description = \"d\")] pub fn f(x: X) -> R {} }",
            "the name of a tool is up to 64 letters",
        ),
        (
            a,
            "mod t { /// A.\n pub fn f(x: X) -> R {} /// B.\n #[tool(name = \"f\")] pub fn g() -> R {} }",
            "there is another tool `f`",
        ),
        (
            a,
            "mod t { /// A.\n #[tool(input_schema = \"absent.json\")] pub fn f(x: X) -> R {} }",
            "`absent.json`: No such file",
        ),
    ];
    for (arguments, module, words) in rows {
        let error = expanded(arguments, module).unwrap_err();
        assert!(error.contains(words), "{module}: {error}");
    }
}
