//! Evaluates a pure literal from the syntax tree.

use oxc_ast::ast::{
    ArrayExpressionElement, Expression, ObjectExpression, ObjectPropertyKind, PropertyKey,
    PropertyKind, TemplateElement, UnaryOperator,
};
use oxc_span::GetSpan;
use serde_json::{Map, Number, Value};

use crate::Code;
use crate::draft::Draft;

/// How deep lists and objects may nest. A reader of the inspection should not need a deep stack.
const NESTING_MAX: u32 = 32;

/// The greatest magnitude up to which every integer is a number of its own.
const SAFE_INTEGER: f64 = 9_007_199_254_740_992.0;

const HINT: &str = "`meta` is read without running the script: use only strings, numbers, booleans, null, lists and objects";

/// The value of `expression`. Everything that is no pure literal is added to `errors`; the value
/// is usable only if there was nothing of that kind.
pub(super) fn evaluate(expression: &Expression<'_>, errors: &mut Vec<Draft>) -> Value {
    value(expression, 0, errors)
}

fn value(expression: &Expression<'_>, depth: u32, errors: &mut Vec<Draft>) -> Value {
    let expression = expression.without_parentheses();
    let at = expression.span().start;
    if depth > NESTING_MAX {
        errors.push(refused(at, format!("is nested deeper than {NESTING_MAX} levels")));
        return Value::Null;
    }
    match expression {
        Expression::NullLiteral(_) => Value::Null,
        Expression::BooleanLiteral(it) => Value::Bool(it.value),
        Expression::NumericLiteral(it) => number(it.value, at, errors),
        Expression::UnaryExpression(it) => match (&it.operator, &it.argument) {
            (UnaryOperator::UnaryNegation, Expression::NumericLiteral(digits)) => {
                number(-digits.value, at, errors)
            }
            (UnaryOperator::UnaryPlus, Expression::NumericLiteral(digits)) => {
                number(digits.value, at, errors)
            }
            _ => {
                errors.push(refused(at, format!("holds {}", construct(expression))));
                Value::Null
            }
        },
        Expression::StringLiteral(it) => text(&it.value, it.lone_surrogates, at, errors),
        Expression::TemplateLiteral(it) => match it.quasis.as_slice() {
            [TemplateElement { value: quasi, lone_surrogates, .. }] => {
                text(quasi.cooked.as_deref().unwrap_or_default(), *lone_surrogates, at, errors)
            }
            _ => {
                let inner = it.expressions.first().map_or(at, |inner| inner.span().start);
                errors.push(refused(inner, "holds a template with a substitution"));
                Value::Null
            }
        },
        Expression::ArrayExpression(it) => Value::Array(
            it.elements
                .iter()
                .map(|element| match element.as_expression() {
                    Some(inner) => value(inner, depth + 1, errors),
                    None => {
                        let what = match element {
                            ArrayExpressionElement::SpreadElement(_) => "a spread",
                            _ => "a hole in a list",
                        };
                        errors.push(refused(element.span().start, format!("holds {what}")));
                        Value::Null
                    }
                })
                .collect(),
        ),
        Expression::ObjectExpression(it) => Value::Object(object(it, depth, errors)),
        _ => {
            errors.push(refused(at, format!("holds {}", construct(expression))));
            Value::Null
        }
    }
}

fn object(it: &ObjectExpression<'_>, depth: u32, errors: &mut Vec<Draft>) -> Map<String, Value> {
    let mut map = Map::new();
    for property in &it.properties {
        let at = property.span().start;
        let property = match property {
            ObjectPropertyKind::ObjectProperty(property) => property,
            ObjectPropertyKind::SpreadProperty(_) => {
                errors.push(refused(at, "holds a spread"));
                continue;
            }
        };
        let what = if property.computed {
            Some("a computed key")
        } else if property.kind != PropertyKind::Init {
            Some("a getter or setter")
        } else if property.method {
            Some("a method")
        } else if property.shorthand {
            Some("a shorthand key")
        } else {
            None
        };
        if let Some(what) = what {
            errors.push(refused(at, format!("holds {what}")));
            continue;
        }
        let Some(key) = key(&property.key) else {
            errors.push(refused(at, "holds a key that is not a name, a string or a number"));
            continue;
        };
        if matches!(key.as_str(), "__proto__" | "constructor" | "prototype") {
            errors.push(
                Draft::new(Code::MetaKey, at, format!("`meta` holds the key `{key}`"))
                    .hint("`__proto__`, `constructor` and `prototype` are refused at any depth"),
            );
            continue;
        }
        let inner = value(&property.value, depth + 1, errors);
        map.insert(key, inner);
    }
    map
}

/// The name of a key that is not computed.
pub(super) fn key(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::StaticIdentifier(it) => Some(it.name.to_string()),
        PropertyKey::StringLiteral(it) if !it.lone_surrogates => Some(it.value.to_string()),
        PropertyKey::NumericLiteral(it) => Some(it.value.to_string()),
        _ => None,
    }
}

fn number(number: f64, at: u32, errors: &mut Vec<Draft>) -> Value {
    if number.fract() == 0.0 && number.abs() <= SAFE_INTEGER {
        #[expect(clippy::cast_possible_truncation, reason = "an integer within the range of i64")]
        return Value::from(number as i64);
    }
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None => {
            errors.push(refused(at, "holds a number that is too large"));
            Value::Null
        }
    }
}

fn text(text: &str, lone_surrogates: bool, at: u32, errors: &mut Vec<Draft>) -> Value {
    if lone_surrogates {
        errors.push(refused(at, "holds a string with half of a surrogate pair"));
    }
    Value::String(text.to_owned())
}

fn refused(at: u32, what: impl std::fmt::Display) -> Draft {
    Draft::new(Code::MetaNotLiteral, at, format!("`meta` {what}")).hint(HINT)
}

/// What an expression is called.
pub(super) fn construct(expression: &Expression<'_>) -> String {
    let words = match expression {
        Expression::Identifier(it) => return format!("the identifier `{}`", it.name),
        Expression::BinaryExpression(it) if it.operator.as_str() == "+" => {
            "a concatenation or sum (`+`)"
        }
        Expression::BinaryExpression(it) => {
            return format!("the operator `{}`", it.operator.as_str());
        }
        Expression::UnaryExpression(it) => {
            return format!("the operator `{}`", it.operator.as_str());
        }
        Expression::LogicalExpression(it) => {
            return format!("the operator `{}`", it.operator.as_str());
        }
        Expression::CallExpression(_)
        | Expression::ImportExpression(_)
        | Expression::ChainExpression(_) => "a call or optional chain",
        Expression::NewExpression(_) => "a call with `new`",
        Expression::StaticMemberExpression(_)
        | Expression::ComputedMemberExpression(_)
        | Expression::PrivateFieldExpression(_) => "a property access",
        Expression::TaggedTemplateExpression(_) => "a tagged template",
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => "a function",
        Expression::ClassExpression(_) => "a class",
        Expression::ConditionalExpression(_) => "a condition (`? :`)",
        Expression::RegExpLiteral(_) => "a regular expression",
        Expression::BigIntLiteral(_) => "a BigInt",
        Expression::AwaitExpression(_) => "an `await`",
        Expression::AssignmentExpression(_) | Expression::UpdateExpression(_) => "an assignment",
        Expression::SequenceExpression(_) => "a comma expression",
        Expression::ThisExpression(_) => "`this`",
        _ => "an expression",
    };
    words.to_owned()
}
