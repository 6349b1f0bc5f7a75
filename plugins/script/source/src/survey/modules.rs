//! What a script must not contain: modules, `require`, and syntax that the engine does not have.

use oxc_ast::AstKind;
use oxc_ast::ast::{UnaryOperator, VariableDeclarationKind};
use oxc_semantic::{AstNode, NodeId};
use oxc_span::{GetSpan, Span};

use super::globals;
use crate::Code;
use crate::draft::Draft;
use crate::parse::Tree;

const NO_MODULES: &str =
    "a script is one file without modules: put the code into the script, or let an agent do it";

/// Where a script asks for `typeof require`.
pub(super) fn questions(tree: &Tree<'_, '_>) -> Vec<Span> {
    let asks = |node: &AstNode<'_>| match node.kind() {
        AstKind::UnaryExpression(it) => (it.operator == UnaryOperator::Typeof
            && globals::is(tree, &it.argument, "require"))
        .then_some(it.span),
        _ => None,
    };
    tree.semantic.nodes().iter().filter_map(asks).collect()
}

/// Refuses a node that has no place in a script. `meta` is the export that is allowed,
/// `questions` where the script asks for `typeof require`.
pub(super) fn check(
    tree: &Tree<'_, '_>,
    node: &AstNode<'_>,
    meta: Option<Span>,
    questions: &[Span],
    errors: &mut Vec<Draft>,
) {
    let kind = node.kind();
    let at = kind.span().start;
    let (code, message, hint) = match kind {
        AstKind::ImportDeclaration(_) => (Code::Import, "`import` is not available", NO_MODULES),
        AstKind::ImportExpression(_) => {
            (Code::DynamicImport, "`import()` is not available", NO_MODULES)
        }
        AstKind::ImportMeta(_) => (
            Code::ImportMeta,
            "`import.meta` is not available",
            "pass what the script needs in `args`",
        ),
        AstKind::ExportDeclaration(it) if Some(it.span) == meta => return,
        AstKind::ExportDeclaration(_)
        | AstKind::ExportNamedDeclaration(_)
        | AstKind::ExportFromDeclaration(_)
        | AstKind::ExportDefaultDeclaration(_)
        | AstKind::ExportAllDeclaration(_) => (
            Code::Export,
            "only `meta` is exported",
            "remove the word `export`; the result of a script is what it returns",
        ),
        AstKind::CallExpression(call)
            if globals::calls(tree, call, "require")
                && !guarded(tree, node.id(), call.span, questions) =>
        {
            (Code::Require, "`require` is not available", NO_MODULES)
        }
        AstKind::Decorator(_) => {
            (Code::Syntax, "decorators are not supported", "call the function")
        }
        AstKind::AccessorProperty(_) => {
            (Code::Syntax, "`accessor` is not supported", "write a getter and a setter")
        }
        AstKind::VariableDeclaration(it)
            if matches!(
                it.kind,
                VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing
            ) =>
        {
            (Code::Syntax, "`using` is not supported", "use `try` and `finally`")
        }
        _ => return,
    };
    errors.push(Draft::new(code, at, message).hint(hint));
}

/// Whether a call of `require` cannot end the script: it stands behind a question for
/// `typeof require`, or in a `try` that catches.
fn guarded(tree: &Tree<'_, '_>, node: NodeId, call: Span, questions: &[Span]) -> bool {
    let behind = |test: Span| {
        test.end <= call.start && questions.iter().any(|asked| test.contains_inclusive(*asked))
    };
    tree.semantic.nodes().ancestors(node).any(|ancestor| match ancestor.kind() {
        AstKind::IfStatement(it) => behind(it.test.span()),
        AstKind::ConditionalExpression(it) => behind(it.test.span()),
        AstKind::LogicalExpression(it) => behind(it.left.span()),
        AstKind::TryStatement(it) => it.handler.is_some() && it.block.span.contains_inclusive(call),
        _ => false,
    })
}
