//! The attributes `#[baton_guest::workflow]`, `#[baton_guest::agent]` and `#[baton_guest::tools]`,
//! and the derivation of `Schema`.

mod arguments;
mod expand;
mod manifest;
mod schema;
mod tools;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, ItemMod, parse_macro_input};

use crate::arguments::Arguments;
use crate::manifest::World;

/// Makes an `async` function the workflow of its package.
///
/// ```text
/// #[baton_guest::workflow(
///     name = "audit",                      // required: lower case letters, digits and `-`
///     description = "…",                   // one or two sentences
///     phases("Read", "Check"),             // titles, in order
///     read("**/*.md"), exclude("old/**"),  // files it asks to read; without `read`: none
///     agents,                              // it spawns agents
///     workflows("other"),                  // workflows it spawns
///     tools("code/*", "git/log"),          // tools it calls, or lets its agents call
///     exec("cargo test **"),               // commands it runs
///     write("out/**"), http("GET https://example.org"), env("LANG"), secrets("github"),
///                                          // the most that tools may do on its behalf, as `read`;
///                                          // of what is not named: what they ask for and are
///                                          // granted; `http()`: nothing of the kind
///     agent_types(                         // kinds of agents it spawns
///         reader(description = "…", backend = "component:NAME", system = "…", read("docs/**"),
///             tools("code/*"), model = "small", effort = "low", isolation = "worktree",
///             max_turns = 20, skills("prose")),
///     ),
///     budget(agents = 100, tokens = 1_000_000, cost_usd = 2.5), // where nobody grants another
///     input_schema = "input.schema.json",  // JSON Schema files, relative to the package
///     output_schema = "output.schema.json",
/// )]
/// async fn run(cx: Cx, input: Input) -> Result<Output> { … }
/// ```
///
/// In place of all of these, `manifest = "manifest.json"` names a file with the whole manifest,
/// relative to the package.
///
/// `Input` is any type that serde can read; a run without input brings `null`, which fits `()` and
/// `Option`. `Output` is a `Handoff` or anything that serde can write, and the error anything that
/// becomes an `Error`.
#[proc_macro_attribute]
pub fn workflow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(World::Workflow, arguments, item)
}

/// Makes a function the agent of its package. It may be `async`, though an agent has nothing to
/// wait for.
///
/// ```text
/// #[baton_guest::agent(
///     name = "reader",                     // required: lower case letters, digits and `-`
///     description = "…",                   // one or two sentences
///     read("**/*.md"), exclude("old/**"),  // files it asks to read; without `read`: none
///     tools("code/*"), exec("git log *"),  // tools it calls, where its task lets it
///     input_schema = "input.schema.json",  // JSON Schema files, relative to the package
///     output_schema = "output.schema.json",
/// )]
/// fn perform(cx: AgentCx, task: Task<Input>) -> Result<Output> { … }
/// ```
///
/// In place of all of these, `manifest = "manifest.json"` names a file with the whole manifest.
#[proc_macro_attribute]
pub fn agent(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(World::Agent, arguments, item)
}

/// Makes every `pub` function of a module a tool of its package.
///
/// ```text
/// #[baton_guest::tools(
///     name = "code",                       // required: lower case letters, digits and `-`
///     description = "…",                   // one or two sentences
///     read("**"), exclude("old/**"),       // files its tools ask to read
///     write("out/**"),                     // files they ask to make, change and remove
///     http("GET https://api.example.org"), // requests they ask to send
///     env("LANG"),                         // environment variables they ask to see
///     secrets("github"),                   // secrets they ask to have put into their requests
/// )]
/// pub mod tools {
///     /// The doc comment is the description of the tool.
///     pub fn find_files(input: Find) -> Result<Found, ToolError> { … }
///
///     /// Beside it:
///     #[tool(
///         name = "log",                        // else: `log-entries`, from the function
///         idempotency_key = "key",             // the field of the input that takes such a key
///         input_schema = "input.schema.json",  // JSON Schema files, relative to the package,
///         output_schema = "output.schema.json" // where the types have no `Schema`
///     )]
///     pub fn log_entries(input: Log) -> Result<Vec<Entry>, ToolError> { … }
/// }
/// ```
///
/// The functions stay what they are: they can be called and tested like any other. An input is any
/// type with `Deserialize` and `Schema`, an output any with `Serialize` and `Schema`; a function
/// without arguments takes no input. The error is anything that becomes a `ToolError`.
#[proc_macro_attribute]
pub fn tools(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let module = parse_macro_input!(item as ItemMod);
    tools::expand(&arguments, module).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes the JSON Schema of a type a constant, see `baton_guest::Schema`.
#[proc_macro_derive(Schema, attributes(schema, serde))]
pub fn schema(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    schema::derive(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}

fn attribute(world: World, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    manifest::build(world, arguments)
        .and_then(|manifest| expand::expand(world, &manifest, function))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

#[cfg(test)]
mod tests;
