//! The list in the attribute's parentheses: `key`, `key = value` and `key(list)`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, Lit, LitStr, Token, parenthesized, token};

/// What one list of arguments says.
pub(crate) struct Arguments {
    pub(crate) span: Span,
    pub(crate) items: Vec<Argument>,
}

/// One entry.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

/// What an entry says.
pub(crate) enum Value {
    /// `key`
    Flag,
    /// `key = value`
    Literal(Lit),
    /// `key("a", "b")`
    Texts(Vec<LitStr>),
    /// `key(other = value, …)`
    Arguments(Arguments),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let items: Punctuated<Argument, Token![,]> = Punctuated::parse_terminated(input)?;
        let items: Vec<_> = items.into_iter().collect();
        for (index, item) in items.iter().enumerate() {
            if items.iter().take(index).any(|earlier| earlier.key == item.key) {
                return Err(item.error("is given twice"));
            }
        }
        Ok(Self { span, items })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key: Ident = input.parse()?;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: Value::Literal(input.parse()?) });
        }
        if !input.peek(token::Paren) {
            return Ok(Self { key, value: Value::Flag });
        }
        let list;
        parenthesized!(list in input);
        let value = if list.peek(LitStr) {
            let texts: Punctuated<LitStr, Token![,]> = Punctuated::parse_terminated(&list)?;
            Value::Texts(texts.into_iter().collect())
        } else {
            Value::Arguments(list.parse()?)
        };
        Ok(Self { key, value })
    }
}

impl Argument {
    /// An error that points at this entry.
    pub(crate) fn error(&self, problem: &str) -> syn::Error {
        syn::Error::new(self.key.span(), format!("`{}` {problem}", self.key))
    }

    /// The value of `key = "text"`.
    pub(crate) fn text(&self) -> syn::Result<&LitStr> {
        match &self.value {
            Value::Literal(Lit::Str(text)) => Ok(text),
            _ => Err(self.error("takes a text: `= \"…\"`")),
        }
    }

    /// The value of `key = 12`.
    pub(crate) fn integer(&self) -> syn::Result<u64> {
        match &self.value {
            Value::Literal(Lit::Int(number)) => number.base10_parse(),
            _ => Err(self.error("takes a whole number: `= 100`")),
        }
    }

    /// The value of `key = 1.5` or `key = 2`.
    pub(crate) fn number(&self) -> syn::Result<f64> {
        let number: f64 = match &self.value {
            Value::Literal(Lit::Int(number)) => number.base10_parse()?,
            Value::Literal(Lit::Float(number)) => number.base10_parse()?,
            _ => return Err(self.error("takes a number: `= 2.5`")),
        };
        if number.is_finite() { Ok(number) } else { Err(self.error("is too large")) }
    }

    /// The values of `key("a", "b")`.
    pub(crate) fn texts(&self) -> syn::Result<Vec<String>> {
        match &self.value {
            Value::Texts(texts) => Ok(texts.iter().map(LitStr::value).collect()),
            _ => Err(self.error("takes a list of texts: `(\"…\", \"…\")`")),
        }
    }

    /// The values of `key("a", "b")`, or none of them for `key()`.
    pub(crate) fn texts_or_none(&self) -> syn::Result<Vec<String>> {
        match &self.value {
            Value::Arguments(none) if none.items.is_empty() => Ok(Vec::new()),
            _ => self.texts(),
        }
    }

    /// The entries of `key(other = value, …)`.
    pub(crate) fn arguments(&self) -> syn::Result<&Arguments> {
        match &self.value {
            Value::Arguments(arguments) => Ok(arguments),
            _ => Err(self.error("takes a list of `name = value` in parentheses")),
        }
    }

    /// Nothing, for a key that stands by itself.
    pub(crate) fn flag(&self) -> syn::Result<()> {
        match self.value {
            Value::Flag => Ok(()),
            _ => Err(self.error("stands by itself, without a value")),
        }
    }
}
