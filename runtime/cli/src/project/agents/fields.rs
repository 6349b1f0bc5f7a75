//! Fields of agent definitions that need words of their own: effort, isolation, turns, servers,
//! permissions, and the names of tools.

use super::super::front_matter::Value;
use super::READ_ONLY;

/// The tools that a definition leaves to its agent where it names only servers beside them.
const INHERITED: [&str; 12] = [
    "Bash",
    "Edit",
    "Glob",
    "Grep",
    "LS",
    "MultiEdit",
    "NotebookEdit",
    "Read",
    "Skill",
    "WebFetch",
    "WebSearch",
    "Write",
];
/// The name of a tool that runs commands, elsewhere.
const BASH: &str = "Bash";
/// The only isolation there is.
const WORKTREE: &str = "worktree";
/// The words for reasoning effort.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
/// Fields that a workflow has no use for, and that harm nobody by being there.
const DISPLAY_FIELDS: [&str; 4] = ["background", "color", "initialPrompt", "version"];
/// Fields that mean something elsewhere and nothing here.
const UNSUPPORTED_FIELDS: [&str; 2] = ["hooks", "memory"];
/// Fields that are obeyed.
const USED_FIELDS: [&str; 11] = [
    "name",
    "description",
    "tools",
    "disallowedTools",
    "model",
    "effort",
    "isolation",
    "maxTurns",
    "skills",
    "mcpServers",
    "permissionMode",
];

/// The word for reasoning effort, if it is one.
pub fn effort(word: Option<String>, notes: &mut Vec<String>) -> Option<String> {
    let word = word?;
    if EFFORTS.contains(&word.as_str()) {
        return Some(word);
    }
    notes.push(format!("`effort: {word}` is none of {}", EFFORTS.join(", ")));
    None
}

/// The isolation that it asks for, if there is one of that name.
pub fn isolation(value: Option<&Value>, notes: &mut Vec<String>) -> Option<String> {
    match value? {
        Value::Empty => {}
        Value::Text(text) if text.trim() == WORKTREE => return Some(WORKTREE.to_owned()),
        Value::Text(text) => notes
            .push(format!("`isolation: {}` has no effect: it is not `{WORKTREE}`", text.trim())),
        Value::List(_) | Value::Other => {
            notes.push(format!("`isolation` has no effect: it is not `{WORKTREE}`"));
        }
    }
    None
}

/// What is said of a field that nobody obeys; none: it is obeyed, or only shown.
pub fn unused(field: &str) -> Option<String> {
    if UNSUPPORTED_FIELDS.contains(&field) {
        return Some(format!("`{field}` has no effect here"));
    }
    let known = USED_FIELDS.contains(&field) || DISPLAY_FIELDS.contains(&field);
    (!known).then(|| format!("`{field}` is not a known field"))
}

/// Answers of its model at the most.
pub fn turns(value: Option<&Value>, notes: &mut Vec<String>) -> Option<u32> {
    let text = match value? {
        Value::Text(text) => text.trim(),
        Value::Empty => return None,
        Value::List(_) | Value::Other => "",
    };
    let turns = text.parse::<u32>().ok().filter(|turns| *turns > 0);
    if turns.is_none() {
        notes.push("`maxTurns` has no effect: it is not a number from 1".into());
    }
    turns
}

/// Names of the servers whose tools an agent is given.
pub fn servers(value: Option<&Value>, of_plugin: bool, notes: &mut Vec<String>) -> Vec<String> {
    let names: Vec<String> = match value {
        None | Some(Value::Empty) => return Vec::new(),
        Some(Value::Text(text)) => text.split(',').map(|name| name.trim().to_owned()).collect(),
        Some(Value::List(names)) => names.iter().map(|name| name.trim().to_owned()).collect(),
        Some(Value::Other) => {
            notes.push(
                "`mcpServers` has no effect: servers are defined under [mcp.NAME] of the settings \
                 and named here"
                    .into(),
            );
            return Vec::new();
        }
    };
    if of_plugin {
        notes.push("`mcpServers` has no effect in a plugin".into());
        return Vec::new();
    }
    let usable = |name: &&String| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !name.is_empty() && name.bytes().all(fits)
    };
    for name in names.iter().filter(|name| !usable(name)) {
        notes.push(format!("`mcpServers: {name}` is no name of a server"));
    }
    names.iter().filter(usable).cloned().collect()
}

/// What a mode takes away. A definition narrows what policy grants and never widens it.
pub fn taken_by_mode(mode: &Value, of_plugin: bool, notes: &mut Vec<String>) -> Vec<String> {
    match mode {
        Value::Empty => Vec::new(),
        Value::Text(mode) if mode.trim() == "plan" && !of_plugin => {
            READ_ONLY.iter().copied().chain([BASH]).map(ToOwned::to_owned).collect()
        }
        _ => {
            notes
                .push("`permissionMode` has no effect here: policy says what agents may do".into());
            Vec::new()
        }
    }
}

/// The tools of a definition and of its servers, by their names elsewhere and here.
pub fn named_here(tools: Option<Vec<String>>, servers: &[String]) -> Option<Vec<String>> {
    let theirs = servers.iter().map(|server| format!("{server}/*"));
    match tools {
        Some(tools) => {
            let mut all = with_own_names(tools);
            all.extend(theirs.filter(|name| !all.contains(name)).collect::<Vec<_>>());
            Some(all)
        }
        None if servers.is_empty() => None,
        None => Some(INHERITED.iter().map(|name| (*name).to_owned()).chain(theirs).collect()),
    }
}

/// Entries, each followed by what it is called here, where that is something else: `mcp__a__b` is
/// `a/b`, and `Bash` is `exec`.
pub fn with_own_names(entries: Vec<String>) -> Vec<String> {
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let own = own_name(&entry);
        all.push(entry);
        all.extend(own);
    }
    all
}

fn own_name(entry: &str) -> Option<String> {
    if entry == BASH {
        return Some(baton_core::tool::EXEC.to_owned());
    }
    let rest = entry.strip_prefix("mcp__")?;
    Some(match rest.split_once("__") {
        Some((server, tool)) if !server.is_empty() && !tool.is_empty() => {
            format!("{server}/{tool}")
        }
        Some(_) => return None,
        None if rest == "*" => "*/*".into(),
        None => format!("{rest}/*"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_have_a_name_here_as_well() {
        for (entry, own) in [
            ("mcp__git__log", Some("git/log")),
            ("mcp__git", Some("git/*")),
            ("mcp__git__*", Some("git/*")),
            ("mcp__*", Some("*/*")),
            ("mcp__a__b__c", Some("a/b__c")),
            ("mcp____x", None),
            ("Bash", Some("exec")),
            ("Bash(git:*)", None),
            ("Read", None),
        ] {
            assert_eq!(own_name(entry).as_deref(), own, "{entry}");
        }
    }

    #[test]
    fn servers_bring_their_tools_and_take_none_away() {
        let servers = ["git".to_owned()];
        let named = named_here(Some(vec!["Read".into()]), &servers);
        assert_eq!(named, Some(vec!["Read".into(), "git/*".into()]));
        let all = named_here(None, &servers).unwrap_or_default();
        assert!(all.contains(&"Read".into()) && all.contains(&"git/*".into()), "{all:?}");
        assert!(!all.contains(&"exec".into()), "{all:?}");
        assert_eq!(named_here(None, &[]), None);
    }

    #[test]
    fn what_cannot_be_obeyed_is_noted() {
        let mut notes = Vec::new();
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(turns(Some(&text(" 12 ")), &mut notes), Some(12));
        assert_eq!(servers(Some(&text("a, b")), false, &mut notes), ["a", "b"]);
        assert_eq!(taken_by_mode(&Value::Empty, false, &mut notes), Vec::<String>::new());
        assert!(taken_by_mode(&text("plan"), false, &mut notes).contains(&"Bash".to_owned()));
        assert!(notes.is_empty(), "{notes:?}");
        for value in [text("0"), text("many"), Value::Other, Value::List(Vec::new())] {
            assert_eq!(turns(Some(&value), &mut notes), None);
        }
        assert_eq!(servers(Some(&Value::Other), false, &mut notes), Vec::<String>::new());
        assert_eq!(servers(Some(&text("a")), true, &mut notes), Vec::<String>::new());
        assert_eq!(servers(Some(&text("a b")), false, &mut notes), Vec::<String>::new());
        assert_eq!(taken_by_mode(&text("bypassPermissions"), false, &mut notes).len(), 0);
        assert_eq!(taken_by_mode(&text("plan"), true, &mut notes).len(), 0);
        assert_eq!(notes.len(), 9, "{notes:?}");
    }
}
