#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use baton_core::budget::Cap;
use baton_core::model::Api;

use super::*;
use crate::codes::Code;
use crate::error::CliError;

/// Settings of a project and a person, in an environment.
fn load(project: &str, person: &str, variables: &[(&str, &str)]) -> Result<ModelSettings> {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    fs::create_dir_all(root.join("repo/.git")).unwrap();
    fs::create_dir_all(root.join("home/.config/baton")).unwrap();
    fs::write(root.join("repo/baton.toml"), project).unwrap();
    fs::write(root.join("home/.config/baton/config.toml"), person).unwrap();
    let home = root.join("home").into_os_string();
    let places = Places::around(&root.join("repo"), |name| (name == "HOME").then(|| home.clone()));
    let variable = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    ModelSettings::load(&places, &variable)
}

fn refused(project: &str, person: &str) -> String {
    let CliError::Coded(coded) = load(project, person, &[]).unwrap_err() else { panic!("coded") };
    assert_eq!(coded.code, Code::Config);
    coded.message
}

#[test]
fn the_usual_providers_are_there_without_settings() {
    let settings = load("", "", &[("ANTHROPIC_API_KEY", "12345678")]).unwrap();
    let names: Vec<&str> = settings.providers.keys().map(String::as_str).collect();
    assert_eq!(names, ["anthropic", "gemini", "ollama", "openai", "openai-chat"]);
    assert_eq!(settings.problem("anthropic"), None);
    assert_eq!(settings.problem("openai"), Some("$OPENAI_API_KEY is not set"));
    assert_eq!(settings.problem("ollama"), None);
    assert_eq!(settings.price("ollama:any").map(|price| price.input), Some(0));
    assert!(settings.instructions && settings.skills && settings.continues);
}

#[test]
fn a_persons_file_defines_providers_prices_and_tiers() {
    let person = "[agents]\ndefault = \"local:qwen\"\ntypes = { reviewer = \"large\" }\n\
                  [tiers]\nlarge = \"local:qwen\"\n\
                  [providers.local]\napi = \"openai-chat\"\nbase_url = \"https://a.example/v1\"\n\
                  key = { file = \"~/key\" }\nrequests_per_minute = 60\nconcurrency = 8\n\
                  [providers.anthropic]\nkey = { command = [\"pass\", \"x\"] }\ntokens_per_minute = 9\n\
                  [prices.\"local:qwen\"]\ninput = 0.5\noutput = 2\noutput_max = 100\n\
                  [quota]\ncontinue = false\n";
    let settings = load("", person, &[]).unwrap();
    let local = &settings.providers.get("local").unwrap().definition;
    assert_eq!((local.api, local.base_url.as_str()), (Api::OpenaiChat, "https://a.example/v1/"));
    assert_eq!((local.requests_per_minute, local.concurrency), (Some(60), Some(8)));
    assert!(matches!(&local.key, Some(SecretSource::File(path)) if path.ends_with("/home/key")));
    let anthropic = &settings.providers.get("anthropic").unwrap().definition;
    assert_eq!(anthropic.base_url, "https://api.anthropic.com/v1/");
    assert_eq!(anthropic.tokens_per_minute, Some(9));
    assert_eq!(anthropic.key, Some(SecretSource::Command(vec!["pass".into(), "x".into()])));
    let price = settings.price("local:qwen").unwrap();
    assert_eq!((price.input, price.output, price.cached), (500_000, 2_000_000, 500_000));
    assert_eq!((price.cache_write, price.output_max), (500_000, 100));
    assert_eq!(settings.default.as_ref().unwrap().0, "local:qwen");
    assert!(settings.types.get("reviewer").unwrap().1.text.ends_with("config.toml:3"));
    assert_eq!(settings.tiers.get("large").unwrap().0, "local:qwen");
    assert!(!settings.continues);
}

#[test]
fn the_environment_says_where_for_one_command() {
    let person = "[providers.anthropic]\nbase_url = \"https://mine.example/v1/\"\n";
    let url = |variables: &[(&str, &str)]| {
        let settings = load("", person, variables).unwrap();
        settings.providers.get("anthropic").unwrap().definition.base_url.clone()
    };
    assert_eq!(url(&[]), "https://mine.example/v1/");
    let fake = [("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")];
    assert_eq!(url(&fake), "http://127.0.0.1:9/v1/");
}

/// A project's file may be a stranger's.
#[test]
fn a_project_does_not_say_where_keys_go() {
    for (text, said) in [
        (
            "[providers.anthropic]\nbase_url = \"https://evil.example/\"\n",
            "does not say how `anthropic` is reached",
        ),
        (
            "[providers.anthropic]\nbase_url = \"http://127.0.0.1:1/\"\n",
            "does not say how `anthropic` is reached",
        ),
        (
            "[providers.anthropic]\nkey = { env = \"AWS_SECRET\" }\n",
            "does not say how `anthropic` is reached",
        ),
        ("[providers.ollama]\napi = \"openai-chat\"\n", "does not say how `ollama` is reached"),
        (
            "[providers.x]\napi = \"openai-chat\"\nbase_url = \"https://evil.example/\"\n",
            "names only providers of this machine",
        ),
        (
            "[providers.x]\napi = \"openai-chat\"\nbase_url = \"http://127.0.0.1:1/\"\n\
             key = { env = \"AWS_SECRET\" }\n",
            "names no keys",
        ),
        (
            "[prices.\"openai:brand-new\"]\ninput = 0\noutput = 0\n",
            "does not say what `openai:brand-new` costs",
        ),
        ("[prices.\"opneai:x\"]\ninput = 1\noutput = 1\n", "did you mean `openai`?"),
    ] {
        let message = refused(text, "");
        assert!(message.contains("baton.toml:1: "), "{message}");
        assert!(message.contains(said), "{text}: {message}");
    }
    // What the person defined is as fixed as what is built in.
    let person = "[providers.x]\napi = \"openai-chat\"\nbase_url = \"https://a.example/\"\n";
    let project = "[providers.x]\napi = \"openai-chat\"\nbase_url = \"http://127.0.0.1:1/\"\n";
    assert!(refused(project, person).contains("does not say how `x` is reached"));
}

#[test]
fn a_project_lowers_rates_and_raises_prices_and_names_its_own_machine() {
    let project = "[providers.x]\napi = \"ollama\"\nbase_url = \"http://localhost:1\"\n\
                   [providers.openai]\nconcurrency = 9\nrequests_per_minute = 5\n\
                   [prices.\"x:m\"]\ninput = 0\noutput = 0\n\
                   [prices.\"p:m\"]\ninput = 9\noutput = 1\ncached = 0\ncontext = 1000\noutput_max = 5\n\
                   [caps]\nmax_cost = 10\nmax_agents = \"1k\"\nphases.Look = { max_tokens = 5 }\n\
                   [agents]\ninstructions = false\n";
    let person = "[providers.p]\napi = \"openai-chat\"\nbase_url = \"https://a.example/\"\n\
                  [providers.openai]\nconcurrency = 4\n\
                  [prices.\"p:m\"]\ninput = 1\noutput = 2\ncached = 0.5\ncontext = 100\n\
                  [caps]\nmax_cost = 5\ntimeout = \"2h\"\nphases.Look = { max_tokens = 9 }\n\
                  task = { max_cost = 0.5 }\n";
    let settings = load(project, person, &[]).unwrap();
    let openai = &settings.providers.get("openai").unwrap().definition;
    assert_eq!((openai.concurrency, openai.requests_per_minute), (Some(4), Some(5)));
    let price = settings.price("p:m").unwrap();
    assert_eq!((price.input, price.output, price.cached), (9_000_000, 2_000_000, 500_000));
    assert_eq!((price.context, price.output_max), (100, 5));
    assert_eq!(settings.price("x:m").map(|price| price.output), Some(0));
    let run = Cap {
        cost_micro_usd: Some(5_000_000),
        agents: Some(1_000),
        wall_ms: Some(7_200_000),
        ..Cap::default()
    };
    assert_eq!(settings.caps.run, run);
    assert_eq!(settings.caps.phases.get("Look").unwrap().tokens, Some(5));
    assert_eq!(settings.caps.task.cost_micro_usd, Some(500_000));
    assert!(!settings.instructions && settings.skills);
}

#[test]
fn the_project_chooses_who_performs_agents() {
    let project = "[agents]\ndefault = \"command:./w x\"\ntypes = { a = \"small\", b = \"claude\" }\n\
                   [tiers]\nsmall = \"ollama:q\"\n";
    let person = "[agents]\ndefault = \"claude\"\ntypes = { a = \"large\", c = \"codex\" }\n";
    let settings = load(project, person, &[]).unwrap();
    let (default, place) = settings.default.clone().unwrap();
    assert!(default.starts_with("command:/") && default.ends_with("/repo/w x"), "{default}");
    assert_eq!((place.source, place.text.as_str()), (Source::Project, "baton.toml:2"));
    let types: Vec<(&str, &str)> =
        settings.types.iter().map(|(name, (text, _))| (name.as_str(), text.as_str())).collect();
    assert_eq!(types, [("a", "small"), ("b", "claude"), ("c", "codex")]);
}

#[test]
fn what_cannot_be_understood_is_an_error_with_its_place() {
    for (text, place, said) in [
        ("[agents]\ndefault = \"no backend\"\n", ":2:11: ", "is not a backend"),
        ("[agents]\ndefault = \"x=claude\"\n", ":2:11: ", "names an agent type"),
        ("[agents]\ndefault = \"recorded:d\"\n", ":2:11: ", "--agent recorded:DIR"),
        ("[agents]\ndefalt = \"claude\"\n", ":2:1: ", "unknown field `defalt`"),
        ("[tiers]\nsmall = \"claude\"\n", ":2:9: ", "the tier `small` is PROVIDER:MODEL"),
        ("[tiers]\n\"a b\" = \"x:y\"\n", ":2:9: ", "is not letters, digits"),
        ("[tiers]\ninherit = \"x:y\"\n", ":2:11: ", "means something else"),
        ("[tiers]\nollama = \"ollama:y\"\n", ":2: ", "is a provider and cannot be a tier"),
        ("[providers.command]\n", ":1:", "means something else"),
        ("[providers.x]\nbase_url = \"file:///\"\n", ":2:12: ", "begins with https:// or http://"),
        ("[providers.x]\napi = \"grpc\"\n", ":2:7: ", "unknown variant `grpc`"),
        ("[providers.x]\nkey = { }\n", ":1:", "exactly one of"),
        ("[providers.x]\nconcurrency = 0\n", ":1:", "a limit of 0"),
        ("[providers.x]\napi = \"ollama\"\n", ":1: ", "lacks `api`"),
        ("[prices.x]\ninput = 1\noutput = 1\n", ":1:", "a price is one of PROVIDER:MODEL"),
        ("[prices.\"openai:x\"]\ninput = -1\noutput = 1\n", ":1:", "`input` is no price"),
        ("[prices.\"openai:x\"]\ninput = 1\n", ":1:", "missing field `output`"),
        ("[caps]\nmax_cost = -1\n", ":2:12: ", "no amount of US dollars"),
        ("[caps]\nmax_tokens = \"many\"\n", ":2:14: ", "is not a number"),
        ("[caps]\ntimeout = \"1\"\n", ":2:11: ", "is not a span of time"),
        ("[caps]\ntask = { timeout = \"1m\" }\n", ":2:20: ", "one agent has no cap"),
        ("[quota]\ncontinue = 1\n", ":2:12: ", "expected a boolean"),
    ] {
        for (project, person, file) in [(text, "", "baton.toml"), ("", text, "config.toml")] {
            let message = refused(project, person);
            assert!(message.contains(&format!("{file}{place}")), "{text}: {message}");
            assert!(message.contains(said), "{text}: {message}");
        }
    }
}
