//! What a model is given of a project, and that agents of one kind share it.

use std::sync::Arc;

use baton_agents::backend::Guidance;
use baton_agents::model::transcript::{Given, GivenKind};
use baton_core::manifest::AgentType;
use serde_json::json;

use crate::world::{World, call, calls, submits};

fn instructed(texts: &[(&str, &str)]) -> World {
    let mut world = World::new(&[("a", "A")]);
    let instructions = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).into()));
    let guidance = Guidance { instructions: instructions.collect(), ..Guidance::default() };
    world.job.guidance = Arc::new(guidance);
    world
}

async fn opening(world: &mut World) -> (String, Vec<Given>) {
    world.script([submits(json!("x"))]);
    world.perform().await.unwrap();
    let turn = world.turns().remove(0);
    let opening = turn.opening.unwrap();
    assert_eq!(opening.system, world.asked()[0].system, "what was given is in the transcript");
    (opening.system, opening.guidance)
}

#[tokio::test]
async fn instructions_and_skills() {
    let mut world = instructed(&[("CLAUDE.md", "Use tabs."), ("sub/AGENTS.md", "Use spaces.")]);
    world.skill("given", "Skill in full.");
    world.skill("named", "Skill to be read.");
    world.spec(|spec| spec.options.system = Some("You are a reviewer.".into()));
    let skills = vec!["given".to_owned(), "absent-one".to_owned()];
    world.definition(AgentType { skills, ..AgentType::default() });
    let (system, given) = opening(&mut world).await;
    let places: Vec<usize> = [
        "You are a reviewer.",
        "Use tabs.",
        "Use spaces.",
        "Skill in full.",
        "- named: about named",
    ]
    .iter()
    .map(|part| system.find(part).unwrap_or_else(|| panic!("{part}: {system}")))
    .collect();
    assert!(places.is_sorted(), "{system}");
    assert!(!system.contains("Skill to be read.") && !system.contains("absent-one"));
    let given: Vec<(GivenKind, &str, u64, u64)> =
        given.iter().map(|one| (one.kind, one.name.as_str(), one.bytes, one.of)).collect();
    assert_eq!(
        given,
        [
            (GivenKind::Instructions, "CLAUDE.md", 9, 9),
            (GivenKind::Instructions, "sub/AGENTS.md", 11, 11),
            (GivenKind::Skill, "given", 14, 14),
            (GivenKind::Skill, "named", 0, 17),
        ]
    );
}

#[tokio::test]
async fn guidance_is_cut_at_its_limit() {
    let (one, other) = ("ä".repeat(300), "o".repeat(600));
    let mut world = instructed(&[("ONE.md", &one), ("OTHER.md", &other)]);
    world.skill("skill", "never named");
    let mut limits = *world.job.limits;
    limits.model.guidance_bytes = 1_001;
    world.job.limits = limits.into();
    let (system, given) = opening(&mut world).await;
    assert!(system.contains(&one));
    assert!(system.contains(&format!("{}\n[cut here", "o".repeat(401))));
    assert!(!system.contains(&"o".repeat(402)) && !system.contains("about skill"));
    let bytes: Vec<(u64, u64)> = given.iter().map(|one| (one.bytes, one.of)).collect();
    assert_eq!(bytes, [(600, 600), (401, 600), (0, 11)]);
}

#[tokio::test]
async fn a_definition_without_the_tool_is_told_of_no_skills() {
    let mut world = World::new(&[]);
    world.skill("named", "text");
    let tools = Some(vec!["Read".to_owned()]);
    world.definition(AgentType { tools, ..AgentType::default() });
    let (system, given) = opening(&mut world).await;
    assert!(!system.contains("named"), "{system}");
    assert!(given.is_empty());
}

/// What providers keep of a conversation begins with its tools and its system prompt.
#[tokio::test]
async fn agents_of_one_kind_share_the_beginning() {
    let mut beginnings = Vec::new();
    for number in 0..4 {
        let mut world = instructed(&[("CLAUDE.md", "Use tabs.")]);
        world.skill("named", "text");
        world.tools(&[("git/log", Ok(json!(1))), ("git/diff", Ok(json!(2)))]);
        world.schema(json!({ "type": "object", "properties": { "b": {}, "a": {} } }));
        world.spec(|spec| spec.prompt = format!("Look at part {number}."));
        world.job.task.path = baton_core::ids::TaskPath::root().child(number + 1);
        world.script([calls([call("git__log", json!({}))]), submits(json!({}))]);
        world.perform().await.unwrap();
        for request in world.asked() {
            let tools = serde_json::to_string(&request.tools).unwrap();
            beginnings.push((tools, request.system, request.effort));
        }
    }
    assert_eq!(beginnings.len(), 8);
    assert!(beginnings.iter().all(|beginning| *beginning == beginnings[0]));
    assert!(!beginnings[0].1.contains("Look at"), "nothing of the task");
}

#[tokio::test]
async fn each_request_begins_with_the_one_before() {
    let mut world = World::new(&[("a", "A")]);
    world.spec(|spec| spec.options.effort = Some("high".into()));
    let read = || calls([call("read_file", json!({ "path": "a" }))]);
    world.script([read(), read(), read(), submits(json!("x"))]);
    world.perform().await.unwrap();
    let asked = world.asked();
    for pair in asked.windows(2) {
        assert_eq!(pair[1].messages[..pair[0].messages.len()], pair[0].messages);
    }
    assert!(asked.iter().all(|request| request.effort.as_deref() == Some("high")));
}
