//! JavaScript, TypeScript and Python.

use super::Kind;
use super::recognise::{Found, Line};
use super::words::{keyword, past, word};

/// Words before a declaration.
const MODIFIERS: &[&str] = &["export", "default", "declare", "abstract", "async"];
/// Words before a member of a class.
const MEMBER_MODIFIERS: &[&str] = &[
    "public",
    "private",
    "protected",
    "static",
    "readonly",
    "override",
    "abstract",
    "async",
    "get",
    "set",
];
/// Words before brackets that are no names.
const STATEMENTS: &[&str] = &[
    "if", "for", "while", "switch", "catch", "return", "function", "with", "super", "await", "new",
    "throw", "typeof", "else", "do", "case",
];

pub fn javascript(line: &Line<'_>) -> Found {
    if let Some((Kind::Class, _)) = line.parent {
        return member(line.code);
    }
    let rest = past(line.code, MODIFIERS);
    let (found, after) = word(rest)?;
    let spaced = after.starts_with([' ', '*']);
    let after = after.trim_start();
    let named = |kind| word(after).map(|(name, _)| (kind, name.to_owned()));
    match found {
        "function" => word(after.trim_start_matches(['*', ' ']))
            .map(|(name, _)| (Kind::Function, name.to_owned())),
        "class" if spaced => named(Kind::Class),
        "interface" if spaced => named(Kind::Interface),
        "enum" if spaced => named(Kind::Enum),
        "namespace" | "module" if spaced => named(Kind::Module),
        "type" if spaced && after.contains(['=', '<']) => named(Kind::Type),
        "const" if keyword(after, "enum").is_some() => {
            word(keyword(after, "enum")?).map(|(name, _)| (Kind::Enum, name.to_owned()))
        }
        "const" | "let" | "var" if spaced && line.at_edge => {
            let (name, value) = word(after)?;
            let is_function = value.contains("=>")
                || value.contains("= function")
                || value.contains("= async function");
            let kind = if is_function { Kind::Function } else { Kind::Constant };
            Some((kind, name.to_owned()))
        }
        _ => None,
    }
}

fn member(code: &str) -> Found {
    let rest = past(code, MEMBER_MODIFIERS).trim_start_matches(['*', '#']);
    let (name, after) = word(rest)?;
    if STATEMENTS.contains(&name) {
        return None;
    }
    let is_function = after.starts_with(['(', '<']) && !code.ends_with(");")
        || (after.trim_start().starts_with('=') && after.contains("=>"));
    is_function.then(|| (Kind::Method, name.to_owned()))
}

pub fn python(line: &Line<'_>) -> Found {
    let rest = keyword(line.code, "async").unwrap_or(line.code);
    if let Some(after) = keyword(rest, "def") {
        let in_class = matches!(line.parent, Some((Kind::Class, _)));
        let kind = if in_class { Kind::Method } else { Kind::Function };
        return word(after).map(|(name, _)| (kind, name.to_owned()));
    }
    if let Some(after) = keyword(rest, "class") {
        return word(after).map(|(name, _)| (Kind::Class, name.to_owned()));
    }
    let (name, after) = word(line.code)?;
    let after = after.trim_start();
    let is_set = (after.starts_with('=') && !after.starts_with("==")) || after.starts_with(':');
    let is_constant = line.at_edge
        && is_set
        && name.chars().any(char::is_uppercase)
        && !name.chars().any(char::is_lowercase);
    is_constant.then(|| (Kind::Constant, name.to_owned()))
}
