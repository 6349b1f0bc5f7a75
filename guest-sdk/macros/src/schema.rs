//! `#[derive(Schema)]`: from a type to the pieces of its JSON Schema.

mod attributes;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::{Value, json};
use syn::spanned::Spanned;
use syn::{
    Data, DataEnum, DeriveInput, Fields, FieldsNamed, GenericArgument, GenericParam, PathArguments,
    Type, Variant, parse_quote,
};

pub(crate) use self::attributes::doc;
use self::attributes::{Case, Facts};

/// Pieces of JSON text, in order.
#[derive(Default)]
struct Text(Vec<Piece>);

enum Piece {
    Text(String),
    /// The members of the schema of a type, its description among them or not.
    Of(Box<Type>, bool),
}

impl Text {
    fn text(&mut self, text: &str) -> &mut Self {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
        self
    }

    fn json(&mut self, value: &Value) -> &mut Self {
        self.text(&value.to_string())
    }

    fn of(&mut self, kind: &Type, about: bool) -> &mut Self {
        self.0.push(Piece::Of(Box::new(kind.clone()), about));
        self
    }
}

impl ToTokens for Text {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for piece in &self.0 {
            tokens.extend(match piece {
                Piece::Text(text) => quote!(::baton_guest::schema::Part::Text(#text),),
                Piece::Of(kind, about) => {
                    let about = about.then(|| {
                        quote!(::baton_guest::schema::Part::Text(
                            <#kind as ::baton_guest::Schema>::ABOUT
                        ),)
                    });
                    quote!(#about ::baton_guest::schema::Part::Parts(
                        <#kind as ::baton_guest::Schema>::BODY
                    ),)
                }
            });
        }
    }
}

/// The implementation of the trait.
pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let facts = Facts::of(&input.attrs)?;
    let mut body = Text::default();
    if let Some(stated) = &facts.json {
        members(&mut body, stated);
    } else {
        match &input.data {
            Data::Struct(data) => structure(&mut body, &data.fields, &facts, None)?,
            Data::Enum(data) => enumeration(&mut body, data, &facts)?,
            Data::Union(data) => {
                return Err(syn::Error::new(data.union_token.span, "a union has no JSON"));
            }
        }
    }
    let about = about(&facts);
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(::baton_guest::Schema));
        }
    }
    let (header, arguments, bounds) = generics.split_for_impl();
    let name = &input.ident;
    Ok(quote! {
        impl #header ::baton_guest::Schema for #name #arguments #bounds {
            const BODY: &'static [::baton_guest::schema::Part] = &[#body];
            const ABOUT: &'static str = #about;
        }
    })
}

/// The description as a member with a comma behind it.
fn about(facts: &Facts) -> String {
    match &facts.doc {
        Some(doc) => format!(r#""description":{},"#, json!(doc)),
        None => String::new(),
    }
}

/// A stated schema without its braces. `Facts` has made sure that it is an object with members.
fn members(body: &mut Text, stated: &Value) {
    let text = stated.to_string();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    body.text(inner.unwrap_or_default());
}

/// What values of a struct, or of a variant's fields, look like. `tag` is a first member with the
/// name of the variant.
fn structure(
    body: &mut Text,
    fields: &Fields,
    facts: &Facts,
    tag: Option<(&str, &str)>,
) -> syn::Result<()> {
    match fields {
        Fields::Named(named) if facts.transparent => {
            let mut fields = named.named.iter();
            match (fields.next(), fields.next()) {
                (Some(field), None) => drop(body.of(&field.ty, false)),
                _ => return Err(syn::Error::new(named.span(), "more than one field is left")),
            }
        }
        Fields::Named(named) => object(body, Some(named), facts, tag)?,
        Fields::Unit if tag.is_some() => object(body, None, facts, tag)?,
        Fields::Unit => drop(body.text(r#""type":"null""#)),
        Fields::Unnamed(unnamed) => match (unnamed.unnamed.first(), unnamed.unnamed.len(), tag) {
            (Some(field), 1, None) => drop(body.of(&field.ty, false)),
            _ => {
                return Err(syn::Error::new(
                    unnamed.span(),
                    "give the fields names, or state the schema with `#[schema(json = \"…\")]`",
                ));
            }
        },
    }
    Ok(())
}

fn object(
    body: &mut Text,
    fields: Option<&FieldsNamed>,
    facts: &Facts,
    tag: Option<(&str, &str)>,
) -> syn::Result<()> {
    let mut required = Vec::new();
    let mut first = true;
    body.text(r#""type":"object","properties":{"#);
    if let Some((key, name)) = tag {
        body.json(&json!(key)).text(":").json(&json!({ "const": name }));
        required.push(key.to_owned());
        first = false;
    }
    for field in fields.into_iter().flat_map(|fields| &fields.named) {
        let own = Facts::of(&field.attrs)?;
        if own.skip {
            continue;
        }
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let plain = ident.strip_prefix("r#").unwrap_or(&ident).to_owned();
        let name = own.rename.clone().unwrap_or_else(|| facts.rename_all.field(&plain));
        if !std::mem::take(&mut first) {
            body.text(",");
        }
        body.json(&json!(name)).text(":{");
        let about = about(&own);
        body.text(&about);
        match &own.json {
            Some(stated) => members(body, stated),
            None => drop(body.of(&field.ty, about.is_empty())),
        }
        body.text("}");
        if !own.default && !facts.default && !is_option(&field.ty) {
            required.push(name);
        }
    }
    body.text("}");
    if !required.is_empty() {
        body.text(r#","required":"#).json(&json!(required));
    }
    if facts.deny_unknown_fields {
        body.text(r#","additionalProperties":false"#);
    }
    Ok(())
}

/// As serde sees it: by its last name.
fn is_option(kind: &Type) -> bool {
    let Type::Path(path) = kind else { return false };
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Option"
            && matches!(&last.arguments, PathArguments::AngleBracketed(list)
                if matches!(list.args.first(), Some(GenericArgument::Type(_))))
    })
}

fn enumeration(body: &mut Text, data: &DataEnum, facts: &Facts) -> syn::Result<()> {
    let mut variants = Vec::new();
    for variant in &data.variants {
        let own = Facts::of(&variant.attrs)?;
        if !own.skip {
            let name = variant.ident.to_string();
            let name = own.rename.clone().unwrap_or_else(|| facts.rename_all.variant(&name));
            variants.push((variant, own, name));
        }
    }
    let units = variants.iter().all(|(variant, ..)| matches!(variant.fields, Fields::Unit));
    let plain = facts.tag.is_none() && !facts.untagged;
    if units && plain && variants.iter().all(|(_, own, _)| own.doc.is_none()) {
        let names: Vec<_> = variants.iter().map(|(.., name)| name).collect();
        body.text(r#""type":"string","enum":"#).json(&json!(names));
        return Ok(());
    }
    body.text(if facts.untagged { r#""anyOf":["# } else { r#""oneOf":["# });
    for (index, (variant, own, name)) in variants.iter().enumerate() {
        if index > 0 {
            body.text(",");
        }
        body.text("{");
        body.text(&about(own));
        one_variant(body, variant, own, name, facts)?;
        body.text("}");
    }
    body.text("]");
    Ok(())
}

fn one_variant(
    body: &mut Text,
    variant: &Variant,
    own: &Facts,
    name: &str,
    facts: &Facts,
) -> syn::Result<()> {
    if let Some(stated) = &own.json {
        members(body, stated);
        return Ok(());
    }
    let mut inner = own.clone();
    if inner.rename_all == Case::AsIs {
        inner.rename_all = facts.rename_all_fields;
    }
    inner.deny_unknown_fields |= facts.deny_unknown_fields;
    match (&facts.tag, facts.untagged, &variant.fields) {
        (Some(tag), ..) => structure(body, &variant.fields, &inner, Some((tag, name))),
        (None, true, fields) => structure(body, fields, &inner, None),
        (None, false, Fields::Unit) => {
            body.text(r#""const":"#).json(&json!(name));
            Ok(())
        }
        (None, false, fields) => {
            body.text(r#""type":"object","properties":{"#).json(&json!(name)).text(":{");
            structure(body, fields, &inner, None)?;
            body.text(r#"}},"additionalProperties":false,"required":"#).json(&json!([name]));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
