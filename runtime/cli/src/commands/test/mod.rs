//! `baton test`: recorded cases of a component or script, in the sandbox.

mod answers;
mod cases;
mod difference;
mod flow;
mod perform;
mod place;
mod report;

use std::path::Path;
use std::sync::Arc;

use baton_core::handoff::Failure;
use baton_core::manifest::{Manifest, World};
use serde_json::{Value, json};

use self::cases::{Case, CaseFile, Expect};
use self::difference::{Difference, differences};
use self::perform::{Bench, End};
use self::place::Place;
use self::report::{Ended, Got, Report};
use crate::args::{Common, TestArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{note, stdout};
use crate::program::component::{Component, accepted};
use crate::program::{Target, locate};
use crate::project::Project;
use crate::session;
use crate::shapes;
use crate::text::{nearest, plural};

/// What is tested.
enum Tested {
    Tool(Box<Component>, Box<Manifest>),
    Agent(Box<Component>, Box<Manifest>),
    Workflow,
}

impl Tested {
    fn of(file: &str, project: &mut Project) -> Result<Self> {
        let component = match locate(file, project)? {
            Target::Script(_) => return Ok(Self::Workflow),
            Target::Component(component) => component,
        };
        // A component whose world cannot be told is refused for what it is as a workflow.
        let world = component.inspection.world.unwrap_or(World::Workflow);
        let manifest = Box::new(accepted(&component, file, world)?);
        Ok(match world {
            World::Tool => Self::Tool(component, manifest),
            World::Agent => Self::Agent(component, manifest),
            World::Workflow => Self::Workflow,
        })
    }

    fn world(&self) -> World {
        match self {
            Self::Tool(..) => World::Tool,
            Self::Agent(..) => World::Agent,
            Self::Workflow => World::Workflow,
        }
    }
}

/// Performs the cases. The exit code says whether all of them passed.
///
/// # Errors
/// When there are no cases, or they or the component cannot be used.
pub fn run(args: &TestArgs, common: &Common) -> Result<Exit> {
    if let Some(file) = &args.answer {
        return answers::answer(file);
    }
    let home = Home::find(common)?;
    let mut project = Project::open(home.clone())?;
    let tested = Tested::of(&args.file, &mut project)?;
    let mut files = cases::find(&args.file, args.cases.as_deref())?;
    known(&files, &args.names)?;
    let bench = Bench::new(Arc::new(session::host(&home)?))?;
    let mut all = Vec::new();
    for file in &mut files {
        let shown = file.path.display().to_string();
        let beside = file.path.parent().unwrap_or(Path::new("")).to_owned();
        let mut changed = false;
        for case in &mut file.cases {
            if !args.names.is_empty() && !args.names.contains(&case.name) {
                continue;
            }
            let place = Place::of(case, &beside)?;
            let end = match &tested {
                Tested::Tool(component, manifest) => bench.tool(component, manifest, case, &place),
                Tested::Agent(component, manifest) => {
                    bench.agent(component, manifest, case, &place)
                }
                Tested::Workflow => bench.workflow(&args.file, &mut project, case, &place),
            }?;
            let mut ended = judge(case, end, &place, &shown)?;
            if args.update && !ended.passed {
                case.expect = expectation(&ended.got, case, &place)?;
                (ended.updated, changed) = (true, true);
            }
            if !args.json {
                stdout(&report::shown(&ended))?;
            }
            all.push(ended);
        }
        if changed {
            file.write()?;
        }
    }
    let passed = all.iter().filter(|ended| ended.passed || ended.updated).count();
    let failed = all.len() - passed;
    if args.json {
        let world = tested.world();
        let report = Report { file: args.file.clone(), world, passed, failed, cases: all };
        stdout(&shapes::line(&report)?)?;
    } else {
        note(&format!("{} passed, {failed} failed", plural(passed as u64, "case")));
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// Refuses names that no case has.
fn known(files: &[CaseFile], wanted: &[String]) -> Result<()> {
    let names = || files.iter().flat_map(|file| &file.cases).map(|case| case.name.as_str());
    match wanted.iter().find(|wanted| !names().any(|name| name == wanted.as_str())) {
        None => Ok(()),
        Some(absent) => {
            let error = CliError::new(Code::Argument, format!("there is no case `{absent}`"));
            Err(match nearest(absent, names()) {
                Some(meant) => error.hint(format!("did you mean `{meant}`?")),
                None => {
                    error.hint(format!("there are: {}", names().collect::<Vec<_>>().join(", ")))
                }
            })
        }
    }
}

/// Holds what came against what was expected.
fn judge(case: &Case, end: End, place: &Place, file: &str) -> Result<Ended> {
    let Expect { output, error, files } = &case.expect;
    let mut found = match (&end.result, output, error) {
        (Ok(got), Some(expected), _) => differences("output", expected, got),
        (Err(failure), _, Some(expected)) if *expected == failure.code => Vec::new(),
        (Err(failure), None, Some(expected)) => {
            vec![Difference::new("error", Some(json!(expected)), Some(json!(failure.code)))]
        }
        (Ok(got), None, Some(expected)) => {
            vec![
                Difference::new("error", Some(json!(expected)), None),
                Difference::new("output", None, Some(got.clone())),
            ]
        }
        (Err(failure), Some(expected), _) => vec![
            Difference::new("output", Some(expected.clone()), None),
            Difference::new("error", None, Some(json!(failure.code))),
        ],
        (Ok(got), None, None) => vec![Difference::new("output", None, Some(got.clone()))],
        (Err(failure), None, None) => {
            vec![Difference::new("error", None, Some(json!(failure.code)))]
        }
    };
    for (path, got) in place.texts(files.keys())? {
        let expected = files.get(&path).cloned().flatten();
        if expected != got {
            let (expected, got) = (expected.map(Value::from), got.map(Value::from));
            found.push(Difference::new(&format!("files.{path}"), expected, got));
        }
    }
    let got = match end.result {
        Ok(output) => Got::Output(output),
        Err(Failure { code, message, .. }) => Got::Error { code, message },
    };
    Ok(Ended {
        name: case.name.clone(),
        file: file.to_owned(),
        passed: found.is_empty(),
        differences: found,
        got,
        denied: end.denied,
        updated: false,
    })
}

/// What came, as what is expected from now on.
fn expectation(got: &Got, case: &Case, place: &Place) -> Result<Expect> {
    let files = place.texts(case.expect.files.keys())?;
    Ok(match got {
        Got::Output(output) => Expect { output: Some(output.clone()), error: None, files },
        Got::Error { code, .. } => Expect { output: None, error: Some(code.clone()), files },
    })
}
