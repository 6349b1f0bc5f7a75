//! The edits that make the executed text out of a script.

use oxc_ast::AstKind;
use oxc_ast::ast::{Comment, Expression, UnaryOperator, UpdateOperator};
use oxc_span::{GetSpan, Span};

use crate::edits::Edit;
use crate::parse::Tree;

/// What to change, and what to know of the result.
pub(crate) struct Plan {
    pub(crate) edits: Vec<Edit>,
    /// The offsets of the words `await` (or `for`), by index.
    pub(crate) awaits: Vec<u32>,
    /// The parts whose bytes are content: line separators in them end no line for the engine.
    pub(crate) literals: Vec<Span>,
}

/// Plans the edits of a script that passed all checks. `export` is the statement of `meta`.
pub(crate) fn plan(tree: &Tree<'_, '_>, text: &str, export: Span) -> Plan {
    let (enter, each) = (unused(tree, "$await"), unused(tree, "$each"));
    let mut edits = vec![
        Edit::insert(
            0,
            format!("(function({enter},{each}){{\"use strict\";return async function(){{"),
        ),
        Edit::replace(export.start, " ".repeat("export".len())),
    ];
    if text.starts_with("#!") {
        edits.push(Edit::replace(0, "//"));
    }
    edits.extend(carriage_returns(text));

    let mut awaits = Vec::new();
    // The engine takes the separator that ends a line comment as part of it.
    let comment = |it: &Comment| Span::new(it.span.start, it.span.end + u32::from(it.is_line()));
    let mut literals: Vec<Span> = tree.program.comments.iter().map(comment).collect();
    let mut wrap = |edits: &mut Vec<Edit>, helper: &str, at: u32, operand: Span| {
        edits.push(Edit::insert(operand.start, format!("{helper}({},", awaits.len())));
        edits.push(Edit::insert(operand.end, ")"));
        awaits.push(at);
    };
    for node in tree.semantic.nodes().iter() {
        match node.kind() {
            AstKind::AwaitExpression(it) => {
                wrap(&mut edits, &enter, it.span.start, it.argument.span());
            }
            AstKind::ForOfStatement(it) if it.r#await => {
                wrap(&mut edits, &each, it.span.start, it.right.span());
            }
            // Outside of modules `<!--` begins a comment.
            AstKind::UnaryExpression(it)
                if it.operator == UnaryOperator::LogicalNot
                    && matches!(&it.argument, Expression::UpdateExpression(inner)
                        if inner.prefix && inner.operator == UpdateOperator::Decrement)
                    && text.as_bytes().get(it.span.start.saturating_sub(1) as usize)
                        == Some(&b'<') =>
            {
                edits.push(Edit::insert(it.span.start, " "));
            }
            AstKind::StringLiteral(it) => literals.push(it.span),
            AstKind::TemplateElement(it) => literals.push(it.span),
            _ => {}
        }
    }
    edits.push(Edit::insert(u32::try_from(text.len()).unwrap_or(u32::MAX), "\n}})"));
    literals.sort_by_key(|span| span.start);
    Plan { edits, awaits, literals }
}

/// A lone carriage return ends a line for the language and for people, but not everywhere for
/// the engine; a line feed means the same in every place where one may stand.
fn carriage_returns(text: &str) -> impl Iterator<Item = Edit> {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        .filter_map(|(at, _)| Some(Edit::replace(u32::try_from(at).ok()?, "\n")))
}

/// `name`, or that with `$` behind it until the script neither declares nor mentions it.
fn unused(tree: &Tree<'_, '_>, name: &str) -> String {
    let scoping = tree.semantic.scoping();
    let mut name = name.to_owned();
    while scoping.symbol_names().any(|symbol| symbol == name)
        || scoping.root_unresolved_references().keys().any(|global| global.as_str() == name)
    {
        name.push('$');
    }
    name
}
