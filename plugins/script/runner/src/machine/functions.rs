//! The functions of the host as the prelude calls them. Scripts never see them.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::function::{Func, Opt};
use rquickjs::{Ctx, Object, Value};
use serde_json::json;

use super::random::{Numbers, Source};
use crate::bindings::baton::runtime::report::Level;
use crate::bindings::baton::runtime::tasks::{AgentSpec, WorkflowSpec};
use crate::bindings::baton::runtime::tools::{ToolInfo, ToolSpec};
use crate::bindings::baton::runtime::types::{Refusal, RefusalKind};
use crate::host;

/// Knows the script's own frames in a stack as QuickJS writes it.
pub trait Frames {
    /// `path:line:column` of the first of them, or nothing.
    fn place(&self, stack: &str) -> String;

    /// All of them, a line each, in places of the file.
    fn lines(&self, stack: &str) -> String;
}

/// The functions, as an object.
pub fn of<'js>(
    ctx: &Ctx<'js>,
    host: &host::Shared,
    frames: Rc<dyn Frames>,
) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    super::encoding::add(&object)?;
    super::files::add(&object, host)?;
    tasks(&object, host)?;
    tools(&object, host)?;
    people(&object, host)?;
    reports(&object, host)?;
    let now = Rc::clone(host);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
    object.set("now", Func::from(move || now.now_ms() as f64))?;
    let numbers = Rc::new(RefCell::new(Numbers::new(Source::Host(Rc::clone(host)))));
    let again = Rc::clone(&numbers);
    object.set("random", Func::from(move || numbers.borrow_mut().fraction()))?;
    object.set("uuid", Func::from(move || again.borrow_mut().uuid()))?;
    object.set("label", Func::from(|prompt: String| label(&prompt)))?;
    let again = Rc::clone(&frames);
    object.set("place", Func::from(move |stack: String| frames.place(&stack)))?;
    object.set("stack", Func::from(move |stack: String| again.lines(&stack)))?;
    Ok(object)
}

fn tasks<'js>(object: &Object<'js>, host: &host::Shared) -> rquickjs::Result<()> {
    let at = Rc::clone(host);
    object.set(
        "spawnAgent",
        Func::from(
            move |ctx: Ctx<'js>, prompt: String, schema: Opt<Value<'js>>, options: String| {
                let schema =
                    schema.0.and_then(|schema| schema.as_string().map(|text| text.to_string()));
                let spec = AgentSpec { prompt, input: None, schema: schema.transpose()?, options };
                started(&ctx, at.spawn_agent(&spec))
            },
        ),
    )?;
    let at = Rc::clone(host);
    object.set(
        "spawnWorkflow",
        Func::from(move |ctx: Ctx<'js>, name: String, input: String, options: String| {
            started(&ctx, at.spawn_workflow(&WorkflowSpec { name, input, options }))
        }),
    )?;
    let at = Rc::clone(host);
    object.set(
        "sleep",
        Func::from(move |ctx: Ctx<'js>, milliseconds: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and the host refuses what is too long"
            )]
            let milliseconds = milliseconds as u64;
            started(&ctx, at.sleep(milliseconds))
        }),
    )?;
    let at = Rc::clone(host);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number came from the host"
    )]
    object.set("cancel", Func::from(move |task: f64| at.cancel(task as u64)))
}

fn tools<'js>(object: &Object<'js>, host: &host::Shared) -> rquickjs::Result<()> {
    let at = Rc::clone(host);
    object.set(
        "spawnTool",
        Func::from(move |ctx: Ctx<'js>, name: String, input: String, options: String| {
            started(&ctx, at.spawn_tool(&ToolSpec { name, input, options }))
        }),
    )?;
    let at = Rc::clone(host);
    object.set(
        "tools",
        Func::from(move || {
            let list: Vec<_> = at.tools().iter().map(shown).collect();
            serde_json::Value::Array(list).to_string()
        }),
    )
}

fn people<'js>(object: &Object<'js>, host: &host::Shared) -> rquickjs::Result<()> {
    let at = Rc::clone(host);
    object.set(
        "askGate",
        Func::from(move |ctx: Ctx<'js>, question: String, options: String| {
            started(&ctx, at.ask(&question, &options))
        }),
    )?;
    let at = Rc::clone(host);
    object.set("listen", Func::from(move || at.listen()))
}

/// A tool as scripts see it; a schema that the host did not name is absent.
fn shown(tool: &ToolInfo) -> serde_json::Value {
    let mut shown = json!({ "name": tool.name, "description": tool.description });
    for (key, schema) in [("input", &tool.input), ("output", &tool.output)] {
        let schema: Option<serde_json::Value> =
            schema.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if let (Some(schema), Some(members)) = (schema, shown.as_object_mut()) {
            members.insert(key.into(), schema);
        }
    }
    shown
}

fn reports(object: &Object<'_>, host: &host::Shared) -> rquickjs::Result<()> {
    let at = Rc::clone(host);
    object.set("phase", Func::from(move |title: String| at.phase(&title)))?;
    let at = Rc::clone(host);
    object.set(
        "log",
        Func::from(move |level: String, text: String| {
            let level = match level.as_str() {
                "debug" => Level::Debug,
                "warn" => Level::Warn,
                "error" => Level::Error,
                _ => Level::Info,
            };
            at.log(level, &text);
        }),
    )
}

/// The number of a task, or the refusal as JSON text.
fn started<'js>(ctx: &Ctx<'js>, answer: Result<u64, Refusal>) -> rquickjs::Result<Value<'js>> {
    match answer {
        #[expect(clippy::cast_precision_loss, reason = "tasks of a run are far fewer")]
        Ok(task) => Ok(Value::new_number(ctx.clone(), task as f64)),
        Err(refusal) => {
            let text = json!({
                "kind": kind(refusal.kind),
                "code": refusal.code,
                "message": refusal.message,
                "hint": refusal.hint,
            });
            rquickjs::String::from_str(ctx.clone(), &text.to_string()).map(Into::into)
        }
    }
}

fn kind(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Invalid => "invalid",
        RefusalKind::Denied => "denied",
        RefusalKind::Limit => "limit",
        RefusalKind::Budget => "budget",
        RefusalKind::NotFound => "not-found",
    }
}

/// Characters of the label of a call that was given none.
const LABEL_CHARACTERS: usize = 60;

/// The start of a prompt in one line.
fn label(prompt: &str) -> String {
    // White space can take most of a prompt, so its beginning is not enough to look at.
    let words = prompt.split_whitespace();
    let mut label = String::new();
    for word in words {
        if !label.is_empty() {
            label.push(' ');
        }
        label.push_str(word);
        if let Some((end, _)) = label.char_indices().nth(LABEL_CHARACTERS) {
            label.truncate(end);
            break;
        }
    }
    label.truncate(label.trim_end().len());
    label
}
