//! From text to a syntax tree with scopes.

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::SourceType;

use crate::draft::Draft;
use crate::{Code, depth, redeclared, typescript};

/// At most this many syntax errors are told: the later ones mostly follow from the first.
const SYNTAX_ERRORS_MAX: usize = 10;

/// A script that parsed, with its scopes and a flat list of its nodes.
pub(crate) struct Tree<'t, 'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) semantic: &'t Semantic<'a>,
    /// Early errors: the text parses, and still is no JavaScript.
    pub(crate) early: Vec<Draft>,
}

/// Parses `text`, which has no byte-order mark, and looks at the tree.
///
/// # Errors
///
/// The syntax errors, or the TypeScript construct, if there is no tree to look at.
pub(crate) fn with_tree<R>(
    text: &str,
    look: impl FnOnce(&Tree<'_, '_>) -> R,
) -> Result<R, Vec<Draft>> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, text, SourceType::mjs());
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Err(refuse(text, &parsed));
    }
    if let Some(at) = depth::too_deep(&parsed.program) {
        return Err(vec![depth::refused(at)]);
    }
    let program: &Program<'_> = allocator.alloc(parsed.program);
    let built =
        SemanticBuilder::new().with_build_nodes(true).with_check_syntax_error(true).build(program);
    // The parser lets some modifiers of TypeScript pass.
    if let Some(draft) = typescript::first_construct(&built.semantic) {
        return Err(vec![draft]);
    }
    let early = built
        .diagnostics
        .errors()
        .filter(|error| !redeclared::allowed(built.semantic.scoping(), error))
        .take(SYNTAX_ERRORS_MAX)
        .map(syntax)
        .collect();
    Ok(look(&Tree { program, semantic: &built.semantic, early }))
}

fn parse<'a>(allocator: &'a Allocator, text: &'a str, kind: SourceType) -> ParserReturn<'a> {
    Parser::new(allocator, text, kind)
        .with_options(ParseOptions {
            parse_regular_expression: true,
            allow_return_outside_function: true,
            ..ParseOptions::default()
        })
        .parse()
}

/// Why a text did not parse: TypeScript if it parses as that, else the errors as they are.
fn refuse(text: &str, parsed: &ParserReturn<'_>) -> Vec<Draft> {
    let allocator = Allocator::default();
    let typed = parse(&allocator, text, SourceType::ts());
    if !typed.panicked && !typed.diagnostics.has_errors() {
        if let Some(at) = depth::too_deep(&typed.program) {
            return vec![depth::refused(at)];
        }
        let program: &Program<'_> = allocator.alloc(typed.program);
        let built = SemanticBuilder::new().with_build_nodes(true).build(program);
        if let Some(draft) = typescript::first_construct(&built.semantic) {
            return vec![draft];
        }
    }
    parsed.diagnostics.errors().take(SYNTAX_ERRORS_MAX).map(syntax).collect()
}

fn syntax(error: &oxc_diagnostics::OxcDiagnostic) -> Draft {
    let at = error.labels.first().map_or(0, |label| label.span().start);
    let draft = Draft::new(Code::Syntax, at, error.message.to_string());
    match &error.help {
        // The parser's own advice is about its options.
        Some(_) if draft.message.contains("JSX") => draft.hint("scripts are plain JavaScript"),
        Some(help) => draft.hint(help.to_string()),
        None => draft,
    }
}
