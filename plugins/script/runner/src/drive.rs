//! From the envelope to the end of the script.

use std::rc::Rc;

use baton_script_source::Prepared;
use rquickjs::{CatchResultExt, Ctx, Function};
use serde_json::Value as Json;

use crate::bindings::baton::runtime::report::Level;
use crate::bindings::baton::runtime::tasks::{Completion, Delivery, Message};
use crate::bindings::baton::runtime::types::{Failure, Handoff};
use crate::envelope::{Run, Script};
use crate::failure::{self, Told, internal};
use crate::host;
use crate::machine::{self, End, Machine};
use crate::reading;
use crate::result;

/// What is in a script, as the output of a handoff.
pub fn inspect(script: &Script) -> Handoff {
    let inspection = reading::inspect(script);
    let summary = match inspection.errors.len() {
        0 => String::new(),
        count => format!("{} is refused: {count} errors", script.path),
    };
    let output = serde_json::to_string(&inspection).unwrap_or_default();
    result::handoff(summary, output)
}

/// Executes a script.
///
/// # Errors
/// What it failed with.
pub fn run(run: &Run, host: &host::Shared) -> Result<Handoff, Failure> {
    let script = &run.script;
    let prepared = baton_script_source::prepare(&script.path, &script.source)
        .map_err(|findings| failure::refused(&script.path, &findings))?;
    let prepared = Rc::new(prepared);
    let context = machine::context().map_err(|error| internal(&error.to_string()))?;
    let listener = Rc::default();
    machine::track_rejections(&context, &listener);
    let end = context.with(|ctx| {
        let told = Told { path: &script.path, source: &script.source, prepared: &prepared };
        let driver = Driver { ctx: &ctx, run, told, host };
        let (machine, body) = driver.start(&prepared)?;
        machine
            .listener(&ctx)
            .and_then(|hears| {
                listener.replace(Some(hears));
                driver.drive(&machine, body)
            })
            .catch(&ctx)
            .map_err(|error| driver.told.disturbed(&machine::Thrown::caught(error)))?
    });
    // The instance ends with the call: taking the engine apart would be work for nothing.
    std::mem::forget(context);
    end
}

/// The frames of the script.
struct Own {
    path: String,
    prepared: Rc<Prepared>,
}

impl Own {
    fn told(&self) -> Told<'_> {
        Told { path: &self.path, source: "", prepared: &self.prepared }
    }
}

impl machine::functions::Frames for Own {
    fn place(&self, stack: &str) -> String {
        self.told().place(stack)
    }

    fn lines(&self, stack: &str) -> String {
        let told = self.told();
        let frames = told.stack(stack).into_iter();
        frames.map(|frame| format!("    at {}\n", told.shown(&frame))).collect()
    }
}

struct Driver<'a, 'js> {
    ctx: &'a Ctx<'js>,
    run: &'a Run,
    told: Told<'a>,
    host: &'a host::Shared,
}

impl<'js> Driver<'_, 'js> {
    /// The globals of the dialect, and the script as a function.
    fn start(&self, prepared: &Rc<Prepared>) -> Result<(Machine<'js>, Function<'js>), Failure> {
        // Compiled before the prelude closes the way from text to code.
        let body =
            machine::evaluate(self.ctx, &prepared.text, self.told.path).map_err(|thrown| {
                let finding = reading::refusal(&self.run.script, prepared, &thrown);
                failure::refused(self.told.path, &[finding])
            })?;
        let frames =
            Rc::new(Own { path: self.told.path.to_owned(), prepared: Rc::clone(prepared) });
        let machine = Machine::new(self.ctx, self.run, prepared.awaits.len(), frames, self.host)
            .map_err(|thrown| internal(&thrown.to_string()))?;
        Ok((machine, body))
    }

    fn drive(
        &self,
        machine: &Machine<'js>,
        body: Function<'js>,
    ) -> rquickjs::Result<Result<Handoff, Failure>> {
        machine.begin(body)?;
        loop {
            while self.ctx.execute_pending_job() {}
            match machine.ask("state")?.as_str() {
                "pending" => {}
                state => {
                    machine.tell("tellOrphans")?;
                    let finished = state == "fulfilled";
                    return if finished { self.finished(machine) } else { self.threw(machine) };
                }
            }
            // Asked first: a script that takes messages but awaits none would wait for ever.
            let next = if machine.waits()? { self.host.wait_any().ok() } else { None };
            match next {
                Some(Delivery::Completion(completion)) => {
                    machine.settle(end(completion, self.run.extensions))?;
                }
                Some(Delivery::Message(Message { sender, text })) => {
                    if !machine.hear(&sender, &text)? {
                        let line = format!("{sender} says, and the script does not listen: {text}");
                        self.host.log(Level::Info, &line);
                    }
                }
                None => {
                    machine.tell("tellOrphans")?;
                    let pending = pending(machine)?;
                    return Ok(Err(self.told.stuck(&pending)));
                }
            }
        }
    }

    fn finished(&self, machine: &Machine<'js>) -> rquickjs::Result<Result<Handoff, Failure>> {
        let Some(output) = machine.ask_for("finish")? else {
            let why: Json = parsed(&machine.ask("unfitness")?);
            let text = |key: &str| why[key].as_str().unwrap_or_default();
            return Ok(Err(self.told.result(text("path"), text("problem"))));
        };
        let summary: Json = parsed(&machine.ask("summary")?);
        result::report_open(&summary, self.host);
        Ok(Ok(result::of_script(&summary, result::sound(&output))))
    }

    fn threw(&self, machine: &Machine<'js>) -> rquickjs::Result<Result<Handoff, Failure>> {
        let facts: Json = parsed(&machine.ask("failure")?);
        Ok(Err(self.told.error(&facts, &pending(machine)?)))
    }
}

fn pending(machine: &Machine<'_>) -> rquickjs::Result<Vec<usize>> {
    Ok(serde_json::from_str(&machine.ask("pending")?).unwrap_or_default())
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_default()
}

/// A completion as the prelude takes it.
fn end(completion: Completion, extensions: bool) -> End {
    let Completion { task, outcome, usage } = completion;
    let mut end = End { task, output: None, failure: None, extra: None, usage };
    match outcome {
        Ok(handoff) => {
            if extensions {
                end.extra = Some(result::extra(&handoff).to_string());
            }
            end.output = Some(handoff.output);
        }
        Err(failure) => end.failure = Some(result::failure(&failure).to_string()),
    }
    end
}
