//! Names of tools as agent definitions write them.

use baton_core::manifest::AgentType;
use baton_core::scope::name_matches;

/// Whether a definition lets an agent use a built-in tool, by any of its names. What it may not use is
/// taken away first, then only what it names is left; a definition that names nothing leaves all.
///
/// An entry with something in parentheses, such as `Read(docs/**)`, names a part of a tool. Parts of
/// built-in tools cannot be told apart, so it neither gives the tool nor takes it away.
pub(super) fn allows(definition: Option<&AgentType>, names: &[&str]) -> bool {
    let Some(definition) = definition else { return true };
    let named = |entries: &[String]| {
        let matches = |entry: &String| names.iter().any(|name| name_matches(entry, name));
        entries.iter().any(matches)
    };
    !named(&definition.disallowed_tools) && definition.tools.as_deref().is_none_or(named)
}
