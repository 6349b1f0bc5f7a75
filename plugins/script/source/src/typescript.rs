//! Names the TypeScript in a text that parses as TypeScript only.

use oxc_ast::AstKind;
use oxc_ast::ast::{ImportOrExportKind, MethodDefinitionType, PropertyDefinitionType};
use oxc_semantic::Semantic;
use oxc_span::{GetSpan, Span};

use crate::Code;
use crate::draft::Draft;

/// The first construct of TypeScript, in order of place.
pub(crate) fn first_construct(semantic: &Semantic<'_>) -> Option<Draft> {
    let (at, what, hint) = semantic
        .nodes()
        .iter()
        .filter_map(|node| construct(node.kind(), semantic.source_text()))
        .min_by_key(|(at, ..)| *at)?;
    Some(Draft::new(Code::Typescript, at, format!("TypeScript is not accepted: {what}")).hint(hint))
}

const REMOVE: &str = "scripts are plain JavaScript: remove it";
const REMOVE_TYPE: &str = "scripts are plain JavaScript: remove the type";
const KEEP_VALUE: &str = "scripts are plain JavaScript: keep only the value before it";

fn construct(kind: AstKind<'_>, text: &str) -> Option<(u32, &'static str, &'static str)> {
    let span = kind.span();
    let (what, hint) = match kind {
        AstKind::TSTypeAnnotation(_) => ("a type annotation", REMOVE_TYPE),
        AstKind::TSInterfaceDeclaration(_) => ("an `interface`", REMOVE),
        AstKind::TSTypeAliasDeclaration(_) => ("a `type` alias", REMOVE),
        AstKind::TSEnumDeclaration(_) => {
            ("an `enum`", "scripts are plain JavaScript: use a frozen object")
        }
        // These nodes begin with the value; the place is the word or sign behind it.
        AstKind::TSAsExpression(it) => {
            return Some((behind(it.expression.span(), text), "an `as` expression", KEEP_VALUE));
        }
        AstKind::TSSatisfiesExpression(it) => {
            let at = behind(it.expression.span(), text);
            return Some((at, "a `satisfies` expression", KEEP_VALUE));
        }
        AstKind::TSNonNullExpression(it) => {
            return Some((behind(it.expression.span(), text), "a non-null `!`", REMOVE));
        }
        AstKind::TSTypeAssertion(_) => ("a type assertion", REMOVE_TYPE),
        AstKind::TSTypeParameterDeclaration(_) => ("type parameters (generics)", REMOVE),
        AstKind::TSTypeParameterInstantiation(_) => ("type arguments (generics)", REMOVE),
        AstKind::TSThisParameter(_) => ("a `this` parameter", REMOVE),
        AstKind::TSClassImplements(_) => ("`implements`", REMOVE),
        AstKind::TSIndexSignature(_) => ("an index signature", REMOVE),
        AstKind::TSNamespaceDeclaration(_)
        | AstKind::TSExternalModuleDeclaration(_)
        | AstKind::TSGlobalDeclaration(_) => ("a `namespace`", REMOVE),
        AstKind::TSImportEqualsDeclaration(_) => ("an `import … =`", REMOVE),
        AstKind::TSExportAssignment(_) => ("an `export =`", REMOVE),
        AstKind::TSNamespaceExportDeclaration(_) => ("an `export as namespace`", REMOVE),
        AstKind::ImportDeclaration(it) if it.import_kind == ImportOrExportKind::Type => {
            ("an `import type`", REMOVE)
        }
        AstKind::ExportNamedDeclaration(it) if it.export_kind == ImportOrExportKind::Type => {
            ("an `export type`", REMOVE)
        }
        AstKind::VariableDeclaration(it) if it.declare => ("a `declare`", REMOVE),
        AstKind::Function(it) if it.declare => ("a `declare`", REMOVE),
        AstKind::Function(it) if it.body.is_none() => ("a function without a body", REMOVE),
        AstKind::Class(it) if it.declare => ("a `declare`", REMOVE),
        AstKind::Class(it) if it.r#abstract => ("an `abstract` class", REMOVE),
        AstKind::FormalParameter(it)
            if it.accessibility.is_some() || it.readonly || it.r#override =>
        {
            ("a parameter property", REMOVE)
        }
        AstKind::FormalParameter(it) if it.optional => ("an optional parameter `?`", REMOVE),
        AstKind::PropertyDefinition(it)
            if it.declare
                || it.r#override
                || it.optional
                || it.definite
                || it.readonly
                || it.accessibility.is_some()
                || it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition =>
        {
            ("a modifier of a class field", REMOVE)
        }
        AstKind::MethodDefinition(it)
            if it.r#override
                || it.optional
                || it.accessibility.is_some()
                || it.r#type == MethodDefinitionType::TSAbstractMethodDefinition =>
        {
            ("a modifier of a method", REMOVE)
        }
        _ => return None,
    };
    Some((span.start, what, hint))
}

/// The first place behind `span` that is not white space.
fn behind(span: Span, text: &str) -> u32 {
    let rest = text.get(span.end as usize..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start().len();
    span.end + u32::try_from(blank).unwrap_or(0)
}
