//! Which model performs a task: by name, tier and alias, among those with a price.

use super::fixture::{Bench, agent_with, models, started};
use crate::command::Reply;
use crate::ids::TaskPath;
use crate::record::Work;

#[test]
fn models_are_chosen_by_name_tier_and_alias() {
    type Row<'a> = (Option<&'a str>, Option<&'a str>, &'a str, Result<&'a str, &'a str>);
    let rows: &[Row<'_>] = &[
        // What the operator chose with its model is what everybody gets.
        (Some("m:fix"), None, r#"{"model":"large"}"#, Ok("m:fix")),
        (Some("small"), None, r#"{"model":"m:other"}"#, Ok("m:s")),
        (Some("m"), None, "{}", Ok("m:x")),
        (Some("m"), None, r#"{"model":"inherit"}"#, Ok("m:x")),
        (Some("m"), None, r#"{"model":"large"}"#, Ok("m:l")),
        (Some("m"), None, r#"{"model":"opus"}"#, Ok("m:l")),
        (Some("m"), None, r#"{"model":"sonnet"}"#, Ok("m:x")),
        (Some("m"), None, r#"{"model":"own-id:7b"}"#, Ok("m:own-id:7b")),
        (Some("m"), None, r#"{"model":"m:other"}"#, Ok("m:other")),
        (None, Some("m:d"), "{}", Ok("m:d")),
        (None, Some("m:d"), r#"{"model":"small"}"#, Ok("m:s")),
        (None, Some("m:d"), r#"{"provider":"n"}"#, Err("unknown-provider")),
        (None, Some("n"), r#"{"model":"m:y"}"#, Ok("n")),
        (None, None, r#"{"provider":"m","model":"y"}"#, Ok("m:y")),
        (None, None, r#"{"backend":"small"}"#, Ok("m:s")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":["small","large"]}}"#, Ok("m:s")),
        (Some("m:fix"), None, r#"{"ladder":{"rungs":["small","large"]}}"#, Ok("m:fix")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":["inherit","large"]}}"#, Ok("m:d")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":[]}}"#, Err("ladder")),
    ];
    for (all, default, options, expected) in rows {
        let mut facts = started();
        facts.backends.all = all.map(str::to_owned);
        facts.backends.default = default.map(str::to_owned);
        let mut bench = Bench::of(facts);
        let got = match bench.command(agent_with("x", options)) {
            Reply::Refused(refusal) => Err(refusal.code),
            _ => match &*bench.run.task(&TaskPath::root().child(1)).unwrap().work {
                Work::Agent { backend, .. } => Ok(backend.clone()),
                other => panic!("{other:?}"),
            },
        };
        let got = got.as_deref().map_err(String::as_str);
        assert_eq!(got, *expected, "{all:?} {default:?} {options}");
    }
}

#[test]
fn a_model_without_a_price_is_unknown() {
    let mut facts = started();
    facts.models.prices = [("m:x".into(), *models().price("m:x").unwrap())].into();
    facts.backends.all = Some("m".into());
    let mut bench = Bench::of(facts);
    bench.spawn(agent_with("x", "{}"));
    for options in [r#"{"model":"y"}"#, r#"{"model":"large"}"#, r#"{"model":"other:y"}"#] {
        let refusal = bench.refusal(agent_with("x", options));
        assert_eq!(refusal.code, "unknown-model", "{options}");
        assert!(refusal.message.contains("m:x"), "{}", refusal.message);
    }
    let ladder = r#"{"ladder":{"rungs":["m:x","m:y"]}}"#;
    assert_eq!(bench.refusal(agent_with("x", ladder)).code, "unknown-model");
}
