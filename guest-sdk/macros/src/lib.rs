//! The attributes `#[baton_guest::workflow]` and `#[baton_guest::agent]`.

mod arguments;
mod expand;
mod manifest;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

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
///     agent_types(                         // kinds of agents it spawns
///         reader(description = "…", backend = "component:NAME", system = "…", read("docs/**")),
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
