//! Whether the function a component exports has the type its world says.
//!
//! The engine checks it when it instantiates; here it is known at load, in words.

use baton_core::manifest::World;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentItem, Type};

use crate::contract;

const HANDOFF: &str = "record{summary:string,output:string,\
    evidence:list<record{path:string,lines:option<record{first:u32,last:u32}>,\
    digest:option<string>,claim:string}>,\
    artifacts:list<record{name:string,media-type:string,digest:string,size:u64}>,\
    follow-ups:list<string>}";
const FAILURE: &str = "record{kind:enum{failed,cancelled,timed-out,limit,refused,invalid-output,\
    in-doubt,internal},code:string,message:string,detail:string}";
const TOOL_ERROR: &str = "record{kind:enum{invalid-input,denied,unavailable,failed},code:string,\
    message:string,detail:string}";
const AGENT_TASK: &str = "record{id:string,attempt:u32,prompt:string,input:string,\
    schema:option<string>,corrections:list<string>,options:string}";

/// Depth of types that the contract does not reach; deeper ones are not looked at.
const DEPTH_MAX: usize = 8;

/// Why the exported function of a component does not fit its world; none if it does.
pub(crate) fn refusal(engine: &Engine, component: &Component, world: World) -> Option<String> {
    let name = contract::entry(world);
    let (wanted, result) = match world {
        World::Workflow => (vec!["string"], format!("result<{HANDOFF},{FAILURE}>")),
        World::Agent => (vec![AGENT_TASK], format!("result<{HANDOFF},{FAILURE}>")),
        World::Tool => (vec!["string", "string"], format!("result<string,{TOOL_ERROR}>")),
    };
    let exported = component.component_type();
    let fits = match exported.get_export(engine, name).map(|export| export.ty) {
        Some(ComponentItem::ComponentFunc(function)) => {
            let parameters: Vec<String> =
                function.params().map(|(_, parameter)| written(&parameter, 0)).collect();
            let results: Vec<String> =
                function.results().map(|result| written(&result, 0)).collect();
            parameters == wanted && results == [result]
        }
        _ => false,
    };
    (!fits).then(|| {
        format!(
            "its export `{name}` has not the type that baton:runtime {} says",
            contract::OWN_VERSION
        )
    })
}

/// The structure of a type, without the names of types.
fn written(ty: &Type, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return "…".into();
    }
    let deeper = |ty: &Type| written(ty, depth + 1);
    match ty {
        Type::String => "string".into(),
        Type::U32 => "u32".into(),
        Type::U64 => "u64".into(),
        Type::List(list) => format!("list<{}>", deeper(&list.ty())),
        Type::Option(option) => format!("option<{}>", deeper(&option.ty())),
        Type::Enum(names) => format!("enum{{{}}}", names.names().collect::<Vec<_>>().join(",")),
        Type::Record(record) => {
            let fields: Vec<String> = record
                .fields()
                .map(|field| format!("{}:{}", field.name, deeper(&field.ty)))
                .collect();
            format!("record{{{}}}", fields.join(","))
        }
        Type::Result(result) => {
            let side = |side: Option<Type>| side.map_or_else(|| "_".into(), |ty| deeper(&ty));
            format!("result<{},{}>", side(result.ok()), side(result.err()))
        }
        // The contract's exports use nothing else.
        _ => "?".into(),
    }
}
