#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::manifest::AgentType;
use baton_core::model::{Api, Price, ProviderDefinition};
use baton_core::record::{BackendChoice, Program};
use baton_core::tool::SecretSource;

use super::*;
use crate::codes::Code;
use crate::error::{CliError, Coded, Result};
use crate::project::models::{Known, ModelSettings};
use crate::project::policy::{Place, Source};

fn provider(key: Option<&str>) -> Known {
    let definition = ProviderDefinition {
        api: Api::Anthropic,
        base_url: "https://a.example/".into(),
        key: key.map(|name| SecretSource::Env(name.into())),
        requests_per_minute: None,
        tokens_per_minute: None,
        concurrency: None,
        recorded: None,
    };
    Known { definition, place: None }
}

fn place() -> Place {
    Place { source: Source::Person, text: "config.toml:7".into() }
}

/// Providers `anthropic` and `openai` with keys, `gemini` without its key, and `ollama`.
fn settings() -> ModelSettings {
    let tiers = |provider: &str| -> BTreeMap<String, String> {
        let tier = |tier: &str| (tier.to_owned(), format!("{provider}:{tier}-1"));
        ["small", "medium", "large"].into_iter().map(tier).collect()
    };
    let usual = ["anthropic", "openai", "gemini"];
    let mut settings = ModelSettings {
        providers: usual.iter().map(|name| ((*name).to_owned(), provider(Some("KEY")))).collect(),
        prices: BTreeMap::from([("ollama:*".to_owned(), Price::default())]),
        provider_tiers: usual.iter().map(|name| ((*name).to_owned(), tiers(name))).collect(),
        ..ModelSettings::default()
    };
    settings.providers.insert("ollama".into(), provider(None));
    settings.providers.insert("gemini".into(), provider(Some("NO_KEY")));
    for name in usual {
        for model in ["small-1", "medium-1", "large-1", &format!("only-{name}")] {
            let price = Price { input: 1, output: 1, ..Price::default() };
            settings.prices.insert(format!("{name}:{model}"), price);
        }
    }
    settings.look_for_keys(&|name| (name == "KEY").then(|| "12345678".to_owned()));
    settings
}

fn program(types: &[(&str, AgentType)]) -> Program {
    let types = types.iter().map(|(name, known)| ((*name).to_owned(), known.clone())).collect();
    Program {
        name: "flow".into(),
        component: Digest::of(b""),
        script: None,
        workflows: BTreeMap::new(),
        scripts: BTreeMap::new(),
        requests: BTreeMap::new(),
        agents: BTreeMap::new(),
        tools: BTreeMap::new(),
        agent_types: types,
        instructions: Vec::new(),
        skills: BTreeMap::new(),
    }
}

fn all(backend: &str) -> BackendChoice {
    BackendChoice { all: Some(backend.into()), ..BackendChoice::default() }
}

fn default(backend: &str) -> BackendChoice {
    BackendChoice { default: Some(backend.into()), ..BackendChoice::default() }
}

fn named(model: &str, surely: bool) -> Named {
    Named { model: model.into(), place: "flow.js:1:2".into(), agent_type: None, surely }
}

fn reached(settings: &ModelSettings, choice: &BackendChoice, models: &[&str]) -> Result<Reach> {
    let named: Vec<Named> = models.iter().map(|model| named(model, true)).collect();
    reach(&Wanted { agents: &[], settings }, choice, &program(&[]), &named)
}

fn coded(error: CliError) -> Coded {
    match error {
        CliError::Coded(coded) => *coded,
        CliError::BrokenPipe => panic!("not coded"),
    }
}

fn providers(reach: &Reach) -> Vec<&str> {
    reach.models.providers.keys().map(String::as_str).collect()
}

#[test]
fn words_become_backends() {
    let mut settings = settings();
    settings.tiers.insert("cheap".into(), ("openai:only-openai".into(), place()));
    let wanted = Wanted { agents: &[], settings: &settings };
    for (text, backend) in [
        ("anthropic:large-1", "anthropic:large-1"),
        ("ollama:qwen3:8b", "ollama:qwen3:8b"),
        ("openai", "openai"),
        ("small", "anthropic:small-1"),
        ("haiku", "anthropic:small-1"),
        ("opus", "anthropic:large-1"),
        ("cheap", "openai:only-openai"),
        ("claude", "claude"),
        ("acp:x --y", "acp:x --y"),
        ("component:x", "component:x"),
    ] {
        assert_eq!(wanted.backend(text).unwrap(), backend, "{text}");
    }
    let with_default =
        ModelSettings { default: Some(("openai:large-1".into(), place())), ..settings.clone() };
    let wanted = Wanted { agents: &[], settings: &with_default };
    assert_eq!(wanted.backend("small").unwrap(), "openai:small-1");
}

#[test]
fn what_is_not_there_is_refused_with_what_was_meant() {
    let mut settings = settings();
    settings.tiers.insert("broken".into(), ("openai:nothing".into(), place()));
    let wanted = Wanted { agents: &[], settings: &settings };
    for (text, message, hint) in [
        (
            "anthropc:large-1",
            "there is no provider `anthropc`",
            "did you mean `anthropic:large-1`?",
        ),
        (
            "anthropic:larg-1",
            "there is no model `anthropic:larg-1` whose price is known",
            "did you mean `anthropic:large-1`?",
        ),
        ("anthropic:only-openai", "there is no model", "did you mean `openai:only-openai`?"),
        ("openai:new", "there is no model `openai:new`", "[prices.\"openai:new\"] input = 1.0"),
        ("smal", "there is no backend, provider or tier `smal`", "did you mean `small`?"),
        ("only-gemini", "there is no backend", "did you mean `gemini:only-gemini`?"),
        ("cluade", "there is no backend", "did you mean `claude`?"),
        ("zzzzzzzzz", "there is no backend", "`baton models` lists"),
        ("zzzzzzzzz:m", "there is no provider", "[providers.zzzzzzzzz]"),
        ("ollama", "`ollama` alone does not say which model", "ollama:MODEL"),
        ("broken", "config.toml:7: there is no model `openai:nothing`", "[prices"),
    ] {
        let error = coded(wanted.backend(text).unwrap_err());
        assert_eq!(error.code, Code::NoModel, "{text}");
        assert!(error.message.contains(message), "{text}: {}", error.message);
        let found = error.hint.unwrap();
        assert!(found.contains(hint), "{text}: {found}");
    }
}

#[test]
fn nothing_is_pinned_where_no_agent_can_be_a_model() {
    let settings = settings();
    for choice in [BackendChoice::default(), all("claude"), all("command:x"), default("codex")] {
        assert!(reached(&settings, &choice, &["opus", "no-such"]).unwrap().models.is_empty());
    }
}

#[test]
fn a_missing_key_is_found_before_the_start() {
    let settings = settings();
    for choice in [all("gemini"), all("gemini:large-1"), default("gemini:large-1")] {
        let error = coded(reached(&settings, &choice, &[]).unwrap_err());
        assert_eq!(error.code, Code::NoKey);
        assert!(error.message.contains("$NO_KEY is not set"), "{}", error.message);
        assert!(error.hint.unwrap().contains("[providers.gemini] key"));
    }
    let error = coded(reached(&settings, &default("openai"), &["gemini:large-1"]).unwrap_err());
    assert_eq!(error.code, Code::NoKey);
}

#[test]
fn only_what_a_run_can_use_is_pinned() {
    let mut settings = settings();
    let reach = reached(&settings, &all("anthropic"), &["haiku", "large-1", "inherit"]).unwrap();
    assert_eq!(providers(&reach), ["anthropic"]);
    let tiers = &reach.models.tiers;
    assert_eq!(tiers.get("small").unwrap(), "anthropic:small-1");
    assert_eq!(tiers.get("anthropic/large").unwrap(), "anthropic:large-1");
    assert!(reach.models.prices.keys().all(|name| name.starts_with("anthropic:")));
    assert_eq!(reach.models.prices.len(), 4);

    settings.tiers.insert("small".into(), ("openai:only-openai".into(), place()));
    settings.tiers.insert("tiny".into(), ("gemini:small-1".into(), place()));
    let reach = reached(&settings, &default("anthropic:large-1"), &[]).unwrap();
    assert_eq!(providers(&reach), ["anthropic", "openai"]);
    let tiers = &reach.models.tiers;
    assert_eq!(tiers.get("small").unwrap(), "openai:only-openai");
    // The person's tier holds with every provider.
    assert_eq!(tiers.get("anthropic/small"), None);
    assert_eq!(tiers.get("openai/small").unwrap(), "openai:only-openai");
    assert_eq!(tiers.get("medium").unwrap(), "anthropic:medium-1");
    assert_eq!(tiers.get("tiny"), None, "{:?}", reach.notes);
    assert!(reach.notes[0].contains("the tier tiny is left out: gemini:small-1: $NO_KEY"));
    let reach = reached(&settings, &all("anthropic"), &[]).unwrap();
    assert_eq!(providers(&reach), ["anthropic"]);
    assert_eq!(reach.models.tiers.get("small").unwrap(), "anthropic:small-1");
    assert!(reach.notes.is_empty(), "{:?}", reach.notes);
}

#[test]
fn models_in_the_text_of_a_program_are_known_before_the_start() {
    let settings = settings();
    let found = reached(&settings, &default("anthropic"), &["only-openai", "openai:large-1"]);
    assert_eq!(providers(&found.unwrap()), ["anthropic", "openai"]);
    for (choice, model, said) in [
        (default("anthropic"), "only-opneai", "flow.js:1:2: there is no model `only-opneai`"),
        (default("anthropic"), "openai:none", "flow.js:1:2: there is no model `openai:none`"),
        (all("anthropic"), "openai:large-1", "is one of openai, not of anthropic"),
        (all("anthropic"), "only-openai", "is one of openai, not of anthropic"),
    ] {
        let error = coded(reached(&settings, &choice, &[model]).unwrap_err());
        assert_eq!(error.code, Code::NoModel);
        assert!(error.message.contains(said), "{}", error.message);
    }
    // The operator's model performs every task, whatever the task names.
    let found = reached(&settings, &all("anthropic:large-1"), &["no-such"]).unwrap();
    assert_eq!(found.models.prices.keys().collect::<Vec<_>>(), ["anthropic:large-1"]);
    assert!(found.models.tiers.is_empty());
    let found = reached(&settings, &all("ollama:qwen3:8b"), &[]).unwrap();
    assert_eq!(found.models.prices.keys().collect::<Vec<_>>(), ["ollama:*"]);
    let wanted = Wanted { agents: &[], settings: &settings };
    let perhaps = [named("no-such", false)];
    let found = reach(&wanted, &default("anthropic"), &program(&[]), &perhaps).unwrap();
    assert!(found.notes[0].starts_with("flow.js:1:2: there is no model `no-such`"));
}

#[test]
fn agent_types_bring_models_of_their_own() {
    let settings = settings();
    let wanted = Wanted { agents: &[], settings: &settings };
    let of = |backend: &str| AgentType { backend: Some(backend.into()), ..AgentType::default() };
    let types = [("cheap", of("openai:small-1")), ("plain", of("component:x"))];
    let none = BackendChoice::default();
    let found = reach(&wanted, &none, &program(&types), &[]).unwrap();
    assert_eq!(providers(&found), ["openai"]);
    let found = reach(&wanted, &default("anthropic"), &program(&types), &[]).unwrap();
    assert_eq!(found.models.tiers.get("openai/small").unwrap(), "openai:small-1");
    assert_eq!(found.models.tiers.get("small").unwrap(), "anthropic:small-1");
    let by_type = BTreeMap::from([("cheap".to_owned(), "claude".to_owned())]);
    let chosen = BackendChoice { by_type, ..BackendChoice::default() };
    assert!(reach(&wanted, &chosen, &program(&types), &[]).unwrap().models.is_empty());
    let wrong = [("odd", of("openai:none"))];
    let error = coded(reach(&wanted, &none, &program(&wrong), &[]).unwrap_err());
    assert!(error.message.starts_with("the agent type odd: "), "{}", error.message);
}
