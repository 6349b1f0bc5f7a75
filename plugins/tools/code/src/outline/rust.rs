//! Rust.

use super::Kind;
use super::recognise::{Found, Line};
use super::words::{keyword, past_group, word};

pub fn recognise(line: &Line<'_>) -> Found {
    let mut rest = line.code;
    while rest.starts_with("#[") {
        rest = past_group(rest, '[', ']').trim_start();
    }
    if let Some(after) = rest.strip_prefix("macro_rules!") {
        return named(Kind::Macro, after.trim_start());
    }
    loop {
        let (found, after) = word(rest)?;
        let after = after.trim_start();
        let is_modifier = match found {
            "pub" => {
                rest = if after.starts_with('(') { past_group(after, '(', ')') } else { after };
                rest = rest.trim_start();
                continue;
            }
            "extern" => {
                rest = after.trim_start_matches('"').trim_start();
                continue;
            }
            "async" | "unsafe" | "default" | "auto" => true,
            "const" => ["fn", "async", "unsafe", "extern"]
                .iter()
                .any(|next| keyword(after, next).is_some()),
            _ => false,
        };
        if is_modifier {
            rest = after;
            continue;
        }
        let in_type = matches!(line.parent, Some((Kind::Impl | Kind::Trait, _))) && found == "fn";
        return match found {
            "fn" if in_type => named(Kind::Method, after),
            "fn" => named(Kind::Function, after),
            "struct" => named(Kind::Struct, after),
            "enum" => named(Kind::Enum, after),
            "union" if after.contains('{') => named(Kind::Union, after),
            "trait" => named(Kind::Trait, after),
            "mod" => named(Kind::Module, after),
            "type" => named(Kind::Type, after),
            "static" => named(Kind::Constant, keyword(after, "mut").unwrap_or(after)),
            "const" => named(Kind::Constant, after),
            "macro" => named(Kind::Macro, after),
            "impl" => Some((Kind::Impl, implementation(after))),
            _ => None,
        };
    }
}

/// `Trait for Type`, without what follows.
fn implementation(text: &str) -> String {
    let text = if text.starts_with('<') { past_group(text, '<', '>') } else { text };
    let end = text.find('{').unwrap_or(text.len());
    let text = text.get(..end).unwrap_or_default();
    let text = text.split(" where ").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(kind: Kind, text: &str) -> Found {
    // `const _: () = …` has no name.
    let text = text.strip_prefix("r#").unwrap_or(text);
    word(text).filter(|(name, _)| *name != "_").map(|(name, _)| (kind, name.to_owned()))
}
