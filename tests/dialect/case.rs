//! Cases: a script, what it may do, and what must come of it.

use serde_json::Value;

use crate::place::{COMPONENT, Place, Said, WORKER};

/// The first line of a script that says nothing of its own, with a helper that turns a rejection
/// into a value.
const HEAD: &str = "export const meta = { name: 'case', description: 'A case.' }; \
    const caught = async (promise) => { try { return { value: await promise } } \
    catch (error) { return { name: error.name, message: error.message } } };";

/// The place of what is refused as a whole.
pub const NO_PLACE: (u32, u32) = (0, 0);

/// The file of a case's script.
pub const FILE: &str = "case.js";

/// The text of a script with a first line of its own. The lines of `body` count from 2.
pub fn text(body: &str) -> String {
    let gap = if body.starts_with('\n') { "" } else { "\n" };
    format!("{HEAD}{gap}{body}")
}

type Check = Box<dyn Fn(&Ended<'_>)>;

/// A script and what must come of it.
pub struct Case {
    script: Vec<u8>,
    agent: Option<&'static str>,
    flags: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
    checks: Vec<Check>,
}

/// A case of several commands.
pub struct Steps(Box<dyn FnOnce(&Place)>);

/// What can be run as a test.
pub trait Runs {
    fn run(self, label: &str);
}

/// Tests from a table: what holds, its number and name, and a case, several, or steps.
macro_rules! cases {
    ($($(#[doc = $says:literal])+ $name:ident: $case:expr;)+) => {
        $(
            #[test]
            #[allow(non_snake_case, reason = "the number of the behaviour as it is written")]
            fn $name() {
                $crate::case::Runs::run($case, concat!(stringify!($name), ":", $($says),+));
            }
        )+
    };
}
pub(crate) use cases;

/// A case of a script of which `body` is everything after the first line.
pub fn script(body: &str) -> Case {
    file(text(body))
}

/// A case of a script as a whole.
pub fn file(script: impl AsRef<[u8]>) -> Case {
    Case {
        script: script.as_ref().to_vec(),
        agent: Some(COMPONENT),
        flags: Vec::new(),
        files: Vec::new(),
        checks: Vec::new(),
    }
}

pub fn steps(steps: impl FnOnce(&Place) + 'static) -> Steps {
    Steps(Box::new(steps))
}

impl Case {
    /// Its agents are programs.
    pub fn worker(mut self) -> Self {
        self.agent = Some(WORKER);
        self
    }

    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(ToString::to_string));
        self
    }

    /// With another file in the project.
    pub fn with(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push((path.into(), bytes.as_ref().to_vec()));
        self
    }

    /// With another script of the project that is found by `name`.
    pub fn with_workflow(self, name: &str, body: &str) -> Self {
        let path = format!(".baton/workflows/{name}.js");
        self.with(&path, workflow(name, body))
    }

    pub fn also(mut self, check: impl Fn(&Ended<'_>) + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// It is done, with this result.
    pub fn done(self, output: Value) -> Self {
        self.also(move |ended| {
            ended.is("done");
            assert_eq!(ended.report["output"], output, "{}", ended.said.stderr);
            assert_eq!(ended.said.exit, 0);
        })
    }

    /// The script failed, with that code and all of these words (`a|b`: one of them).
    pub fn fails(self, code: &'static str, words: &'static [&'static str]) -> Self {
        self.also(move |ended| {
            ended.is("failed");
            let failure = &ended.report["error"]["failure"];
            assert_eq!(failure["code"], code, "{}", ended.report);
            says(&ended.report["error"]["message"], words);
        })
    }

    /// The failure has this place in the script.
    pub fn at(self, line: u64, column: u64) -> Self {
        self.also(move |ended| {
            let detail = &ended.report["error"]["failure"]["detail"];
            let found = (detail["line"].as_u64(), detail["column"].as_u64());
            assert_eq!(found, (Some(line), Some(column)), "{}", ended.report);
        })
    }

    /// The failure has this line in the script.
    pub fn at_line(self, line: u64) -> Self {
        self.also(move |ended| {
            let detail = &ended.report["error"]["failure"]["detail"];
            assert_eq!(detail["line"], line, "{}", ended.report);
        })
    }

    /// It never started: there is no run.
    pub fn refused(
        self,
        code: &'static str,
        place: (u32, u32),
        words: &'static [&'static str],
    ) -> Self {
        self.also(move |ended| {
            assert_eq!(ended.said.exit, 3, "{}", ended.said.stderr);
            assert_eq!(ended.report["run"], Value::Null, "{}", ended.report);
            let message = ended.report["error"]["message"].as_str().unwrap_or_default();
            let (line, column) = place;
            let whole = place == NO_PLACE;
            assert!(whole || message.contains(&format!(" {line}:{column}: ")), "{message}");
            assert!(message.contains(&format!("({code})")), "{message}");
            says(&ended.report["error"]["message"], words);
            assert_eq!(ended.place.runs(), [] as [String; 0]);
        })
    }

    /// So many agents were asked for and accepted.
    pub fn calls(self, count: usize) -> Self {
        self.also(move |ended| assert_eq!(ended.agents().len(), count, "agents"))
    }

    /// All lines of the log, each with its level as in `info: text`.
    pub fn logs(self, lines: &'static [&'static str]) -> Self {
        self.also(move |ended| assert_eq!(ended.logs(), lines))
    }

    /// A line of the log of that level has all of these words (`a|b`: one of them).
    pub fn log_says(self, level: &'static str, words: &'static [&'static str]) -> Self {
        self.also(move |ended| {
            let logs = ended.logs();
            let fits = |line: &&String| {
                line.starts_with(level) && words.iter().all(|word| has(line, word))
            };
            assert!(logs.iter().any(|line| fits(&line)), "{level} {words:?}: {logs:#?}");
        })
    }

    /// A value of the result is an error that was caught.
    pub fn caught(
        self,
        pointer: &'static str,
        name: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        self.also(move |ended| {
            ended.is("done");
            let error = ended.report["output"].pointer(pointer).unwrap_or(&Value::Null);
            let named = name.split('|').any(|name| error["name"] == name);
            assert!(named, "{name}: {}", ended.report["output"]);
            says(&error["message"], words);
        })
    }

    /// So many tasks ended without a result.
    pub fn failed_tasks(self, count: u64) -> Self {
        self.also(move |ended| assert_eq!(ended.report["failed_tasks"], count))
    }
}

impl Case {
    /// Runs it in a project that may have had other runs.
    pub fn run_in(self, place: &Place, label: &str) {
        place.write(FILE, &self.script);
        for (path, bytes) in &self.files {
            place.write(path, bytes);
        }
        let mut arguments = vec!["run", FILE, "--yes", "--json", "--plain"];
        if let Some(agent) = self.agent {
            arguments.extend(["--agent", agent]);
        }
        arguments.extend(self.flags.iter().map(String::as_str));
        eprintln!("{label}\n{}\n{arguments:?}", shown(&self.script));
        let ended = Ended::of(place, place.say(&arguments));
        eprintln!("{}{}", ended.said.stdout, ended.said.stderr);
        assert!(!ended.said.stderr.contains("panicked"), "{}", ended.said.stderr);
        for check in &self.checks {
            check(&ended);
        }
    }
}

impl Runs for Case {
    fn run(self, label: &str) {
        self.run_in(&Place::new(), label);
    }
}

impl Runs for Vec<Case> {
    fn run(self, label: &str) {
        for case in self {
            case.run(label);
        }
    }
}

impl Runs for Steps {
    fn run(self, label: &str) {
        eprintln!("{label}");
        let place = Place::new();
        (self.0)(&place);
    }
}

/// How a run ended, or why there was none.
pub struct Ended<'p> {
    pub place: &'p Place,
    pub said: Said,
    pub report: Value,
}

impl<'p> Ended<'p> {
    pub fn of(place: &'p Place, said: Said) -> Self {
        let report = said.report();
        Self { place, said, report }
    }

    pub fn is(&self, state: &str) {
        assert_eq!(self.report["state"], state, "{} {}", self.report, self.said.stderr);
    }

    pub fn run(&self) -> &str {
        self.report["run"].as_str().expect("a run")
    }

    pub fn journal(&self) -> Vec<Value> {
        self.place.journal(self.run())
    }

    /// Agent tasks of the tree, in the order of their paths.
    pub fn agents(&self) -> Vec<Value> {
        if self.report["run"].is_null() {
            return Vec::new();
        }
        let tree = self.place.tree(self.run());
        tree.into_iter().filter(|task| task["kind"] == "agent").collect()
    }

    /// Requests for agents as they were recorded.
    pub fn asked(&self) -> Vec<Value> {
        spawned(&self.journal())
    }

    /// Log lines, each after its level.
    pub fn logs(&self) -> Vec<String> {
        logs(&self.journal())
    }
}

/// Spawned agents among records.
pub fn spawned(journal: &[Value]) -> Vec<Value> {
    let agents = journal.iter().filter(|record| record["kind"] == "spawned");
    agents
        .map(|record| record["body"].clone())
        .filter(|body| body["work"]["agent"].is_object())
        .collect()
}

/// Log lines among records, each after its level.
pub fn logs(journal: &[Value]) -> Vec<String> {
    let reports = journal.iter().filter(|record| record["kind"] == "reported");
    reports
        .filter_map(|record| {
            let log = &record["body"]["report"]["log"];
            Some(format!("{}: {}", log["level"].as_str()?, log["text"].as_str()?))
        })
        .collect()
}

/// The text of a script by that name.
pub fn workflow(name: &str, body: &str) -> String {
    format!("export const meta = {{ name: '{name}', description: 'Called by a case.' }}\n{body}")
}

/// A text says all of these words.
pub fn says(text: &Value, words: &[&str]) {
    let text = text.as_str().unwrap_or_default();
    for word in words {
        assert!(has(text, word), "`{word}` is missing: {text}");
    }
}

fn has(text: &str, word: &str) -> bool {
    word.split('|').any(|word| text.to_lowercase().contains(&word.to_lowercase()))
}

/// A script for whoever reads a failure; long ones by their beginning.
fn shown(script: &[u8]) -> String {
    String::from_utf8_lossy(script).chars().take(2_000).collect()
}
