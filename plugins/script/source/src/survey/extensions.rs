//! Uses of the `baton` global.

use oxc_ast::AstKind;
use oxc_ast::ast::BindingPattern;
use oxc_semantic::AstNode;
use oxc_span::GetSpan;

use super::{globals, name_use};
use crate::NameUse;
use crate::parse::Tree;
use crate::position::Lines;

/// Lists what a node uses of `baton`, if the node is that global (or `globalThis.baton`). Asking
/// for its type is no use.
pub(super) fn list(
    tree: &Tree<'_, '_>,
    node: &AstNode<'_>,
    lines: &Lines<'_>,
    uses: &mut Vec<NameUse>,
) {
    let is_baton = match node.kind() {
        AstKind::IdentifierReference(it) => globals::is_global(tree, it, "baton"),
        AstKind::StaticMemberExpression(it) => {
            it.property.name == "baton" && globals::is(tree, &it.object, "globalThis")
        }
        AstKind::ComputedMemberExpression(it) => {
            it.static_property_name().is_some_and(|name| name == "baton")
                && globals::is(tree, &it.object, "globalThis")
        }
        _ => false,
    };
    if !is_baton || globals::under_typeof(tree, node.id()) {
        return;
    }
    let nodes = tree.semantic.nodes();
    let span = node.kind().span();
    // What encloses the value without changing it.
    let outer = nodes
        .ancestors(node.id())
        .map(AstNode::kind)
        .find(|kind| {
            !matches!(kind, AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_))
        })
        .unwrap_or(node.kind());
    let member = |name: Option<&str>| name_use(lines, dotted(name), span.start);
    match outer {
        AstKind::StaticMemberExpression(it) if it.object.span().contains_inclusive(span) => {
            uses.push(member(Some(it.property.name.as_str())));
        }
        AstKind::ComputedMemberExpression(it) if it.object.span().contains_inclusive(span) => {
            uses.push(member(it.static_property_name().as_ref().map(|name| name.as_str())));
        }
        AstKind::VariableDeclarator(it) => match &it.id {
            BindingPattern::ObjectPattern(pattern) => {
                for property in &pattern.properties {
                    let name = property.key.static_name().filter(|_| !property.computed);
                    uses.push(name_use(lines, dotted(name.as_deref()), property.span.start));
                }
                if let Some(rest) = &pattern.rest {
                    uses.push(name_use(lines, dotted(None), rest.span.start));
                }
            }
            _ => uses.push(member(None)),
        },
        _ => uses.push(member(None)),
    }
}

/// `baton.name`, or `baton` where it is not known what of it.
fn dotted(name: Option<&str>) -> String {
    name.map_or_else(|| "baton".to_owned(), |name| format!("baton.{name}"))
}
