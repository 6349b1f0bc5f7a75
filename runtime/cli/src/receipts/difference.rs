//! What changed since something was always allowed.

use std::collections::BTreeMap;

use baton_core::digest::Digest;

use super::Receipt;

/// What is different now, a line each; never empty where the receipt does not hold any more.
#[must_use]
pub fn difference(then: &Receipt, now: &Receipt) -> Vec<String> {
    let mut lines = Vec::new();
    let (old, new) = (&then.program, &now.program);
    if old.component != new.component {
        let what = if old.script.is_some() { "script runner" } else { "component" };
        lines.push(changed(&format!("the workflow's {what}"), &old.component, &new.component));
    }
    match (&old.script, &new.script) {
        (Some(old), Some(new)) if old != new => lines.push(changed("the script", old, new)),
        (None, Some(_)) => lines.push("it is a script now".into()),
        (Some(_), None) => lines.push("it is no script any more".into()),
        _ => {}
    }
    if old.name != new.name {
        lines.push(format!("it calls itself `{}`, not `{}`", new.name, old.name));
    }
    maps(&mut lines, "the nested workflow", &old.workflows, &new.workflows);
    maps(&mut lines, "the nested script", &old.scripts, &new.scripts);
    maps(&mut lines, "the agent component", &old.agents, &new.agents);
    maps(&mut lines, "the tool component", &old.tools, &new.tools);
    let types = |program: &baton_core::record::Program| -> BTreeMap<String, Digest> {
        let types = program.agent_types.iter();
        types.map(|(name, agent_type)| (name.clone(), Digest::of_json(agent_type))).collect()
    };
    maps(&mut lines, "the agent type", &types(old), &types(new));
    let instructions = |program: &baton_core::record::Program| -> BTreeMap<String, Digest> {
        program.instructions.iter().cloned().collect()
    };
    maps(&mut lines, "the instructions", &instructions(old), &instructions(new));
    let skills = |program: &baton_core::record::Program| -> BTreeMap<String, Digest> {
        let skills = program.skills.iter();
        skills.map(|(name, skill)| (name.clone(), Digest::of_json(skill))).collect()
    };
    maps(&mut lines, "the skill", &skills(old), &skills(new));
    lists(&mut lines, "asked for now:", "no longer asked for:", &then.asks, &now.asks);
    lists(&mut lines, "allowed now:", "no longer allowed:", &then.may, &now.may);
    maps(&mut lines, "the definition of", &then.details, &now.details);
    if then.backends != now.backends {
        let words = |receipt: &Receipt| {
            let by_type = receipt.backends.by_type.iter().map(|(t, b)| format!("{t}={b}"));
            let default = receipt.backends.default.iter().map(|b| format!("{b} by default"));
            let all = receipt.backends.all.iter().cloned();
            let all: Vec<String> = all.chain(by_type).chain(default).collect();
            if all.is_empty() { "whom the program names".into() } else { all.join(", ") }
        };
        lines.push(format!("agents are performed by {}, not {}", words(now), words(then)));
    }
    if lines.is_empty() && !then.holds_for(now) {
        lines.push("what it may touch is defined in another way".into());
    }
    lines
}

fn changed(what: &str, old: &Digest, new: &Digest) -> String {
    format!("{what} changed: {} is now {}", old.short(), new.short())
}

fn maps(
    lines: &mut Vec<String>,
    what: &str,
    old: &BTreeMap<String, Digest>,
    new: &BTreeMap<String, Digest>,
) {
    for (name, digest) in new {
        match old.get(name) {
            Some(before) if before == digest => {}
            Some(before) => lines.push(changed(&format!("{what} {name}"), before, digest)),
            None => lines.push(format!("{what} {name} is new: {}", digest.short())),
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        lines.push(format!("{what} {name} is gone"));
    }
}

fn lists(lines: &mut Vec<String>, more: &str, less: &str, old: &[String], new: &[String]) {
    let added = new.iter().filter(|line| !old.contains(line));
    lines.extend(added.map(|line| format!("{more} {line}")));
    let gone = old.iter().filter(|line| !new.contains(line));
    lines.extend(gone.map(|line| format!("{less} {line}")));
}
