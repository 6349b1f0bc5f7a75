//! How Codex is started.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::backend::Job;
use crate::coding::grant;
use crate::confine::{Access, FileRules, has_network};

/// How it is to work, whatever its user configured.
const OPTIONS: &[&str] =
    &["--json", "--skip-git-repo-check", "--ignore-user-config", "--ignore-rules"];

/// Places that its sandbox makes anew.
const MADE_ANEW: &[&str] = &["/proc", "/dev", "/sys"];

/// Settings of ours.
const SETTINGS: &[&str] = &[
    "approval_policy=\"never\"",
    "default_permissions=\"baton\"",
    "shell_environment_policy.inherit=\"core\"",
    "check_for_update_on_startup=false",
];

/// Features that lead out of the sandbox, or start agents that nobody counts.
const DISABLED: &[&str] = &["hooks", "multi_agent", "apps", "plugins"];

/// Everything that decides about its arguments.
pub(super) struct Given<'a> {
    pub job: &'a Job,
    /// Files that commands may touch.
    pub rules: &'a FileRules,
    /// Where its API is, if not where it usually is.
    pub base_url: Option<&'a str>,
    /// A file with the schema of its output.
    pub schema_file: Option<&'a Path>,
    /// The session to go on with.
    pub session: Option<&'a str>,
}

pub(super) fn arguments(given: &Given<'_>) -> Vec<String> {
    let Given { job, rules, base_url, schema_file, session } = given;
    let mut arguments = vec!["exec".to_owned()];
    if session.is_some() {
        arguments.push("resume".into());
    }
    arguments.extend(OPTIONS.iter().map(ToString::to_string));
    let network = has_network(&grant::authority(job));
    let mut settings: Vec<String> = SETTINGS.iter().map(ToString::to_string).collect();
    settings.push(format!("permissions.baton.filesystem={}", profile(rules)));
    settings.push(format!("permissions.baton.network.enabled={network}"));
    settings.push(format!("web_search=\"{}\"", if network { "live" } else { "disabled" }));
    if let Some(effort) = &job.spec.options.effort {
        settings.push(format!("model_reasoning_effort={}", Value::from(effort.as_str())));
    }
    if let Some(url) = base_url {
        let url = Value::from(*url);
        settings.push("model_provider=\"baton\"".into());
        settings.push(format!(
            "model_providers.baton={{name=\"baton\",base_url={url},env_key=\"OPENAI_API_KEY\",wire_api=\"responses\"}}"
        ));
    }
    for setting in settings {
        arguments.extend(["-c".into(), setting]);
    }
    for feature in DISABLED {
        arguments.extend(["--disable".into(), (*feature).to_owned()]);
    }
    if let Some(model) = &job.spec.options.model {
        arguments.push(format!("--model={model}"));
    }
    if let Some(file) = schema_file {
        arguments.push(format!("--output-schema={}", file.display()));
    }
    // What follows could be taken for an option otherwise.
    arguments.push("--".into());
    arguments.extend(session.map(ToOwned::to_owned));
    // The task comes over standard input.
    arguments.push("-".into());
    arguments
}

/// The rules as a table of its settings, without links: what is not there, or said already by a
/// directory above, cannot be named in it.
fn profile(rules: &FileRules) -> String {
    let of_root = rules
        .root
        .iter()
        .flat_map(|root| root.parts.iter().map(|part| (root.path.join(&part.path), part.access)));
    let others = rules.paths.iter().map(|rule| (rule.path.clone(), rule.access));
    let mut table: BTreeMap<PathBuf, Access> = BTreeMap::new();
    for (path, access) in others.chain(of_root) {
        let Ok(path) = path.canonicalize() else { continue };
        if !MADE_ANEW.iter().any(|place| path.starts_with(place)) {
            let known = table.entry(path).or_insert(access);
            *known = (*known).max(access);
        }
    }
    let is_said = |(path, access): &(&PathBuf, &Access)| {
        let above = path.ancestors().skip(1).find_map(|above| table.get(above));
        above.is_some_and(|above| above >= *access)
    };
    let entries = table.iter().filter(|entry| !is_said(entry)).filter_map(|(path, access)| {
        let access = if *access == Access::Write { "write" } else { "read" };
        Some(format!("{}=\"{access}\"", Value::from(path.to_str()?)))
    });
    let all: Vec<String> = std::iter::once("\":minimal\"=\"read\"".into()).chain(entries).collect();
    format!("{{{}}}", all.join(","))
}

/// Whether the vendor takes a schema as it is: every object in it names all its fields, requires
/// them, and allows no others. Others are described to the agent in words.
pub(super) fn is_strict(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object") && parts_are_strict(schema)
}

fn parts_are_strict(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().all(parts_are_strict),
        Value::Object(fields) => {
            let is_object = fields.get("type").is_some_and(|kind| {
                kind == "object"
                    || kind.as_array().is_some_and(|kinds| kinds.contains(&"object".into()))
            });
            (!is_object || object_is_strict(schema)) && fields.values().all(parts_are_strict)
        }
        _ => true,
    }
}

fn object_is_strict(schema: &Value) -> bool {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return false;
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &String| required.is_some_and(|names| names.contains(&name.as_str().into()));
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.keys().all(is_required)
}
