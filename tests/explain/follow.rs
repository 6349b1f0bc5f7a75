//! Messages to runs that have ended.

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::support::{Place, told};

/// Sends a message, and gives what the follow-up came to.
fn send(place: &Place, to: &str, text: &str, more: &[&str]) -> Value {
    place.0.object(&[&["send", to, text, "--yes", "--json"], more].concat())
}

/// The prompt of the last task that the worker was given.
fn prompt(place: &Place) -> String {
    let task = place.tasks().pop().unwrap();
    task["prompt"].as_str().unwrap_or_else(|| panic!("{task}")).to_owned()
}

#[test]
fn a_message_to_a_finished_run_is_answered_by_a_run_that_knows_its_result() {
    let place = Place::with("return { finding: await agent('look at page.md') }");
    let first = place.run(&["--input", "{\"depth\":3}"]);
    let answer = send(&place, &first, "is that all?", &[]);
    assert_eq!((&answer["state"], &answer["output"]), (&"done".into(), &"answer 1".into()));
    let second = answer["run"].as_str().unwrap().to_owned();
    let shown = place.0.object(&["show", &second, "--json"]);
    assert_eq!((&shown["name"], &shown["follows"]), (&"follow-up".into(), &Value::from(&*first)));
    assert!(place.says(&["tree", &second]).contains(&format!("follows {first}")));
    assert!(place.says(&["ls", "--json"]).contains(&format!("\"follows\":\"{first}\"")));
    let told = prompt(&place);
    for part in ["`flow`", &first, "\"depth\": 3", "\"finding\": \"answer 0\"", "is that all?"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let journal = place.0.journal(&second);
    assert_eq!(journal[0]["body"]["follows"], *first);
    assert!(place.says(&["why", &second]).contains(&format!("it answers a message to {first}")));

    // The next message knows the first one, and still the run that it all is about.
    let answer = send(&place, &second, "and now?", &[]);
    assert_eq!(answer["output"], "answer 2");
    let told = prompt(&place);
    for part in
        ["<earlier-message>\nis that all?", "<earlier-answer>\nanswer 1", "answer 0", &first]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let third = answer["run"].as_str().unwrap();
    assert_eq!(place.0.journal(third)[0]["body"]["follows"], *second);
}

#[test]
fn a_run_that_failed_can_be_asked_why() {
    let place = Place::with("await agent('break it'); throw new Error('no more')");
    let run = place.run(&[]);
    let answer = send(&place, &run, "what happened?", &[]);
    assert_eq!(answer["state"], "done", "{answer}");
    let told = prompt(&place);
    assert!(told.contains("<failure>\n") && told.contains("no more"), "{told}");
}

#[test]
fn a_follow_up_needs_somebody_who_answers_and_consent() {
    // Components answer nothing but the tasks of their workflow.
    let place = Place::with("return 1");
    let run = place.0.object(&["run", "flow.js", "--yes", "--json"]);
    let run = run["run"].as_str().unwrap().to_owned();
    let output = place.0.output(&["send", &run, "why?", "--yes"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("nobody is there to answer"), "{}", told(&output));
    assert!(told(&output).contains("--agent claude"), "{}", told(&output));

    let agent = ["--agent", "command:./worker.sh"];
    let output = place.0.output(&[&["send", &run, "why?"], &agent[..]].concat());
    assert_eq!(output.status.code(), Some(3), "nobody consents: {}", told(&output));
    assert_eq!(place.0.lines(&["ls", "--json"]).len(), 1, "nothing was started");
    assert_eq!(send(&place, &run, "why?", &agent)["output"], "answer 0");
}

#[test]
fn a_program_that_a_strangers_journal_names_answers_nothing() {
    let place = Place::with("return agent('look')");
    let run = place.run(&[]);
    // Somebody else's home knows nothing of the run.
    let output = place
        .0
        .command(&["send", &run, "why?", "--yes"])
        .env("HOME", place.0.path("stranger"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(told(&output).contains("say who answers with --agent"), "{}", told(&output));
    assert_eq!(place.tasks().len(), 1);
}

/// What a provider that keeps what it saw is asked, and answers: it reads the page where it may.
fn reader(seen: &Seen) -> Reply {
    match seen.turns {
        0 if seen.offers("read_file") && seen.by("user").contains("The message: ") => {
            Reply::call("read_file", json!({ "path": "page.md" }))
        }
        0 => Reply::text("nothing to read"),
        _ => Reply::text(format!("it says: {}", seen.by("tool"))),
    }
}

#[test]
fn a_model_that_answers_reads_the_directory_of_the_finished_run_and_no_other() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(FakeLlm::start(reader)).unwrap();
    for (root, said) in [(true, "it says: "), (false, "nothing to read")] {
        let place = Place::with("return agent('look')");
        let command = |arguments: &[&str]| {
            let mut command = place.0.command(arguments);
            command
                .env("ANTHROPIC_BASE_URL", server.base_url(Api::Anthropic))
                .env("ANTHROPIC_API_KEY", "key-of-the-tests");
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", told(&output));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let fixed = ["run", "flow.js", "--agent", "anthropic:claude-haiku-4-5", "--yes", "--json"];
        let granted: &[&str] = if root { &["--root", "root"] } else { &[] };
        let run = command(&[&fixed[..], granted].concat());
        let run = run["run"].as_str().unwrap();
        // Nobody names a backend: whoever performed the run answers.
        let answer = command(&["send", run, "what does the page say?", "--yes", "--json"]);
        let answer = answer["output"].as_str().unwrap();
        assert!(answer.starts_with(said), "{answer}");
        assert_eq!(answer.contains("one"), root, "{answer}");
    }
}
