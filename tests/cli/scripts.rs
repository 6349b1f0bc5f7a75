//! Running scripts: found, prepared and started.

use serde_json::{Value, json};

use crate::support::{Project, Said};

/// An agent that answers its prompt.
pub const ECHO: &str = "component:echo-agent";

pub fn script(body: &str) -> String {
    format!("export const meta = {{ name: 'flow', description: 'A flow.' }}\n{body}\n")
}

pub fn project(body: &str) -> Project {
    let project = Project::with_scripts();
    project.write(".git/HEAD", "");
    project.write("flow.js", script(body));
    project
}

pub fn run(project: &Project, arguments: &[&str]) -> Said {
    project.run(&[&["run", "flow.js", "--yes", "--json", "--agent", ECHO], arguments].concat())
}

pub fn output(said: &Said) -> Value {
    assert_eq!(said.exit, 0, "{}", said.shown());
    said.json()["output"].clone()
}

/// D94, D95, D96.
#[test]
fn args_arrive_as_they_were_given() {
    let project = project("return { is: typeof args, args: args === undefined ? 'none' : args }");
    project.write("args.txt", "a\n[1]\n");
    project.write("args.json", "{ \"a\": [1, null] }\n");
    for (flags, is, args) in [
        (&[][..], "undefined", json!("none")),
        (&["--args", "[1]"], "string", json!("[1]")),
        (&["--args", "null"], "string", json!("null")),
        (&["--args", "-x"], "string", json!("-x")),
        (&["--args", "@args.txt"], "string", json!("a\n[1]\n")),
        (&["--args-json", "[1]"], "object", json!([1])),
        (&["--input", "null"], "object", json!(null)),
        (&["--input", "\"[1]\""], "string", json!("[1]")),
        (&["--input", "-2.5"], "number", json!(-2.5)),
        (&["--input", "@args.json"], "object", json!({ "a": [1, null] })),
    ] {
        let found = output(&run(&project, flags));
        assert_eq!(found, json!({ "is": is, "args": args }), "{flags:?}");
    }
}

#[test]
fn a_batch_gives_each_run_its_line() {
    let project = project("return args * 2");
    project.write("lines.jsonl", "1\n2\n3\n");
    let said = project.run(&["run", "flow.js", "--each", "lines.jsonl", "--yes"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    let mut found: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["output"].clone())
        .collect();
    found.sort_by_key(|value| value.as_i64());
    assert_eq!(found, [json!(2), json!(4), json!(6)]);
}

/// D32.
#[test]
fn a_resume_keeps_the_args() {
    let project = project("return args");
    output(&run(&project, &["--args", "one"]));
    for (flags, exit) in [
        (&[][..], 0),
        (&["--args", "one"], 0),
        (&["--input", "\"one\""], 0),
        (&["--args", "two"], 2),
        (&["--input", "[1]"], 2),
    ] {
        let said = project.run(&[&["resume", "last", "--json"], flags].concat());
        assert_eq!(said.exit, exit, "{flags:?}: {}", said.shown());
        if exit != 0 {
            assert!(said.stderr.contains("began with another input"), "{}", said.stderr);
            assert!(said.stderr.contains("--reuse run_"), "{}", said.stderr);
        }
    }
}

#[test]
fn nested_workflows_are_part_of_the_program() {
    let project = project(
        "const tried = async (what, x) => {
           try { return await workflow(what, x) } catch (error) { return 'rejected' }
         }
         return [
           await workflow('child', 2),
           await workflow({ scriptPath: './lib/other.js' }),
           await workflow('hello', { names: ['Ada'] }),
           await tried('broken'),
           await tried('absent'),
           await tried({ scriptPath: '../outside.js' }),
           await tried({ scriptPath: './lib/absent.js' }),
         ]",
    );
    let child = |name: &str, body: &str| {
        format!("export const meta = {{ name: '{name}', description: 'd' }}\n{body}\n")
    };
    project.write(".claude/workflows/c.js", child("child", "return args + 1"));
    project.write("lib/other.js", child("other", "return typeof args"));
    project.write(".claude/workflows/b.js", child("broken", "let a b"));
    let found = output(&run(&project, &[]));
    assert_eq!(found[0], 3);
    assert_eq!(found[1], "undefined");
    assert!(found[2].to_string().contains("Ada"), "{found}");
    for at in 3..7 {
        assert_eq!(found[at], "rejected", "{at}: {found}");
    }
}

#[test]
fn a_computed_name_may_be_any_workflow_of_the_project() {
    let project = project(
        "const found = []
         for (const name of ['child', 'absent']) {
           try { found.push(await workflow(name, 1)) } catch { found.push(null) }
         }
         return found",
    );
    project.write(
        ".baton/workflows/c.js",
        "export const meta = { name: 'child', description: 'd' }\nreturn args + 1\n",
    );
    assert_eq!(output(&run(&project, &[])), json!([2, null]));
}

#[test]
fn settings_decide_how_scripts_are_interpreted() {
    let body = "
      let clock = 'throws'
      try { clock = typeof Date.now() } catch {}
      return { clock, baton: typeof baton }";
    for (settings, flags, clock, baton) in [
        ("", &[][..], "throws", "undefined"),
        ("", &["--lenient"], "number", "undefined"),
        // D192.
        ("", &["--extensions"], "throws", "object"),
        ("[scripts]\nlenient = true\n", &[], "number", "undefined"),
        ("[scripts]\nextensions = true\n", &[], "throws", "object"),
    ] {
        let project = project(body);
        project.write("baton.toml", settings);
        let found = output(&run(&project, flags));
        assert_eq!(found, json!({ "clock": clock, "baton": baton }), "{settings} {flags:?}");
    }
    let project = project(body);
    project.write("baton.toml", "[scripts]\nlenien = true\n");
    let said = run(&project, &[]);
    assert_eq!(said.exit, 2, "{}", said.shown());
    assert!(said.stderr.contains("baton.toml:2:1: unknown field `lenien`"), "{}", said.stderr);
}

#[test]
fn nesting_goes_as_deep_as_the_settings_say() {
    let project = project("return await workflow('child', 0)");
    project.write(
        ".baton/workflows/c.js",
        "export const meta = { name: 'child', description: 'd' }
         try { return await workflow('grandchild', args + 1) } catch (error) { return error.name }\n",
    );
    project.write(
        ".baton/workflows/g.js",
        "export const meta = { name: 'grandchild', description: 'd' }\nreturn args + 1\n",
    );
    assert_eq!(output(&run(&project, &[])), "WorkflowNestingError");
    project.write("baton.toml", "[scripts]\nnesting = 2\n");
    assert_eq!(output(&run(&project, &[])), 2);
}

/// D97.
#[test]
fn the_budget_is_what_the_operator_or_else_the_script_says() {
    let head = |budget: &str| {
        format!(
            "export const meta = {{ name: 'flow', description: 'd', baton: {{ {budget} }} }}
             return budget.total\n"
        )
    };
    for (budget, flags, total) in [
        ("", &[][..], json!(null)),
        ("", &["--budget", "5k"], json!(5_000)),
        ("", &["--budget", "2m"], json!(2_000_000)),
        ("budget: { output_tokens: 70 }", &[], json!(70)),
        ("budget: { output_tokens: 70 }", &["--budget", "+9k"], json!(9_000)),
    ] {
        let project = project("");
        project.write("flow.js", head(budget));
        assert_eq!(output(&run(&project, flags)), total, "{budget} {flags:?}");
    }
}

/// D43: the number of attempts is that of the flag, else of the variable.
#[test]
fn attempts_at_a_schema_are_counted() {
    let body = "
      const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }
      try { await agent('x', { schema }) } catch (error) { return error.name }";
    for (flags, variable, attempts) in [
        (&[][..], None, 5),
        (&["--schema-attempts", "2"], None, 2),
        (&[], Some("3"), 3),
        (&["--schema-attempts", "1"], Some("3"), 1),
        (&[], Some("99"), 5),
        (&[], Some("many"), 5),
    ] {
        let project = project(body);
        project.write("worker.sh", "echo x >> calls; echo '{\"output\":{\"a\":\"no\"}}'");
        let agent = "command:sh worker.sh";
        let mut command = project
            .command(&[&["run", "flow.js", "--yes", "--json", "--agent", agent], flags].concat());
        command.env("PATH", "/usr/bin:/bin");
        if let Some(value) = variable {
            command.env("MAX_STRUCTURED_OUTPUT_RETRIES", value);
        }
        let said = command.output().unwrap();
        let stderr = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(0), "{stderr}");
        let odd = matches!(variable, Some("99" | "many"));
        assert_eq!(stderr.contains("must be from 1 to 5; 5 is used"), odd, "{stderr}");
        let calls = std::fs::read_to_string(project.path("calls")).unwrap();
        assert_eq!(calls.lines().count(), attempts, "{flags:?} {variable:?}");
    }
}

#[test]
fn agent_types_come_from_the_project() {
    let project = project(
        "const type = 'second'
         const found = []
         for (const agentType of ['first', type, 'Explore', 'absent']) {
           try { found.push(await agent('x', { agentType })) } catch (error) { found.push(error.message) }
         }
         return found",
    );
    for name in ["first", "second"] {
        project.write(
            &format!(".claude/agents/{name}.md"),
            format!("---\nname: {name}\ndescription: d\n---\nYou are {name}.\n"),
        );
    }
    let found = output(&run(&project, &[]));
    assert_eq!((&found[0], &found[1], &found[2]), (&json!("x"), &json!("x"), &json!("x")));
    let known = "Explore, Plan, claude, first, general-purpose, second, workflow-subagent";
    assert!(found[3].as_str().unwrap().contains(known), "{found}");
    let said = project.run(&["show", "last/1", "--json"]);
    let system = &said.json()["work"]["agent"]["spec"]["options"]["system"];
    assert_eq!(system, "You are first.");
}

/// D181.
#[test]
fn a_script_of_a_plugin_has_what_the_plugin_brings() {
    let project = Project::with_scripts();
    let body = "return [\n\
        await workflow('fleet:other', 1), await workflow('other', 2),\n\
        await agent('x', { agentType: 'fleet:architect' }),\n\
        await agent('y', { agentType: 'architect' }).catch((error) => error.name),\n\
        ]";
    project.write("fleet/.claude-plugin/plugin.json", "{ \"name\": \"fleet\" }");
    project.write("fleet/agents/a.md", "---\nname: architect\ndescription: d\n---\nx\n");
    project.write("fleet/workflows/flow.js", script(body));
    project.write(
        "fleet/workflows/o.js",
        "export const meta = { name: 'other', description: 'o' }\nreturn args * 10\n",
    );
    let expected = json!([10, 20, "x", "WorkflowAgentTypeError"]);
    project.write("elsewhere/x", "");
    for (directory, name, agent) in [
        ("fleet", "fleet:flow", ECHO),
        ("fleet", "flow", ECHO),
        ("elsewhere", "../fleet/workflows/flow.js", ECHO),
        ("fleet/workflows", "./flow.js", "fleet:architect=component:echo-agent"),
    ] {
        let said = project.run_in(directory, &["run", name, "--yes", "--json", "--agent", agent]);
        assert_eq!(output(&said), expected, "{name}");
    }
    let said = project.run_in("elsewhere", &["run", "fleet:flow", "--yes", "--agent", ECHO]);
    assert_eq!(said.exit, 2, "{}", said.shown());
}
