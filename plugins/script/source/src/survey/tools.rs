//! Calls of `baton.tool` and `baton.exec`, and tools offered to agents.

use oxc_ast::ast::{Argument, ArrayExpressionElement, CallExpression, Expression};
use oxc_span::GetSpan;

use super::{globals, options};
use crate::ToolUse;
use crate::parse::Tree;
use crate::position::Lines;

/// The tool that runs commands.
const EXEC: &str = "exec";

/// Lists a call of `baton.tool`, once for every tool it names, or of `baton.exec`.
pub(super) fn list(
    tree: &Tree<'_, '_>,
    call: &CallExpression<'_>,
    lines: &Lines<'_>,
    uses: &mut Vec<ToolUse>,
) {
    let is = |member| globals::calls_member(tree, call, "baton", Some(member));
    let at = call.span.start;
    let target = call.arguments.first().and_then(Argument::as_expression);
    if is("tool") {
        match target {
            Some(target) => {
                for leaf in options::leaves(target) {
                    uses.push(named(options::text(leaf), at, lines));
                }
            }
            None => uses.push(named(None, at, lines)),
        }
    } else if is(EXEC) {
        let (argv, whole) = target.map(argv).unwrap_or_default();
        uses.push(ToolUse { argv, whole, ..named(Some(EXEC), at, lines) });
    }
}

/// Lists the literal names in the list of tools that an agent is offered.
pub(super) fn offered(list: &Expression<'_>, lines: &Lines<'_>, uses: &mut Vec<ToolUse>) {
    let Expression::ArrayExpression(list) = list.without_parentheses() else { return };
    for element in &list.elements {
        let value = element.as_expression();
        let at = element.span().start;
        uses.push(named(value.and_then(options::text), at, lines));
    }
}

/// Lists the tool that checks the steps of a ladder.
pub(super) fn checks<'a>(
    tree: &Tree<'_, 'a>,
    check: &'a Expression<'a>,
    lines: &Lines<'_>,
    uses: &mut Vec<ToolUse>,
) {
    for (name, at, value) in options::of_object(tree, check).unwrap_or_default() {
        if name == "tool" {
            uses.push(named(options::text(value), at, lines));
        }
    }
}

/// The literal arguments at the beginning of a command, and whether they are all of it.
fn argv(list: &Expression<'_>) -> (Vec<String>, bool) {
    let Expression::ArrayExpression(list) = list.without_parentheses() else {
        return (Vec::new(), false);
    };
    let texts: Vec<String> = list
        .elements
        .iter()
        .map_while(ArrayExpressionElement::as_expression)
        .map_while(|value| options::text(value).map(str::to_owned))
        .collect();
    let whole = texts.len() == list.elements.len();
    (texts, whole)
}

fn named(name: Option<&str>, at: u32, lines: &Lines<'_>) -> ToolUse {
    let place = lines.position(at as usize);
    ToolUse {
        name: name.map(str::to_owned),
        argv: Vec::new(),
        whole: false,
        line: place.line,
        column: place.column,
    }
}
