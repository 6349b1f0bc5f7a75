//! The tools that a model is offered, and what stands behind each name.

use std::collections::{BTreeMap, BTreeSet};

use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::manifest::AgentType;
use baton_models::ToolOffer;
use serde_json::json;

use super::catalog::Builtin;
use super::conversation::SUBMIT;
use super::dialect;
use super::submission::submission;

/// Characters of a name that every provider takes.
const NAME_CHARS: usize = 64;

/// Hexadecimal digits of a digest that tell names apart which would be the same.
const DIGEST_DIGITS: usize = 8;

/// What stands behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Builtin(Builtin),
    /// One of the run, by its full name.
    Given(String),
    Submit,
}

/// The tools of one agent.
#[derive(Clone, Debug)]
pub(super) struct Offers {
    /// As the model sees them; their order and bytes depend on nothing but what they are.
    pub(super) shown: Vec<ToolOffer>,
    behind: BTreeMap<String, Tool>,
}

/// What decides which built-in tools there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Able {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) skills: bool,
}

impl Offers {
    /// The built-in tools that a definition leaves, those of the run, and the one that hands in.
    pub(super) fn new(
        able: Able,
        definition: Option<&AgentType>,
        given: Vec<baton_host::port::ToolOffer>,
        schema: Option<&Json>,
    ) -> Self {
        let mut offers = Self { shown: Vec::new(), behind: BTreeMap::new() };
        for builtin in Builtin::ALL {
            let able = match builtin {
                Builtin::Skill => able.skills,
                builtin if builtin.only_reads() => able.read,
                _ => able.write,
            };
            if able && dialect::allows(definition, builtin.names()) {
                let (name, input) = (builtin.name().to_owned(), builtin.input());
                let description = builtin.description().to_owned();
                offers.add(name, description, input.into(), Tool::Builtin(builtin));
            }
        }
        // Names of tools that are not offered are taken too: a model knows what they mean.
        let mut taken: BTreeSet<String> =
            Builtin::ALL.iter().map(|builtin| builtin.name().to_owned()).collect();
        taken.insert(SUBMIT.to_owned());
        for tool in given {
            let name = spoken(&tool.name, &taken);
            taken.insert(name.clone());
            let input = tool.input.unwrap_or_else(|| json!({ "type": "object" }).into());
            offers.add(name, tool.description, input, Tool::Given(tool.name));
        }
        let description = "Hands in the result and ends your task.".to_owned();
        offers.add(SUBMIT.to_owned(), description, submission(schema).into(), Tool::Submit);
        offers
    }

    fn add(&mut self, name: String, description: String, input: Json, tool: Tool) {
        self.shown.push(ToolOffer { name: name.clone(), description, input });
        self.behind.insert(name, tool);
    }

    /// What stands behind a name; none: it was not offered.
    pub(super) fn get(&self, name: &str) -> Option<&Tool> {
        self.behind.get(name)
    }

    /// Whether skills can be read.
    pub(super) fn has_skills(&self) -> bool {
        self.behind.values().any(|tool| *tool == Tool::Builtin(Builtin::Skill))
    }

    /// The names, for a person or a model.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.shown.iter().map(|tool| tool.name.as_str()).collect();
        names.join(", ")
    }
}

/// The name of a tool as providers take it: letters, digits, `_` and `-`, and not one of `taken`.
/// `git/log` is `git__log`.
fn spoken(full: &str, taken: &BTreeSet<String>) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut name: String =
        full.replace('/', "__").chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if name.len() > NAME_CHARS || taken.contains(&name) || name.is_empty() {
        let digest = Digest::of(full.as_bytes()).hex();
        name.truncate(NAME_CHARS - DIGEST_DIGITS - 1);
        name = format!("{name}_{}", digest.get(..DIGEST_DIGITS).unwrap_or_default());
    }
    name
}
