//! Traps that scripts fall into: told as warnings.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrowFunctionBody, CallExpression, Expression, StaticMemberExpression,
};
use oxc_semantic::NodeId;
use oxc_span::GetSpan;

use super::{agents, globals};
use crate::Code;
use crate::draft::Draft;
use crate::parse::Tree;

/// Warns of `parallel([agent(…)])` and `parallel(list.map(x => agent(…)))`, which start the
/// agents themselves and then reject.
pub(super) fn parallel(tree: &Tree<'_, '_>, call: &CallExpression<'_>, warnings: &mut Vec<Draft>) {
    if !globals::calls(tree, call, "parallel") {
        return;
    }
    let Some(list) = call.arguments.first().and_then(Argument::as_expression) else { return };
    let started = match list.without_parentheses() {
        Expression::ArrayExpression(it) => it
            .elements
            .iter()
            .filter_map(|element| element.as_expression())
            .find(|element| starts_agent(tree, element)),
        Expression::CallExpression(mapped) => mapper(mapped).filter(|it| starts_agent(tree, it)),
        _ => None,
    };
    if let Some(started) = started {
        let message = "`parallel` is given a running agent where it takes a function";
        warnings.push(
            Draft::new(Code::ParallelCalls, started.span().start, message)
                .hint("write `() => agent(…)`"),
        );
    }
}

fn starts_agent(tree: &Tree<'_, '_>, expression: &Expression<'_>) -> bool {
    match expression.without_parentheses() {
        Expression::CallExpression(call) => agents::is_agent(tree, call),
        _ => false,
    }
}

/// The expression that `list.map(x => expression)` makes of each element.
fn mapper<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e Expression<'a>> {
    let callee = call.callee.as_member_expression()?;
    if callee.static_property_name() != Some("map") {
        return None;
    }
    match call.arguments.first()?.as_expression()? {
        Expression::ArrowFunctionExpression(arrow) => match &arrow.body {
            ArrowFunctionBody::FunctionBody(_) => None,
            body => body.as_expression(),
        },
        _ => None,
    }
}

/// Warns of the stack of an error in a prompt: its text differs between hosts and versions.
pub(super) fn stack(
    tree: &Tree<'_, '_>,
    node: NodeId,
    member: &StaticMemberExpression<'_>,
    warnings: &mut Vec<Draft>,
) {
    if member.property.name != "stack" || !is_error(tree, &member.object) {
        return;
    }
    let mut in_text = false;
    for ancestor in tree.semantic.nodes().ancestors(node) {
        match ancestor.kind() {
            AstKind::TemplateLiteral(_) => in_text = true,
            AstKind::CallExpression(call) if logs(tree, call) => return,
            AstKind::CallExpression(call) if agents::is_agent(tree, call) => in_text = true,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => break,
            kind if kind.is_statement() => break,
            _ => {}
        }
    }
    if in_text {
        let message = "the stack of an error goes into a text";
        warnings.push(
            Draft::new(Code::ErrorStack, member.span.start, message).hint(
                "a prompt with it differs by host and is never reused: use `message` instead",
            ),
        );
    }
}

fn logs(tree: &Tree<'_, '_>, call: &CallExpression<'_>) -> bool {
    globals::calls(tree, call, "log") || globals::calls_member(tree, call, "console", None)
}

/// Whether an expression looks like an error: a name bound by `catch`, or one that says so.
fn is_error(tree: &Tree<'_, '_>, expression: &Expression<'_>) -> bool {
    let Expression::Identifier(it) = expression.without_parentheses() else { return false };
    let scoping = tree.semantic.scoping();
    let caught = it
        .reference_id
        .get()
        .and_then(|reference| scoping.get_reference(reference).symbol_id())
        .is_some_and(|symbol| scoping.symbol_flags(symbol).is_catch_variable());
    let name = it.name.to_ascii_lowercase();
    caught
        || matches!(name.as_str(), "e" | "ex" | "exception" | "reason" | "cause")
        || name.ends_with("err")
        || name.ends_with("error")
}
