//! Go, C, C++ and Java.

use super::Kind;
use super::recognise::{Found, Line};
use super::words::{keyword, last_word, past, past_group, word};

/// Words before brackets that are no names of functions.
const STATEMENTS: &[&str] = &[
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "sizeof",
    "do",
    "else",
    "case",
    "using",
    "typedef",
    "new",
    "throw",
    "try",
    "synchronized",
    "assert",
    "delete",
    "defined",
    "super",
    "this",
];

pub fn go(line: &Line<'_>) -> Found {
    if !line.at_edge {
        return None;
    }
    let (found, after) = word(line.code)?;
    let after = after.trim_start();
    match found {
        "func" if after.starts_with('(') => {
            let rest = past_group(after, '(', ')');
            let receiver = after.get(..after.len() - rest.len())?.trim_matches(['(', ')']);
            let receiver = receiver.split('[').next().unwrap_or_default();
            let (name, _) = word(rest.trim_start())?;
            Some((Kind::Method, format!("{}.{name}", last_word(receiver)?)))
        }
        "func" => word(after).map(|(name, _)| (Kind::Function, name.to_owned())),
        "type" => {
            let (name, rest) = word(after)?;
            let rest = rest.trim_start();
            let rest = if rest.starts_with('[') { past_group(rest, '[', ']') } else { rest };
            let kind = match word(rest.trim_start()).map(|(found, _)| found) {
                Some("struct") => Kind::Struct,
                Some("interface") => Kind::Interface,
                _ => Kind::Type,
            };
            Some((kind, name.to_owned()))
        }
        "const" | "var" => word(after).map(|(name, _)| (Kind::Constant, name.to_owned())),
        "package" => word(after).map(|(name, _)| (Kind::Module, name.to_owned())),
        _ => None,
    }
}

pub fn c(line: &Line<'_>) -> Found {
    if let Some(directive) = line.code.strip_prefix('#') {
        let after = keyword(directive.trim_start(), "define")?;
        return word(after).map(|(name, _)| (Kind::Macro, name.to_owned()));
    }
    let mut code = line.code;
    if let Some(after) = keyword(code, "template") {
        code = past_group(after, '<', '>').trim_start();
    }
    let rest = past(code, &["typedef", "static", "inline", "const", "export"]);
    let (found, after) = word(rest)?;
    let after = after.trim_start();
    let block = match found {
        "struct" => Some(Kind::Struct),
        "class" => Some(Kind::Class),
        "union" => Some(Kind::Union),
        "enum" => Some(Kind::Enum),
        "namespace" => Some(Kind::Module),
        _ => None,
    };
    if let Some(kind) = block {
        let after = keyword(after, "class").unwrap_or(after);
        let (name, rest) = word(after)?;
        let rest = rest.trim_start();
        if rest.is_empty() || (rest.starts_with(['{', ':']) && !code.ends_with(';')) {
            return Some((kind, name.to_owned()));
        }
    }
    if code.starts_with("typedef") && code.ends_with(';') && !code.contains('(') {
        let name = last_word(code.trim_end_matches(';').split('[').next()?)?;
        return Some((Kind::Type, name.to_owned()));
    }
    let in_class = matches!(line.parent, Some((Kind::Class | Kind::Struct, _)));
    let in_space = matches!(line.parent, None | Some((Kind::Module, _)));
    if !(in_class || in_space && (line.at_edge || line.parent.is_some())) {
        return None;
    }
    let name = function(code)?;
    let ends = code.ends_with(['{', ')', '}', ',', '(']) || code.ends_with("const");
    let kind = if in_class || name.contains("::") { Kind::Method } else { Kind::Function };
    ends.then_some((kind, name))
}

/// The name before the first bracket of a definition with a type before it, or with a class.
fn function(code: &str) -> Option<String> {
    let (before, _) = code.split_once('(')?;
    if before.contains(['=', '.', '"', ';', '{']) || before.contains("->") {
        return None;
    }
    if STATEMENTS.contains(&word(before)?.0) {
        return None;
    }
    let start = before
        .trim_end()
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | ':' | '~'))
        .last()?
        .0;
    let (kind, name) = before.split_at_checked(start)?;
    let name = name.trim();
    let typed = !kind.trim().is_empty() || name.contains("::");
    (typed && !STATEMENTS.contains(&name)).then(|| name.to_owned())
}

/// Words before a declaration.
const JAVA_MODIFIERS: &[&str] = &[
    "public",
    "private",
    "protected",
    "static",
    "final",
    "abstract",
    "sealed",
    "default",
    "native",
    "synchronized",
    "strictfp",
    "transient",
    "volatile",
];

pub fn java(line: &Line<'_>) -> Found {
    let mut rest = line.code;
    while let Some(annotation) =
        rest.strip_prefix('@').filter(|rest| !rest.starts_with("interface"))
    {
        let (_, after) = word(annotation)?;
        let after = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '.');
        rest = if after.starts_with('(') { past_group(after, '(', ')') } else { after };
        rest = rest.trim_start();
    }
    let rest = past(rest.trim_start_matches("non-sealed "), JAVA_MODIFIERS);
    let (found, after) = word(rest.trim_start_matches('@')).unwrap_or_default();
    let kind = match found {
        "class" => Some(Kind::Class),
        "interface" => Some(Kind::Interface),
        "enum" => Some(Kind::Enum),
        "record" if after.contains('(') => Some(Kind::Struct),
        "package" => Some(Kind::Module),
        _ => None,
    };
    if let Some(kind) = kind.filter(|_| after.starts_with(' ')) {
        let name: String = after
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))
            .collect();
        return (!name.is_empty()).then_some((kind, name));
    }
    let (Kind::Class | Kind::Interface | Kind::Enum | Kind::Struct, owner) = line.parent? else {
        return None;
    };
    let rest = if rest.starts_with('<') { past_group(rest, '<', '>').trim_start() } else { rest };
    let ends = rest.ends_with(['{', ';', ',', '(', '}', ')']);
    if word(rest).is_some_and(|(name, after)| name == owner && after.starts_with('(')) {
        return Some((Kind::Method, owner.to_owned()));
    }
    function(rest).filter(|_| ends).map(|name| (Kind::Method, name))
}
