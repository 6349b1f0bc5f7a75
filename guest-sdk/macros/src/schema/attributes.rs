//! What attributes say of a type, a variant or a field.

use serde_json::Value;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Token};

/// What attributes say.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The doc comment, its lines joined to paragraphs.
    pub(super) doc: Option<String>,
    pub(super) rename: Option<String>,
    pub(super) rename_all: Case,
    pub(super) rename_all_fields: Case,
    pub(super) default: bool,
    pub(super) skip: bool,
    pub(super) transparent: bool,
    pub(super) untagged: bool,
    pub(super) tag: Option<String>,
    pub(super) deny_unknown_fields: bool,
    /// A schema that is stated.
    pub(super) json: Option<Value>,
    /// Attributes after which the type says nothing about the JSON.
    foreign: Option<(&'static str, proc_macro2::Span)>,
}

/// How names are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Case {
    #[default]
    AsIs,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// Attributes of serde that change the JSON beyond what can be told from the type.
const FOREIGN: &[&str] =
    &["with", "serialize_with", "deserialize_with", "from", "try_from", "into", "remote", "getter"];

/// Attributes of serde that do not matter here.
const SILENT: &[&str] = &[
    "alias",
    "bound",
    "borrow",
    "crate",
    "expecting",
    "other",
    "skip_serializing_if",
    "variant_identifier",
    "field_identifier",
];

impl Facts {
    /// Reads the attributes.
    pub(super) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut facts = Self { doc: doc(attributes), ..Self::default() };
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| facts.serde(&meta))?;
            } else if attribute.path().is_ident("schema") {
                attribute.parse_nested_meta(|meta| facts.schema(&meta))?;
            }
        }
        match facts.foreign {
            Some((name, span)) if facts.json.is_none() && !facts.skip => Err(syn::Error::new(
                span,
                format!(
                    "`{name}` hides what the JSON looks like; say it with `#[schema(json = \"…\")]`"
                ),
            )),
            _ => Ok(facts),
        }
    }

    fn serde(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" => self.rename = Some(same(meta)?.value()),
            "rename_all" => self.rename_all = case(meta)?,
            "rename_all_fields" => self.rename_all_fields = case(meta)?,
            "default" => {
                self.default = true;
                skip_value(meta)?;
            }
            "skip" => self.skip = true,
            // In one direction it is there, in the other it is not.
            "skip_serializing" | "skip_deserializing" => self.default = true,
            "transparent" => self.transparent = true,
            "untagged" => self.untagged = true,
            "tag" => self.tag = Some(same(meta)?.value()),
            "deny_unknown_fields" => self.deny_unknown_fields = true,
            "content" | "flatten" => {
                skip_value(meta)?;
                let word = if name == "content" { "content" } else { "flatten" };
                self.foreign = Some((word, span(meta)));
            }
            other => {
                skip_value(meta)?;
                if let Some(foreign) = FOREIGN.iter().find(|known| **known == other) {
                    self.foreign = Some((foreign, span(meta)));
                } else if !SILENT.contains(&other) {
                    return Err(meta.error("the schema cannot be made past this attribute"));
                }
            }
        }
        Ok(())
    }

    fn schema(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if !meta.path.is_ident("json") {
            return Err(meta.error("`json = \"…\"` is known here"));
        }
        let text: LitStr = meta.value()?.parse()?;
        let problem = |problem: String| syn::Error::new(text.span(), problem);
        match serde_json::from_str::<Value>(&text.value()) {
            Ok(Value::Object(object)) if object.is_empty() => {
                Err(problem("a schema with at least one member is wanted".into()))
            }
            Ok(Value::Object(object)) => {
                if self.doc.is_some() && object.contains_key("description") {
                    let words = "the doc comment is the description already";
                    return Err(problem(words.into()));
                }
                self.json = Some(Value::Object(object));
                Ok(())
            }
            Ok(_) => Err(problem("a JSON object is wanted".into())),
            Err(error) => Err(problem(error.to_string())),
        }
    }
}

fn span(meta: &ParseNestedMeta<'_>) -> proc_macro2::Span {
    syn::spanned::Spanned::span(&meta.path)
}

/// The value of `key = "text"`; serde's two directions under one name only.
fn same(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    if meta.input.peek(Token![=]) {
        return meta.value()?.parse();
    }
    Err(meta.error("one name for both directions is wanted: `= \"…\"`"))
}

fn case(meta: &ParseNestedMeta<'_>) -> syn::Result<Case> {
    let text = same(meta)?;
    Ok(match text.value().as_str() {
        "lowercase" => Case::Lower,
        "UPPERCASE" => Case::Upper,
        "PascalCase" => Case::Pascal,
        "camelCase" => Case::Camel,
        "snake_case" => Case::Snake,
        "SCREAMING_SNAKE_CASE" => Case::ScreamingSnake,
        "kebab-case" => Case::Kebab,
        "SCREAMING-KEBAB-CASE" => Case::ScreamingKebab,
        _ => return Err(syn::Error::new(text.span(), "no case that serde knows")),
    })
}

/// Passes over `= …` or `(…)`.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        let _: Expr = meta.value()?.parse()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inner;
        syn::parenthesized!(inner in meta.input);
        let _: proc_macro2::TokenStream = inner.parse()?;
    }
    Ok(())
}

impl Case {
    /// The name of a field, which is written in snake case.
    pub(super) fn field(self, name: &str) -> String {
        let pascal = || name.split('_').map(capital).collect::<String>();
        match self {
            Self::AsIs | Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_uppercase(),
            Self::Pascal => pascal(),
            Self::Camel => small(&pascal()),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_uppercase().replace('_', "-"),
        }
    }

    /// The name of a variant, which is written in Pascal case.
    pub(super) fn variant(self, name: &str) -> String {
        let snake = || {
            let mut snake = String::new();
            for (index, letter) in name.char_indices() {
                if index > 0 && letter.is_uppercase() {
                    snake.push('_');
                }
                snake.extend(letter.to_lowercase());
            }
            snake
        };
        match self {
            Self::AsIs | Self::Pascal => name.to_owned(),
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Camel => small(name),
            Self::Snake => snake(),
            Self::ScreamingSnake => snake().to_uppercase(),
            Self::Kebab => snake().replace('_', "-"),
            Self::ScreamingKebab => snake().to_uppercase().replace('_', "-"),
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn small(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The doc comment: lines of a paragraph joined with spaces, paragraphs kept apart.
pub(crate) fn doc(attributes: &[Attribute]) -> Option<String> {
    let mut paragraphs = vec![String::new()];
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { continue };
        for line in text.value().lines().map(str::trim).chain(text.value().is_empty().then_some(""))
        {
            match paragraphs.last_mut() {
                Some(last) if line.is_empty() && !last.is_empty() => {
                    paragraphs.push(String::new());
                }
                Some(last) => {
                    if !last.is_empty() {
                        last.push(' ');
                    }
                    last.push_str(line);
                }
                None => {}
            }
        }
    }
    let text = paragraphs.join("\n\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}
