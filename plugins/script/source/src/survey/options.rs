//! Reads literal options without running anything.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    CallExpression, Expression, IdentifierReference, ObjectPropertyKind, PropertyKind,
};
use oxc_span::GetSpan;

use crate::parse::Tree;

/// How many spreads and `const` names are followed from an options object.
const HOPS_MAX: u32 = 4;

/// How many parts of nested conditions are looked at.
const LEAVES_MAX: usize = 64;

/// A property of an options object: its name, where it stands, and its value.
pub(super) type Property<'e, 'a> = (String, u32, &'e Expression<'a>);

/// The known properties of the options of a call, in order. Later ones of a name win.
pub(super) fn of_call<'a>(
    tree: &Tree<'_, 'a>,
    call: &'a CallExpression<'a>,
    index: usize,
) -> Vec<Property<'a, 'a>> {
    let mut out = Vec::new();
    if let Some(options) = call.arguments.get(index).and_then(|it| it.as_expression()) {
        collect(tree, options, HOPS_MAX, &mut out);
    }
    out
}

/// The known properties of an object: of a literal, of those spread into it, and of a `const`
/// that holds one.
pub(super) fn of_object<'a>(
    tree: &Tree<'_, 'a>,
    object: &'a Expression<'a>,
) -> Option<Vec<Property<'a, 'a>>> {
    let mut out = Vec::new();
    collect(tree, object, HOPS_MAX, &mut out).then_some(out)
}

/// Whether `object` could be read.
fn collect<'a>(
    tree: &Tree<'_, 'a>,
    object: &'a Expression<'a>,
    hops: u32,
    out: &mut Vec<Property<'a, 'a>>,
) -> bool {
    match object.without_parentheses() {
        Expression::ObjectExpression(it) => {
            for property in &it.properties {
                match property {
                    ObjectPropertyKind::ObjectProperty(it) if it.kind == PropertyKind::Init => {
                        if let Some(name) = it.key.static_name().filter(|_| !it.computed) {
                            out.push((name.into_owned(), it.span.start, &it.value));
                        }
                    }
                    ObjectPropertyKind::ObjectProperty(_) => {}
                    ObjectPropertyKind::SpreadProperty(it) if hops > 0 => {
                        collect(tree, &it.argument, hops - 1, out);
                    }
                    ObjectPropertyKind::SpreadProperty(_) => {}
                }
            }
            true
        }
        Expression::Identifier(it) if hops > 0 => {
            constant(tree, it).is_some_and(|value| collect(tree, value, hops - 1, out))
        }
        _ => false,
    }
}

/// What a `const` was declared with.
fn constant<'a>(tree: &Tree<'_, 'a>, it: &IdentifierReference<'a>) -> Option<&'a Expression<'a>> {
    let scoping = tree.semantic.scoping();
    let symbol = scoping.get_reference(it.reference_id.get()?).symbol_id()?;
    match tree.semantic.symbol_declaration(symbol).kind() {
        AstKind::VariableDeclarator(declared)
            if scoping.symbol_flags(symbol).is_const_variable()
                && declared.id.get_binding_identifier().is_some() =>
        {
            declared.init.as_ref()
        }
        _ => None,
    }
}

/// The text of a string, or of a template without substitutions.
pub(super) fn text<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.without_parentheses() {
        Expression::StringLiteral(it) if !it.lone_surrogates => Some(it.value.as_str()),
        Expression::TemplateLiteral(it) => match it.quasis.as_slice() {
            [quasi] if !quasi.lone_surrogates => quasi.value.cooked.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

/// The literal texts of a list.
pub(super) fn list(expression: &Expression<'_>) -> Vec<String> {
    let Expression::ArrayExpression(list) = expression.without_parentheses() else {
        return Vec::new();
    };
    let elements = list.elements.iter().filter_map(|element| element.as_expression());
    elements.filter_map(text).map(str::to_owned).collect()
}

/// The expressions whose value the expression can have: both sides of conditions and of `??` and
/// `||`.
pub(super) fn leaves<'e, 'a>(expression: &'e Expression<'a>) -> Vec<&'e Expression<'a>> {
    let mut open = vec![expression];
    let mut out = Vec::new();
    while let Some(next) = open.pop() {
        match next.without_parentheses() {
            Expression::ConditionalExpression(it) if open.len() < LEAVES_MAX => {
                open.extend([&it.alternate, &it.consequent]);
            }
            Expression::LogicalExpression(it) if open.len() < LEAVES_MAX => {
                open.extend([&it.right, &it.left]);
            }
            leaf => out.push(leaf),
        }
    }
    out
}

/// The literal texts among the leaves, with their places.
pub(super) fn texts<'e>(expression: &'e Expression<'_>) -> Vec<(&'e str, u32)> {
    leaves(expression)
        .into_iter()
        .filter_map(|leaf| Some((text(leaf)?, leaf.span().start)))
        .collect()
}
