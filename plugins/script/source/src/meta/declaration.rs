//! Finds the declaration of `meta` and reads it.

use oxc_ast::ast::{Declaration, Expression, Program, Statement, VariableDeclarationKind};
use oxc_span::{GetSpan, Span};

use super::{Meta, fields, literal};
use crate::Code;
use crate::draft::Draft;

const HINT: &str = "begin the file with `export const meta = { name: '…', description: '…' }`; only comments may stand before it";

/// What was found of `meta`.
pub(crate) struct Declared {
    /// The facts, if nothing is wrong with them.
    pub(crate) meta: Option<Meta>,
    /// The export statement, wherever it stands.
    pub(crate) export: Option<Span>,
    pub(crate) errors: Vec<Draft>,
    pub(crate) warnings: Vec<Draft>,
}

/// Looks for `meta` among the top-level statements.
pub(crate) fn declaration(program: &Program<'_>) -> Declared {
    let mut found = Declared { meta: None, export: None, errors: Vec::new(), warnings: Vec::new() };
    let first = program
        .directives
        .first()
        .map(|directive| directive.span.start)
        .or_else(|| program.body.first().map(|statement| statement.span().start));

    let Some((export, init)) = program.body.iter().find_map(|it| export_of_meta(it, &mut found))
    else {
        if found.errors.is_empty() {
            let at = first.unwrap_or(0);
            found.errors.push(
                Draft::new(Code::MetaMissing, at, "there is no `export const meta`").hint(HINT),
            );
        }
        return found;
    };
    found.export = Some(export);
    if let Some(first) = first
        && first < export.start
    {
        let message = "`export const meta` is not the first statement";
        found.errors.push(Draft::new(Code::MetaNotFirst, first, message).hint(HINT));
    }
    found.meta = facts(init, &mut found);
    found
}

/// The span and value of an `export const meta = …`, if the statement is one.
fn export_of_meta<'p, 'a>(
    statement: &'p Statement<'a>,
    found: &mut Declared,
) -> Option<(Span, &'p Expression<'a>)> {
    let Statement::ExportDeclaration(export) = statement else { return None };
    let Declaration::VariableDeclaration(variables) = &export.declaration else { return None };
    let (first, rest) = variables.declarations.split_first()?;
    if first.id.get_binding_identifier()?.name != "meta" {
        return None;
    }
    let wrong = if variables.kind != VariableDeclarationKind::Const {
        Some((variables.span.start, "`meta` is not declared with `const`"))
    } else {
        rest.first()
            .map(|other| (other.span.start, "another name is declared together with `meta`"))
    };
    if let Some((at, message)) = wrong {
        found.errors.push(Draft::new(Code::MetaMissing, at, message).hint(HINT));
    }
    Some((export.span, first.init.as_ref()?))
}

fn facts(init: &Expression<'_>, found: &mut Declared) -> Option<Meta> {
    let Expression::ObjectExpression(object) = init.without_parentheses() else {
        let at = init.span().start;
        let message = format!("`meta` is {}, not an object", literal::construct(init));
        found.errors.push(Draft::new(Code::MetaNotLiteral, at, message).hint(HINT));
        return None;
    };
    let before = found.errors.len();
    let value = literal::evaluate(init, &mut found.errors);
    if found.errors.len() > before {
        return None;
    }
    let meta = fields::read(&value, object, found);
    (found.errors.len() == before).then_some(meta)
}
