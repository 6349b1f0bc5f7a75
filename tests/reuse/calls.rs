//! What decides that a call is the same.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Project, asking, numbered};

#[test]
fn of_102_calls_the_one_that_failed_is_made_again() {
    let project = Project::new();
    let mut prompts = numbered("do", 102);
    prompts[3] = "broken 3".into();
    project.write("flow.js", asking(&prompts));
    project.write("broken", "");
    let first = project.run("flow.js", &[]);
    assert_eq!((first.calls.len(), first.output[3].clone()), (102, Value::Null));
    fs::remove_file(project.path("broken")).unwrap();
    let second = project.run("flow.js", &["--reuse", "last"]);
    assert_eq!(second.calls, ["broken 3"]);
    assert_eq!((second.state.as_str(), second.reused, second.agents), ("done", 101, 1));
    for (number, answer) in second.output.as_array().unwrap().iter().enumerate() {
        if number != 3 {
            assert_eq!(*answer, first.output[number], "the answer of the first run");
        }
    }
    assert_eq!(project.why(&second.run), [("broken 3".into(), "failed".into())]);
}

#[test]
fn the_order_of_starts_does_not_matter() {
    let project = Project::new();
    let prompts = numbered("do", 60);
    project.write("flow.js", asking(&prompts));
    let first = project.run("flow.js", &[]);
    let shuffled: Vec<String> = (0..60).map(|number| prompts[number * 37 % 60].clone()).collect();
    project.write("flow.js", asking(&shuffled));
    let second = project.run("flow.js", &["--reuse", &first.run]);
    assert_eq!((second.calls.len(), second.reused, second.agents), (0, 60, 0));
    for (number, prompt) in shuffled.iter().enumerate() {
        let place = prompts.iter().position(|other| other == prompt).unwrap();
        assert_eq!(second.output[number], first.output[place], "{prompt}");
    }
}

#[test]
fn only_edited_and_new_calls_are_made() {
    let project = Project::new();
    let prompts = numbered("do", 90);
    project.write("flow.js", asking(&prompts));
    let first = project.run("flow.js", &[]).run;
    let mut edited = prompts.clone();
    edited[41] = "do it better".into();
    project.write("edited.js", asking(&edited));
    let second = project.run("edited.js", &["--reuse", &first]);
    assert_eq!((second.calls, second.reused), (vec!["do it better".to_owned()], 89));
    assert_eq!(project.why(&second.run), [("do it better".into(), "changed".into())]);
    let mut longer = vec!["first of all".to_owned()];
    longer.extend(prompts);
    project.write("longer.js", asking(&longer));
    let third = project.run("longer.js", &["--reuse", &first]);
    assert_eq!((third.calls, third.reused), (vec!["first of all".to_owned()], 90));
}

#[test]
fn args_that_mean_the_same_are_the_same() {
    let project = Project::new();
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'asks' }\n\
         const { topic, parts } = args\n\
         return await parallel(parts.map((part) => () => agent(`about ${topic} ${part}`)))\n",
    );
    let first = project.run("flow.js", &["--input", r#"{"topic":"x","parts":["a","b"]}"#]);
    let retyped = "{ \"parts\" : [ \"a\",\n  \"b\" ], \"topic\": \"x\" }";
    let second = project.run("flow.js", &["--input", retyped, "--reuse", &first.run]);
    assert_eq!((second.calls.len(), second.reused), (0, 2));
    assert_eq!(second.output, first.output);
}

/// Labels, phases and comments are for people.
#[test]
fn what_is_for_people_does_not_matter() {
    let project = Project::new();
    let script = |comment: &str, phase: &str, options: &str| {
        format!(
            "{comment}export const meta = {{ name: 'flow', description: 'asks' }}\n\
             phase('{phase}')\n\
             const one = await agent('say one', {{ {options} }})\n\
             return [one, await agent('say two')] {comment}\n"
        )
    };
    // In the root, where the state of the files counts the script itself.
    let write = |text: String| project.write("root/flow.js", text);
    write(script("", "First", ""));
    let first = project.run("root/flow.js", &[]);
    assert_eq!(first.calls, ["say one", "say two"]);
    for (comment, phase, options, calls) in [
        ("// Another comment.\n", "First", "", 0),
        ("", "Second", "label: 'l', phase: 'p', stallMs: 5", 0),
        ("", "First", "model: 'small'", 1),
        ("", "First", "effort: 'low'", 1),
        ("", "First", "agentType: 'Explore'", 1),
    ] {
        write(script(comment, phase, options));
        let again = project.run("root/flow.js", &["--reuse", &first.run]);
        assert_eq!(again.calls.len(), calls, "{comment}{phase}{options}");
        assert_eq!(again.reused, 2 - calls as u64);
    }
}

#[test]
fn a_schema_counts_by_its_meaning() {
    let project = Project::new();
    let script = |schema: &str| {
        format!(
            "export const meta = {{ name: 'flow', description: 'asks' }}\n\
             return await agent('json {{\"a\":1}}', {{ schema: {schema} }})\n"
        )
    };
    let agent = "component:obedient-agent.wasm";
    project.write("flow.js", script("{ type: 'object', required: ['a'] }"));
    let first = project.with(agent, "flow.js", &[]);
    assert_eq!(first.output, json!({ "a": 1 }));
    for (schema, reused) in [
        ("{ required: ['a'], type: 'object' }", 1),
        ("{ type: 'object', required: ['a'], minProperties: 1 }", 0),
    ] {
        project.write("flow.js", script(schema));
        let again = project.with(agent, "flow.js", &["--reuse", &first.run]);
        assert_eq!((again.reused, again.output), (reused, first.output.clone()), "{schema}");
    }
}

#[test]
fn equal_calls_keep_their_different_results() {
    let project = Project::new();
    project.write("flow.js", asking(&vec!["be sceptical".to_owned(); 3]));
    let first = project.run("flow.js", &[]);
    let answers = |output: &Value| -> Vec<String> {
        output.as_array().unwrap().iter().map(ToString::to_string).collect()
    };
    assert_eq!(answers(&first.output).into_iter().collect::<BTreeSet<_>>().len(), 3);
    let second = project.run("flow.js", &["--reuse", "last"]);
    assert_eq!((second.calls.len(), answers(&second.output)), (0, answers(&first.output)));
    project.write("flow.js", asking(&vec!["be sceptical".to_owned(); 4]));
    let third = project.run("flow.js", &["--reuse", &first.run]);
    assert_eq!((third.calls.len(), third.reused), (1, 3));
    assert_eq!(project.why(&third.run), [("be sceptical".into(), "taken".into())]);
}

#[test]
fn calls_of_nested_scripts_are_found_wherever_they_stand() {
    let project = Project::new();
    project.write(
        ".claude/workflows/inner.js",
        "export const meta = { name: 'inner', description: 'asks' }\n\
         return await agent(`deep ${args}`)\n",
    );
    let outer = |body: &str| {
        let meta = "export const meta = { name: 'outer', description: 'nests' }\n";
        format!("{meta}return {body}\n")
    };
    project.write("outer.js", outer("[await workflow('inner', 1), await workflow('inner', 2)]"));
    let first = project.run("outer.js", &[]);
    assert_eq!(first.calls, ["deep 1", "deep 2"]);
    // The same call one level up, and the other in another child.
    project.write("outer.js", outer("[await agent('deep 1'), await workflow('inner', 2)]"));
    let second = project.run("outer.js", &["--reuse", "last"]);
    assert_eq!((second.calls.len(), second.reused, second.output), (0, 2, first.output));
}

#[test]
fn results_that_are_reused_cost_nothing() {
    let project = Project::new();
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'asks' }\n\
         await agent('do one')\n\
         await agent('do two')\n\
         return budget.spent()\n",
    );
    let first = project.run("flow.js", &["--budget", "1000"]);
    assert_eq!(first.output, 10);
    let second = project.run("flow.js", &["--budget", "1000", "--reuse", "last"]);
    assert_eq!((second.output, second.reused, second.agents), (json!(0), 2, 0));
}
