//! The global `baton`, where a run allows it.

use serde_json::{Value, json};

use crate::case::{Case, cases, script, steps, text};
use crate::place::WORKER;

/// A script of a run that allows extensions.
fn extended(body: &str) -> Case {
    script(body).flags(&["--extensions"])
}

cases! {
    /// Without the grant there is no `baton`.
    D192_absent: vec![
        script("return [typeof baton, 'baton' in globalThis, Object.keys(globalThis).includes('baton')]")
            .done(json!(["undefined", false, false])),
        extended("return [typeof baton, typeof baton.version, baton.features.every((f) => typeof f === 'string'),\n\
                  baton.features.includes('exec'), typeof baton.exec]")
            .done(json!(["object", "string", true, true, "function"])),
    ];

    /// `opts.baton` changes nothing in a run without extensions.
    D193_options_without_the_grant: script(r#"
await agent('facts')
return JSON.parse(await agent('facts', { baton: { provider: 'command:nothing', timeoutMs: 1, tools: 3 } })).attempt"#)
        .done(json!(1))
        .also(|ended| {
            let asked = ended.asked();
            assert_eq!(asked[0]["digest"], asked[1]["digest"]);
        });

    /// `baton.readText` gives what was read first, though the file has changed.
    D196_first_read_bytes: steps(|place| {
        place.write("case.js", text(r#"
const text = await baton.readText('notes/a.txt')
await agent('hold it')
return [text, (await baton.readJson('notes/b.json')).x, await baton.glob('notes/*')]"#));
        place.write("notes/a.txt", "old é");
        place.write("notes/b.json", "{\"x\":[1]}");
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--extensions", "--root", "."];
        let run = place.killed(&start, || place.calls().len() == 1);
        place.write("notes/a.txt", "new");
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"][0], "old é", "{report}");
        assert_eq!(report["output"][1], json!([1]));
        let paths = report["output"][2].to_string();
        assert!(paths.contains("notes/a.txt") && paths.contains("notes/b.json"), "{paths}");
    });

    /// A path outside the grant rejects, by links and `..` as well.
    D197_paths_outside: steps(|place| {
        place.write("secret.txt", "the secret");
        place.write("root/a.txt", "inside");
        place.write("root/case.js", text(r#"
const paths = ['../secret.txt', 'link.txt', '/etc/passwd', 'a/../../secret.txt', 'dir/secret.txt', 'nowhere.txt', '']
return [await baton.readText('a.txt'), await Promise.all(paths.map((p) => caught(baton.readText(p)))),
  await Promise.all([undefined, 3, {}].map((p) => caught(baton.readText(p))))]"#));
        std::os::unix::fs::symlink("../secret.txt", place.path("root/link.txt")).unwrap();
        std::os::unix::fs::symlink("..", place.path("root/dir")).unwrap();
        let start = ["run", "root/case.js", "--yes", "--json", "--extensions", "--root", "root"];
        let report = place.say(&start).report();
        assert_eq!(report["output"][0], "inside", "{report}");
        for error in report["output"][1].as_array().unwrap().iter().chain(report["output"][2].as_array().unwrap()) {
            assert!(error["name"].as_str().is_some_and(|name| name.ends_with("Error")), "{error}");
            assert_eq!(error.get("value"), None, "{error}");
        }
        assert!(!report.to_string().contains("the secret"), "{report}");
        let ungranted = place.say(&["run", "root/case.js", "--yes", "--json", "--extensions"]);
        assert!(!ungranted.stdout.contains("the secret") && !ungranted.stdout.contains("inside"), "{ungranted:?}");
    });

    /// `baton.sleep` has a moment at which it ends, whether a process is alive or not.
    D199_sleep: steps(|place| {
        place.write("case.js", text("await agent('open started')\nawait baton.sleep(5000)\nreturn 'woke'"));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--extensions"];
        let sleeps = |run: &str| place.tree(run).iter().filter(|t| t["kind"] == "timer").count();
        let run = place.killed(&start, || {
            place.path("gate-started").exists() && sleeps(&place.runs()[0]) == 1
        });
        // Long enough that it is killed before; and now it passes with nobody there.
        std::thread::sleep(std::time::Duration::from_millis(5_000));
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], "woke", "{report}");
        assert_eq!(sleeps(&run), 1);
        let journal = place.journal(&run);
        let at = |kind: &str, n: usize| {
            let found = journal.iter().filter(|r| r["kind"] == kind).nth(n).unwrap();
            found["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
        };
        let timer = journal.iter().find(|r| r["body"]["work"]["sleep"].is_object()).unwrap();
        let due = timer["body"]["work"]["sleep"]["due"].as_i64().unwrap();
        assert!(at("resumed", 0) >= due, "the process was down when it was due");
        assert!(at("completed", 1) >= due);
    });

    /// `baton.agent` and `agent` with equal arguments are one request.
    D200_one_key: extended(r#"
const plain = await agent('say a', { label: 'x' })
const full = await baton.agent('say a', { label: 'x' })
const failed = await baton.agent('fail why', { label: 'y' })
return [plain, full.ok, full.value, failed.ok, failed.value ?? null, typeof full.outcome, typeof failed.error]"#)
        .also(|ended| {
            let output = ended.report["output"].as_array().expect("a result").clone();
            assert_eq!(output[..5], [json!("a"), json!(true), json!("a"), json!(false), Value::Null]);
            assert_eq!(output[5], "string", "{output:?}");
            let asked = ended.asked();
            assert_eq!(asked[0]["digest"], asked[1]["digest"]);
        });

    /// A budget of its own: what is over it rejects, what is outside is unaffected, the rest returns.
    D202_budget_of_a_part: extended(r#"
const inside = await baton.budget({ agents: 3 }, async () => {
  const all = []
  for (let i = 0; i < 4; i++) all.push(await caught(agent(`say ${i}`)))
  return all
})
return [inside.map((x) => x.value ?? x.name), await agent('say outside'),
  await baton.budget({ agents: 1 }, () => agent('say again'))]"#)
        .done(json!([["0", "1", "2", "WorkflowBudgetExceededError"], "outside", "again"])).calls(5);

    /// `opts.baton.timeoutMs` ends the process, and in the end rejects with the cause.
    D203_time_of_a_call: extended(r#"
const late = await caught(agent('hold for-ever', { baton: { timeoutMs: 300 } }))
return { ...late, fine: await agent('soon', { baton: { timeoutMs: 60000 } }) }"#)
        .worker().caught("", "WorkflowStallError", &["300"])
        .also(|ended| {
            assert_eq!(ended.report["output"]["fine"], "soon");
            ended.place.nobody_is_left();
        });

    /// `baton check --portable` lists every extension with its line, and exits non-zero.
    D204_portable: steps(|place| {
        place.write("case.js", text(
            "if (typeof baton !== 'undefined') await baton.sleep(1)\n\
             const text = await baton.readText('x')\nreturn await agent('say x', { baton: { timeoutMs: 1 } })",
        ));
        let said = place.say(&["check", "case.js", "--portable", "--json"]);
        assert_eq!(said.exit, 1, "{said:?}");
        let used: Vec<(String, u64)> = said.report()["extensions"].as_array().unwrap().iter()
            .map(|e| (e["name"].as_str().unwrap().to_owned(), e["line"].as_u64().unwrap())).collect();
        for wanted in [("baton.sleep", 2), ("baton.readText", 3)] {
            assert!(used.iter().any(|(name, line)| (name.as_str(), *line) == wanted), "{used:?}");
        }
        assert!(used.iter().any(|(name, line)| name.contains("baton") && *line == 4), "{used:?}");
        place.write("plain.js", text("return await agent('say x')"));
        let said = place.say(&["check", "plain.js", "--portable"]);
        assert_eq!(said.exit, 0, "{said:?}");
    });

    /// Settings of the project allow extensions and leniency as flags do.
    D192_settings: script("return [typeof baton, typeof Math.random()]")
        .with("baton.toml", "[scripts]\nextensions = true\nlenient = true\n")
        .done(json!(["object", "number"]));

    /// Time, random numbers and ids of `baton` are recorded: the same after a kill.
    D199_recorded_values: steps(|place| {
        place.write("case.js", text(r#"
const first = [await baton.now(), await baton.random(), await baton.uuid()]
await agent('hold it', { label: JSON.stringify(first) })
return first"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--extensions"];
        let run = place.killed(&start, || place.calls().len() == 1);
        let seen: Value = serde_json::from_str(place.tree(&run)[0]["label"].as_str().unwrap()).unwrap();
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], seen);
        assert!(seen[0].as_u64().unwrap() > 1_600_000_000_000, "{seen}");
        assert_eq!(seen[2].as_str().unwrap().len(), 36);
    });

    /// `retry`, `limit` and `memo` do what they say.
    D202_helpers: extended(r#"
let tries = 0, most = 0, now = 0, made = 0
const retried = await baton.retry(async () => { tries += 1; if (tries < 3) throw new Error('again'); return tries },
  { times: 5, backoffMs: 1 })
const given = await caught(baton.retry(() => { throw new Error('never') }, { times: 2, backoffMs: 1 }))
const limited = await baton.limit(2, [1, 2, 3, 4, 5].map((i) => async () => {
  now += 1; most = Math.max(most, now); await agent(`say ${i}`); now -= 1; return i }))
const memo = () => baton.memo('key', async () => { made += 1; return await agent('say made') })
return [retried, given.message, limited, most, await Promise.all([memo(), memo()]), made]"#)
        .done(json!([3, "never", [1, 2, 3, 4, 5], 2, ["made", "made"], 1]));

    /// What a run produced is kept by name.
    D200_artifacts: extended(r#"
const kept = await baton.artifact('report.md', '# é')
return [kept.sha256 ?? kept.digest ?? kept]"#)
        .also(|ended| {
            ended.is("done");
            let artifacts = ended.report["artifacts"].as_array().unwrap();
            let recorded = ended.journal().iter().any(|r| r["body"]["report"]["artifact"]["name"] == "report.md");
            assert!(recorded || artifacts.iter().any(|a| a["name"] == "report.md"), "{}", ended.report);
        });
}
