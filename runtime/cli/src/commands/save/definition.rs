//! Agent types as files.

use baton_core::manifest::AgentType;

use crate::project::agents;

/// The definition of an agent type; none if no definition says the same.
pub fn text(name: &str, agent_type: &AgentType) -> Option<String> {
    let AgentType { description, system, model, effort, isolation, tools, max_turns, .. } =
        agent_type;
    let mut out = String::from("---\n");
    let mut field = |name: &str, value: String| out.push_str(&format!("{name}: {value}\n"));
    field("name", quoted(name)?);
    field("description", quoted(description)?);
    if let Some(tools) = tools {
        field("tools", list(&foreign(tools))?);
    }
    if !agent_type.disallowed_tools.is_empty() {
        field("disallowedTools", list(&foreign(&agent_type.disallowed_tools))?);
    }
    for (name, value) in [("model", model), ("effort", effort), ("isolation", isolation)] {
        if let Some(value) = value {
            field(name, quoted(value)?);
        }
    }
    if let Some(turns) = max_turns {
        field("maxTurns", turns.to_string());
    }
    if !agent_type.skills.is_empty() {
        field("skills", list(&agent_type.skills)?);
    }
    out.push_str("---\n\n");
    if let Some(system) = system {
        out.push_str(system);
        out.push('\n');
    }
    (agents::read_text(&out)? == (name.to_owned(), agent_type.clone())).then_some(out)
}

/// Names as a definition has them: what a name is called here follows from it when it is read.
fn foreign(names: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        let follows = kept.last().is_some_and(|last| {
            (last == "Bash" && name == baton_core::tool::EXEC)
                || (last.starts_with("mcp__") && name.contains('/'))
        });
        if !follows {
            kept.push(name.clone());
        }
    }
    kept
}

fn list(names: &[String]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect::<Option<_>>()?;
    Some(format!("[{}]", names.join(", ")))
}

/// A text in double quotes, as JSON writes it: YAML reads it so.
fn quoted(text: &str) -> Option<String> {
    serde_json::to_string(text).ok()
}
