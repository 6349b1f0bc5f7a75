//! QuickJS with the prelude in it.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::function::Args;
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime, Value,
};

use crate::bindings::baton::runtime::tasks::Usage;
use crate::envelope::Run;
use crate::{heap, host, prelude};

mod encoding;
mod files;
pub mod functions;
mod random;

/// Bytes of stack for QuickJS. With the native frames that belong to them they stay below what the
/// host gives a guest, so that recursion without end is a `RangeError`.
pub const STACK_BYTES: usize = 512 << 10;

/// Bytes of objects before cycles among them are looked for the first time. Most scripts end
/// before.
const GC_THRESHOLD_BYTES: usize = 4 << 20;

/// What is in QuickJS: no clock beside `Date`, no weak references.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::DOMException,
);

/// Hears of rejections.
pub type Listener = Persistent<Function<'static>>;

/// Lets the listener, as soon as there is one, hear of rejections.
pub fn track_rejections(context: &Context, listener: &Rc<RefCell<Option<Listener>>>) {
    let listener = Rc::clone(listener);
    context.runtime().set_host_promise_rejection_tracker(Some(Box::new(
        move |ctx: Ctx<'_>, promise: Value<'_>, reason: Value<'_>, handled| {
            let Some(listener) = listener.borrow().clone() else { return };
            // Where there is no room for the call there is none for a note either.
            let _ = listener
                .restore(&ctx)
                .and_then(|listener| listener.call::<_, ()>((promise, reason, handled)));
        },
    )));
}

/// A fresh engine.
///
/// # Errors
/// When there is no memory for it.
pub fn context() -> rquickjs::Result<Context> {
    let runtime = Runtime::new_with_alloc(heap::Heap)?;
    runtime.set_max_stack_size(STACK_BYTES);
    runtime.set_gc_threshold(GC_THRESHOLD_BYTES);
    Context::custom::<Intrinsics>(&runtime)
}

/// What the engine threw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thrown {
    /// `Name: message`, or the value in words.
    pub message: String,
    /// The stack, as QuickJS writes it.
    pub stack: String,
}

impl Thrown {
    /// What is thrown now. Reading it may run code of the script, and fail.
    pub fn caught(error: CaughtError<'_>) -> Self {
        match error {
            CaughtError::Exception(exception) => {
                let name: String = exception.as_object().get("name").unwrap_or_default();
                let message = exception.message().unwrap_or_default();
                Self {
                    message: format!("{name}: {message}"),
                    stack: exception.stack().unwrap_or_default(),
                }
            }
            other => Self { message: other.to_string(), stack: String::new() },
        }
    }
}

impl std::fmt::Display for Thrown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Evaluates an expression under a file name.
///
/// # Errors
/// What it threw.
pub fn evaluate<'js>(ctx: &Ctx<'js>, text: &str, file: &str) -> Result<Function<'js>, Thrown> {
    let mut options = EvalOptions::default();
    options.strict = true;
    options.filename = Some(file.replace('\0', ""));
    ctx.eval_with_options(text, options).catch(ctx).map_err(Thrown::caught)
}

/// The prelude at work: what it returned.
pub struct Machine<'js> {
    entries: Object<'js>,
}

impl<'js> Machine<'js> {
    /// Puts the globals of the dialect in place.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn new(
        ctx: &Ctx<'js>,
        run: &Run,
        awaits: usize,
        frames: Rc<dyn functions::Frames>,
        host: &host::Shared,
    ) -> Result<Self, Thrown> {
        let made = prelude::load(ctx).and_then(|set_up| {
            let functions = functions::of(ctx, host, frames)?;
            set_up.call((functions, rules(ctx, run, awaits)?))
        });
        Ok(Self { entries: made.catch(ctx).map_err(Thrown::caught)? })
    }

    /// What the prelude wants to hear of promises that are rejected while nobody looks at them.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn listener(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Listener> {
        Ok(Persistent::save(ctx, self.entry("rejection")?))
    }

    /// A function of the prelude.
    fn entry(&self, name: &str) -> rquickjs::Result<Function<'js>> {
        self.entries.get(name)
    }

    /// Calls the main function of the script.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn begin(&self, body: Function<'js>) -> rquickjs::Result<()> {
        self.entry("begin")?.call((body,))
    }

    /// Hands a completion to whoever waits for it. All texts are JSON.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn settle(&self, end: End) -> rquickjs::Result<()> {
        let mut args = Args::new(self.entries.ctx().clone(), 9);
        #[expect(clippy::cast_precision_loss, reason = "numbers of a run are far smaller")]
        let number = |number: u64| number as f64;
        args.push_arg(number(end.task))?;
        args.push_args([end.output, end.failure, end.extra])?;
        let usage = &end.usage;
        args.push_args([
            number(usage.agents.into()),
            number(usage.input_tokens),
            number(usage.output_tokens),
            number(usage.cached_tokens),
            number(usage.cost_micro_usd),
        ])?;
        self.entry("settle")?.call_arg(args)
    }

    /// A function without arguments that answers with a text.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn ask(&self, name: &str) -> rquickjs::Result<String> {
        self.entry(name)?.call(())
    }

    /// The same, of a function that may have no answer.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn ask_for(&self, name: &str) -> rquickjs::Result<Option<String>> {
        self.entry(name)?.call(())
    }

    /// Whether anything can still come: a task is open, or the script waits for a message.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn waits(&self) -> rquickjs::Result<bool> {
        self.entry("waits")?.call(())
    }

    /// Hands over a message of a person. Says whether the script takes messages.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn hear(&self, sender: &str, text: &str) -> rquickjs::Result<bool> {
        self.entry("hear")?.call((sender, text))
    }

    /// A function without arguments that answers nothing.
    ///
    /// # Errors
    /// When the prelude itself fails.
    pub fn tell(&self, name: &str) -> rquickjs::Result<()> {
        self.entry(name)?.call(())
    }
}

/// A completion, its texts in JSON.
#[derive(Debug)]
pub struct End {
    /// Number of the task.
    pub task: u64,
    /// The output, if there is one.
    pub output: Option<String>,
    /// The failure, if there is no output.
    pub failure: Option<String>,
    /// The rest of the handoff, with extensions.
    pub extra: Option<String>,
    /// What the task consumed.
    pub usage: Usage,
}

fn rules<'js>(ctx: &Ctx<'js>, run: &Run, awaits: usize) -> rquickjs::Result<Object<'js>> {
    let rules = Object::new(ctx.clone())?;
    rules.set_prototype(None)?;
    rules.set("args", run.args.as_ref().map(|args| args.get()))?;
    rules.set("awaits", awaits)?;
    #[expect(clippy::cast_precision_loss, reason = "budgets are far smaller")]
    let budget = run.budget_tokens.map(|tokens| tokens as f64);
    match budget {
        Some(tokens) => rules.set("budgetTokens", tokens)?,
        None => rules.set("budgetTokens", rquickjs::Value::new_null(ctx.clone()))?,
    }
    #[expect(clippy::cast_precision_loss, reason = "tokens of a run are far fewer")]
    rules.set("budgetSpent", run.budget_spent as f64)?;
    rules.set("depth", run.depth)?;
    rules.set("extensions", run.extensions)?;
    rules.set("lenient", run.lenient)?;
    rules.set("nesting", run.nesting)?;
    rules.set("schemaAttempts", run.schema_attempts)?;
    rules.set("version", env!("CARGO_PKG_VERSION"))?;
    Ok(rules)
}
