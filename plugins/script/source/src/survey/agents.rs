//! Calls of `agent` and `workflow`.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_semantic::NodeId;
use oxc_span::GetSpan;

use super::{Survey, globals, name_use, options, tools};
use crate::parse::Tree;
use crate::position::Lines;
use crate::{AgentUse, ToolUse, WorkflowUse};

/// Whether a call is one of `agent` or `baton.agent`.
pub(super) fn is_agent(tree: &Tree<'_, '_>, call: &CallExpression<'_>) -> bool {
    globals::calls(tree, call, "agent") || globals::calls_member(tree, call, "baton", Some("agent"))
}

/// Lists a call of `agent` with its literal options.
pub(super) fn list<'a>(
    tree: &Tree<'_, 'a>,
    node: NodeId,
    call: &'a CallExpression<'a>,
    lines: &Lines<'_>,
    found: &mut Survey,
) {
    if !is_agent(tree, call) {
        return;
    }
    let place = lines.position(call.span.start as usize);
    let mut used = AgentUse {
        line: place.line,
        column: place.column,
        label: None,
        model: None,
        tier: None,
        ladder: Vec::new(),
        repeated: repeated(tree, node),
    };
    for (name, at, value) in options::of_call(tree, call, 1) {
        match name.as_str() {
            "label" => used.label = options::text(value).map(str::to_owned),
            "model" => used.model = options::text(value).map(str::to_owned),
            "agentType" => found.agent_types.extend(
                options::texts(value).into_iter().map(|(name, at)| name_use(lines, name, at)),
            ),
            "baton" => match options::of_object(tree, value) {
                Some(inner) => {
                    for (name, at, value) in inner {
                        match name.as_str() {
                            "tools" => tools::offered(value, lines, &mut found.tools),
                            "tier" => used.tier = options::text(value).map(str::to_owned),
                            "ladder" => used.ladder = ladder(tree, value, lines, &mut found.tools),
                            _ => {}
                        }
                        found.extensions.push(name_use(lines, format!("opts.baton.{name}"), at));
                    }
                }
                None => found.extensions.push(name_use(lines, "opts.baton", at)),
            },
            _ => {}
        }
    }
    found.agents.push(used);
}

/// The literal steps of a ladder, which is a list or an object with one. The tool that checks is
/// one that the script needs.
fn ladder<'a>(
    tree: &Tree<'_, 'a>,
    value: &'a Expression<'a>,
    lines: &Lines<'_>,
    tools: &mut Vec<ToolUse>,
) -> Vec<String> {
    let mut rungs = value;
    for (name, _, value) in options::of_object(tree, value).unwrap_or_default() {
        match name.as_str() {
            "rungs" => rungs = value,
            "check" => tools::checks(tree, value, lines, tools),
            _ => {}
        }
    }
    options::list(rungs)
}

/// Lists a call of `workflow`, once for every target it names.
pub(super) fn workflow<'a>(
    tree: &Tree<'_, 'a>,
    call: &'a CallExpression<'a>,
    lines: &Lines<'_>,
    uses: &mut Vec<WorkflowUse>,
) {
    if !globals::calls(tree, call, "workflow") {
        return;
    }
    let place = lines.position(call.span.start as usize);
    let mut add = |name: Option<&str>, script_path: Option<&str>| {
        uses.push(WorkflowUse {
            name: name.map(str::to_owned),
            script_path: script_path.map(str::to_owned),
            line: place.line,
            column: place.column,
        });
    };
    let Some(target) = call.arguments.first().and_then(Argument::as_expression) else {
        add(None, None);
        return;
    };
    for leaf in options::leaves(target) {
        let path = options::of_object(tree, leaf).and_then(|properties| {
            properties.into_iter().rev().find(|(name, ..)| name == "scriptPath")
        });
        match path {
            Some((_, _, value)) => add(None, options::text(value)),
            None => add(options::text(leaf), None),
        }
    }
}

/// Whether a node stands in a loop or a function, so that it may run many times.
fn repeated(tree: &Tree<'_, '_>, node: NodeId) -> bool {
    let nodes = tree.semantic.nodes();
    let span = nodes.kind(node).span();
    nodes.ancestors(node).any(|ancestor| match ancestor.kind() {
        AstKind::ForStatement(it) => {
            !it.init.as_ref().is_some_and(|it| it.span().contains_inclusive(span))
        }
        AstKind::ForOfStatement(it) => !it.right.span().contains_inclusive(span),
        AstKind::ForInStatement(it) => !it.right.span().contains_inclusive(span),
        AstKind::WhileStatement(_) | AstKind::DoWhileStatement(_) => true,
        AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => !thunk(tree, ancestor.id()),
        AstKind::Class(_) => true,
        _ => false,
    })
}

/// Whether a function is written directly in the list given to `parallel`, which calls it once.
fn thunk(tree: &Tree<'_, '_>, function: NodeId) -> bool {
    let nodes = tree.semantic.nodes();
    let list = nodes.parent_node(function);
    if !matches!(list.kind(), AstKind::ArrayExpression(_)) {
        return false;
    }
    let AstKind::CallExpression(call) = nodes.parent_kind(list.id()) else { return false };
    globals::calls(tree, call, "parallel")
        && call
            .arguments
            .first()
            .and_then(Argument::as_expression)
            .is_some_and(|it: &Expression<'_>| it.span() == list.kind().span())
}
