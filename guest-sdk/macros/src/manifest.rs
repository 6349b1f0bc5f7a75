//! From the arguments of the attribute to the JSON of the manifest.

mod requests;

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use serde_json::{Map, Value as Json, json};
use syn::LitStr;

use self::requests::requests;
use crate::arguments::{Argument, Arguments};

/// Largest manifest that the host reads, in bytes.
const BYTES_MAX: usize = 256 << 10;
/// Longest name in bytes.
const NAME_BYTES_MAX: usize = 64;

/// What can be said of a kind of agent.
const TYPE_KEYS: [&str; 10] = [
    "description",
    "backend",
    "model",
    "effort",
    "isolation",
    "max_turns",
    "system",
    "read",
    "tools",
    "skills",
];

/// Which world the function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    Workflow,
    Agent,
    Tool,
}

impl World {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Tool => "tool",
        }
    }

    /// Interfaces of the world, whose bindings the SDK has.
    pub(crate) fn interfaces(self) -> &'static [&'static str] {
        match self {
            Self::Workflow => &["types", "tasks", "files", "report", "budget", "tools"],
            Self::Agent => &["types", "files", "report", "tools", "toolbox"],
            Self::Tool => &["types"],
        }
    }

    /// Keys that its attribute knows.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Workflow => &[
                "name",
                "description",
                "phases",
                "read",
                "exclude",
                "agents",
                "workflows",
                "tools",
                "exec",
                "write",
                "http",
                "env",
                "secrets",
                "agent_types",
                "budget",
                "input_schema",
                "output_schema",
                "manifest",
            ],
            Self::Agent => &[
                "name",
                "description",
                "read",
                "exclude",
                "tools",
                "exec",
                "write",
                "http",
                "env",
                "secrets",
                "input_schema",
                "output_schema",
                "manifest",
            ],
            Self::Tool => {
                &["name", "description", "read", "exclude", "write", "http", "env", "secrets"]
            }
        }
    }
}

/// The manifest and the files it was made from.
#[derive(Debug)]
pub(crate) struct Built {
    /// JSON text of the custom section.
    pub(crate) text: String,
    /// Files whose change makes another manifest.
    pub(crate) files: Vec<PathBuf>,
}

/// Makes the manifest.
pub(crate) fn build(world: World, arguments: Arguments) -> syn::Result<Built> {
    let keys = world.keys();
    known(&arguments, keys)?;
    let mut files = Files::default();
    let (json, span) = match find(&arguments, "manifest") {
        Some(argument) => {
            if let Some(other) = arguments.items.iter().find(|item| item.key != "manifest") {
                return Err(other.error("stands beside `manifest`, which says everything"));
            }
            let path = argument.text()?;
            let mut json = files.json(path)?;
            let declared = json.get("world").and_then(Json::as_str).map(str::to_owned);
            match (declared, json.as_object_mut()) {
                (Some(declared), _) if declared != world.name() => {
                    let problem = format!("the manifest is for world `{declared}`");
                    return Err(syn::Error::new(path.span(), problem));
                }
                (_, Some(object)) => object.insert("world".into(), json!(world.name())),
                (_, None) => {
                    return Err(syn::Error::new(path.span(), "the manifest is no JSON object"));
                }
            };
            check_name(json.get("name").and_then(Json::as_str), path.span())?;
            (json, path.span())
        }
        None => (Json::Object(object(world, &arguments, &mut files)?), arguments.span),
    };
    let text = json.to_string();
    if text.len() > BYTES_MAX {
        let problem = format!("a manifest of {} bytes; the limit is {BYTES_MAX}", text.len());
        return Err(syn::Error::new(span, problem));
    }
    Ok(Built { text, files: files.read })
}

/// The members of the manifest that its attribute states.
pub(crate) fn object(
    world: World,
    arguments: &Arguments,
    files: &mut Files,
) -> syn::Result<Map<String, Json>> {
    let mut manifest = Map::new();
    let name = match find(arguments, "name") {
        Some(argument) => argument.text()?,
        None => return Err(syn::Error::new(arguments.span, "`name = \"…\"` is missing")),
    };
    check_name(Some(&name.value()), name.span())?;
    manifest.insert("name".into(), json!(name.value()));
    manifest.insert("world".into(), json!(world.name()));
    if let Some(argument) = find(arguments, "description") {
        manifest.insert("description".into(), json!(argument.text()?.value()));
    }
    if let Some(argument) = find(arguments, "phases") {
        manifest.insert("phases".into(), json!(argument.texts()?));
    }
    for (key, schema) in [("input_schema", "input"), ("output_schema", "output")] {
        if let Some(argument) = find(arguments, key) {
            manifest.insert(schema.into(), files.json(argument.text()?)?);
        }
    }
    manifest.insert("requests".into(), requests(arguments)?);
    if let Some(argument) = find(arguments, "agent_types") {
        if find(arguments, "agents").is_none() {
            return Err(argument.error("needs `agents` beside it"));
        }
        manifest.insert("agents".into(), agent_types(argument.arguments()?)?);
    }
    if let Some(argument) = find(arguments, "budget") {
        manifest.insert("budget".into(), budget(argument.arguments()?)?);
    }
    Ok(manifest)
}

fn agent_types(arguments: &Arguments) -> syn::Result<Json> {
    let mut types = Map::new();
    for argument in &arguments.items {
        let facts = argument.arguments()?;
        known(facts, &TYPE_KEYS)?;
        let mut one = Map::new();
        for fact in &facts.items {
            let key = fact.key.to_string();
            let value = match key.as_str() {
                "read" | "tools" | "skills" => json!(fact.texts()?),
                "max_turns" => json!(fact.integer()?),
                _ => json!(fact.text()?.value()),
            };
            one.insert(key, value);
        }
        // Names have `-` where identifiers have `_`.
        types.insert(argument.key.to_string().replace('_', "-"), Json::Object(one));
    }
    Ok(Json::Object(types))
}

fn budget(arguments: &Arguments) -> syn::Result<Json> {
    known(arguments, &["agents", "tokens", "cost_usd"])?;
    let mut budget = Map::new();
    for argument in &arguments.items {
        let value = if argument.key == "cost_usd" {
            json!(argument.number()?)
        } else {
            json!(argument.integer()?)
        };
        budget.insert(argument.key.to_string(), value);
    }
    Ok(Json::Object(budget))
}

pub(crate) fn find<'a>(arguments: &'a Arguments, key: &str) -> Option<&'a Argument> {
    arguments.items.iter().find(|item| item.key == key)
}

/// Refuses keys that are not among `keys`.
pub(crate) fn known(arguments: &Arguments, keys: &[&str]) -> syn::Result<()> {
    match arguments.items.iter().find(|item| !keys.iter().any(|key| item.key == key)) {
        Some(item) => {
            Err(item.error(&format!("is not known here; known are `{}`", keys.join("`, `"))))
        }
        None => Ok(()),
    }
}

fn check_name(name: Option<&str>, span: Span) -> syn::Result<()> {
    let Some(name) = name else {
        return Err(syn::Error::new(span, "the manifest has no `name`"));
    };
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(fits) {
        return Ok(());
    }
    let problem = format!(
        "a name is up to {NAME_BYTES_MAX} lower case letters, digits and `-`; `{name}` is not"
    );
    Err(syn::Error::new(span, problem))
}

/// Files named by the attribute, relative to the package.
#[derive(Default)]
pub(crate) struct Files {
    /// Those that were read.
    pub(crate) read: Vec<PathBuf>,
}

impl Files {
    /// The JSON of a file.
    pub(crate) fn json(&mut self, name: &LitStr) -> syn::Result<Json> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
        let path = Path::new(&package).join(name.value());
        let problem = |problem: &dyn std::fmt::Display| {
            syn::Error::new(name.span(), format!("`{}`: {problem}", name.value()))
        };
        let text = std::fs::read_to_string(&path).map_err(|error| problem(&error))?;
        let json = serde_json::from_str(&text).map_err(|error| problem(&error))?;
        self.read.push(path);
        Ok(json)
    }
}
