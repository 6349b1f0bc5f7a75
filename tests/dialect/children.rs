//! `workflow()`: another workflow as a child.

use serde_json::json;

use crate::case::{cases, script, workflow as workflow_text};

cases! {
    /// `workflow()` gives the child's value; the child has its own `args`.
    D104_children: script(r#"
const all = []
for (const input of [{ a: 1 }, 'text', null, [1]]) all.push(await workflow('child', input))
all.push(await workflow('child'), await workflow('child', undefined))
return all"#)
        .with_workflow("child", "return { type: typeof args, args, own: typeof caught }")
        .done(json!([
            { "type": "object", "args": { "a": 1 }, "own": "undefined" },
            { "type": "string", "args": "text", "own": "undefined" },
            { "type": "object", "args": null, "own": "undefined" },
            { "type": "object", "args": [1], "own": "undefined" },
            { "type": "undefined", "own": "undefined" },
            { "type": "undefined", "own": "undefined" },
        ]));

    /// A child is found by its path, too.
    D104_children_by_path: script("return await workflow({ scriptPath: 'parts/child.js' }, 3)")
        .with("parts/child.js", workflow_text("other", "return args + 1"))
        .done(json!(4));

    /// A child calls no workflow.
    D105_one_level: script("return await workflow('child')")
        .with_workflow("child", "try { return await workflow('grandchild') }\n\
                       catch (error) { return { name: error.name, message: error.message } }")
        .with_workflow("grandchild", "return 'never'")
        .caught("", "WorkflowNestingError", &["1|one"]);

    /// An unknown name, an unreadable path and a child that does not parse reject; the parent goes on.
    D106_children_that_cannot_run: script(r#"
return [
  await caught(workflow('nowhere')),
  await caught(workflow({ scriptPath: 'parts/nowhere.js' })),
  await caught(workflow('torn')),
  await caught(workflow(['n', 'owhere'].join(''))),
  await agent('say on'),
]"#)
        .with(".baton/workflows/torn.js",
              "export const meta = { name: 'torn', description: 'd' }\nconst x = (1 +\nreturn x")
        .caught("/0", "WorkflowNotFoundError", &["nowhere"])
        .caught("/1", "WorkflowNotFoundError", &["parts/nowhere.js"])
        .caught("/2", "WorkflowScriptError", &["torn:3:1|torn.js:3:1", "return x"])
        .caught("/3", "WorkflowNotFoundError", &["nowhere"])
        .also(|ended| assert_eq!(ended.report["output"][4], "on"));

    /// Wrong kinds of names reject with a `TypeError`.
    D106_names_of_children: script(r#"
return await Promise.all([undefined, null, 3, {}, { scriptPath: 3 }, []].map((x) => caught(workflow(x))))"#)
        .also(|ended| {
            for error in ended.report["output"].as_array().unwrap() {
                assert_eq!(error["name"], "TypeError", "{error}");
            }
        });

    /// A child's agents count in the parent's cap and budget, and appear below its name.
    D107_children_share: vec![
        script("const a = await workflow('child')\nreturn [a, (await caught(agent('say 3'))).name]")
            .with_workflow("child", "return [await agent('say 1'), await agent('say 2')]")
            .flags(&["--limit", "run.agents=2"])
            .done(json!([["1", "2"], "WorkflowAgentCapError"]))
            .also(|ended| {
                assert_eq!(ended.report["usage"]["agents"], 2);
                let tree = ended.place.tree(ended.run());
                let child = tree.iter().find(|task| task["kind"] == "workflow").unwrap();
                assert_eq!(child["label"], "child");
                let prefix = format!("{}/", child["task"].as_str().unwrap());
                let below = tree.iter().filter(|task| task["task"].as_str().unwrap().starts_with(&prefix));
                assert_eq!(below.count(), 2, "{tree:#?}");
            }),
        script("await agent('tokens 40')\nreturn await workflow('child')")
            .with_workflow("child",
                "const first = budget.spent()\nawait agent('tokens 20')\n\
                 return [budget.total, first, budget.spent(), budget.remaining(),\n\
                 await agent('x').catch((e) => e.name)]")
            .worker().flags(&["--budget", "50"]).calls(2)
            .done(json!([50, 40, 60, 0, "WorkflowBudgetExceededError"])),
    ];

    /// While a child runs its parent has what is left of the one pool, too.
    D107_children_hold_nothing_back: script(r#"
return await parallel([() => workflow('child'), () => agent('tokens 5'), () => workflow('child')])"#)
        .with_workflow("child", "return await agent('tokens 10')")
        .worker().flags(&["--budget", "100"]).calls(3)
        .done(json!(["tokens 10", "tokens 5", "tokens 10"]));

    /// An error thrown by the child rejects the parent's promise with it.
    D108_child_errors: script("return await caught(workflow('child'))")
        .with_workflow("child", "const x = 1\nthrow new RangeError('out of the child')")
        .caught("", "RangeError|Error", &["out of the child"]);

    /// An error of a child that nobody catches ends the run.
    D108_child_errors_end_the_run: script("\nawait workflow('child')")
        .with_workflow("child", "throw new RangeError('out of the child')")
        .fails("script-error", &["out of the child"]).at(2, 7);
}
