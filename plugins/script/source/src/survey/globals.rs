//! Which names are globals, and which globals another runtime may lack.

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, IdentifierReference, UnaryOperator};
use oxc_semantic::NodeId;

use crate::PortabilityUse;
use crate::parse::Tree;
use crate::position::Lines;

/// Globals that Baton has and other runtimes of the dialect need not have.
const UNSURE: [&str; 13] = [
    "TextDecoder",
    "TextEncoder",
    "URL",
    "URLSearchParams",
    "atob",
    "btoa",
    "clearInterval",
    "clearTimeout",
    "console",
    "queueMicrotask",
    "setInterval",
    "setTimeout",
    "structuredClone",
];

/// Whether an identifier means the global of this name, not a local that shadows it.
pub(super) fn is_global(tree: &Tree<'_, '_>, it: &IdentifierReference<'_>, name: &str) -> bool {
    it.name == name && tree.semantic.is_reference_to_global_variable(it)
}

/// Whether an expression is the global of this name.
pub(super) fn is(tree: &Tree<'_, '_>, expression: &Expression<'_>, name: &str) -> bool {
    match expression.without_parentheses() {
        Expression::Identifier(it) => is_global(tree, it, name),
        _ => false,
    }
}

/// Whether a call is one of the global function of this name.
pub(super) fn calls(tree: &Tree<'_, '_>, call: &CallExpression<'_>, name: &str) -> bool {
    is(tree, &call.callee, name)
}

/// Whether a call is one of a member of a global: `console.log`, `baton.agent`.
pub(super) fn calls_member(
    tree: &Tree<'_, '_>,
    call: &CallExpression<'_>,
    object: &str,
    member: Option<&str>,
) -> bool {
    call.callee.without_parentheses().as_member_expression().is_some_and(|it| {
        is(tree, it.object(), object)
            && member.is_none_or(|name| it.static_property_name() == Some(name))
    })
}

/// Whether the node is only asked for its type: `typeof x`.
pub(super) fn under_typeof(tree: &Tree<'_, '_>, node: NodeId) -> bool {
    matches!(
        tree.semantic.nodes().parent_kind(node),
        AstKind::UnaryExpression(it) if it.operator == UnaryOperator::Typeof
    )
}

/// Lists an identifier if it is a global that another runtime may lack.
pub(super) fn list(
    tree: &Tree<'_, '_>,
    node: NodeId,
    it: &IdentifierReference<'_>,
    lines: &Lines<'_>,
    uses: &mut Vec<PortabilityUse>,
) {
    let name = it.name.as_str();
    if UNSURE.contains(&name) && is_global(tree, it, name) && !under_typeof(tree, node) {
        let place = lines.position(it.span.start as usize);
        uses.push(PortabilityUse {
            name: name.to_owned(),
            line: place.line,
            column: place.column,
            message: format!(
                "other runtimes of this dialect may lack `{name}`: guard it with `typeof {name}`"
            ),
        });
    }
}
