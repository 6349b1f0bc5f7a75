//! What `#[baton_guest::tools]` turns its module into.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value as Json, json};
use syn::spanned::Spanned;
use syn::{Item, ItemFn, ItemMod, Meta, ReturnType, Visibility};

use crate::arguments::Arguments;
use crate::expand::component;
use crate::manifest::{Files, World, find, known, object};
use crate::schema::doc;

/// Longest name of a tool in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A function that is a tool.
struct Tool {
    name: String,
    function: syn::Ident,
    takes_input: bool,
    /// What the manifest says of it beside its schemas.
    facts: Map<String, Json>,
    input: Option<Json>,
    output: Option<Json>,
}

/// The module as it was, and the component beside it for wasm.
pub(crate) fn expand(arguments: &Arguments, mut module: ItemMod) -> syn::Result<TokenStream> {
    known(arguments, World::Tool.keys())?;
    let mut files = Files::default();
    let manifest = object(World::Tool, arguments, &mut files)?;
    let Some((_, items)) = &mut module.content else {
        return Err(syn::Error::new(
            module.span(),
            "the module's functions must stand in its braces",
        ));
    };
    let mut tools: Vec<Tool> = Vec::new();
    for item in items.iter_mut() {
        let Item::Fn(function) = item else { continue };
        if let Some(tool) = tool(function, &mut files)? {
            if tools.iter().any(|other| other.name == tool.name) {
                let problem = format!("there is another tool `{}`", tool.name);
                return Err(syn::Error::new(function.sig.ident.span(), problem));
            }
            tools.push(tool);
        }
    }
    if tools.is_empty() {
        return Err(syn::Error::new(module.ident.span(), "the module has no `pub` function"));
    }
    let parts = parts(manifest, &tools);
    let tracked = files.read.iter().map(|path| {
        let path = path.to_string_lossy();
        quote!(
            const _: &[u8] = ::core::include_bytes!(#path);
        )
    });
    let generated = quote! {
        /// The manifest of the component.
        #[doc(hidden)]
        pub const BATON_MANIFEST: [u8; BATON_MANIFEST_LENGTH] =
            ::baton_guest::schema::bytes(BATON_MANIFEST_PARTS);
        const BATON_MANIFEST_LENGTH: usize =
            ::baton_guest::tool::manifest_length(BATON_MANIFEST_PARTS);
        const BATON_MANIFEST_PARTS: &[::baton_guest::schema::Part] = &[#parts];
        #(#tracked)*
    };
    items.push(Item::Verbatim(generated));
    let name = module.ident.clone();
    let section = quote! {
        static MANIFEST: [u8; super::#name::BATON_MANIFEST.len()] = super::#name::BATON_MANIFEST;
    };
    let arms = tools.iter().map(|tool| {
        let (key, function) = (&tool.name, &tool.function);
        let function = if tool.takes_input {
            quote!(super::#name::#function)
        } else {
            quote!(|_: ::baton_guest::tool::Nothing| super::#name::#function())
        };
        quote!(#key => ::baton_guest::tool::call(&input, #function),)
    });
    let export = quote! {
        fn call(
            name: ::std::string::String,
            input: ::std::string::String,
        ) -> ::core::result::Result<::std::string::String, types::ToolError> {
            ::baton_guest::component::tool_end(match name.as_str() {
                #(#arms)*
                _ => ::core::result::Result::Err(::baton_guest::tool::unknown(&name)),
            })
        }
    };
    let functions = tools.iter().map(|tool| &tool.function);
    let component = component(World::Tool, &section, &export);
    Ok(quote! {
        #module
        // Natively nothing else uses the functions of a private module.
        const _: usize = {
            #(let _ = #name::#functions;)*
            #name::BATON_MANIFEST.len()
        };
        #component
    })
}

/// The function as a tool, its attribute taken from it; none where it is a helper of the module.
fn tool(function: &mut ItemFn, files: &mut Files) -> syn::Result<Option<Tool>> {
    let index = function.attrs.iter().position(|attribute| attribute.path().is_ident("tool"));
    let attribute = index.map(|index| function.attrs.remove(index));
    let signature = &function.sig;
    if !matches!(function.vis, Visibility::Public(_)) {
        return match attribute {
            None => Ok(None),
            Some(_) => Err(syn::Error::new(signature.span(), "a tool must be `pub`")),
        };
    }
    let problem = if signature.asyncness.is_some() {
        Some("is `async`, and a tool has nothing to wait for")
    } else if !signature.generics.params.is_empty() {
        Some("is generic")
    } else if signature.inputs.len() > 1 {
        Some("takes more than one argument")
    } else if matches!(signature.output, ReturnType::Default) {
        Some("returns nothing")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(syn::Error::new(
            signature.span(),
            format!(
                "the function {problem}; the signature of a tool should be \
                 `pub fn name(input: Input) -> Result<Output, ToolError>`"
            ),
        ));
    }
    let none = Arguments { span: signature.ident.span(), items: Vec::new() };
    let arguments = match &attribute {
        None => none,
        Some(attribute) if matches!(attribute.meta, Meta::Path(_)) => none,
        Some(attribute) => attribute.parse_args()?,
    };
    known(
        &arguments,
        &["name", "description", "idempotency_key", "input_schema", "output_schema"],
    )?;
    let mut facts = Map::new();
    let described = match find(&arguments, "description") {
        Some(argument) => Some(argument.text()?.value()),
        None => doc(&function.attrs),
    };
    let Some(description) = described else {
        let problem =
            "a tool needs a doc comment, or `description`: whoever calls it sees nothing else";
        return Err(syn::Error::new(signature.ident.span(), problem));
    };
    facts.insert("description".into(), json!(description));
    if let Some(argument) = find(&arguments, "idempotency_key") {
        facts.insert("idempotency_key".into(), json!(argument.text()?.value()));
    }
    let mut schema = |key| -> syn::Result<Option<Json>> {
        find(&arguments, key).map(|argument| files.json(argument.text()?)).transpose()
    };
    let (input, output) = (schema("input_schema")?, schema("output_schema")?);
    let name = match find(&arguments, "name") {
        Some(argument) => argument.text()?.value(),
        None => signature.ident.to_string().trim_start_matches("r#").replace('_', "-"),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
        let problem = format!(
            "the name of a tool is up to {NAME_BYTES_MAX} letters, digits, `-` and `_`; \
             `{name}` is not"
        );
        return Err(syn::Error::new(signature.ident.span(), problem));
    }
    let (function, takes_input) = (signature.ident.clone(), !signature.inputs.is_empty());
    Ok(Some(Tool { name, function, takes_input, facts, input, output }))
}

/// The pieces of the manifest: its text, with the schemas of the types in between.
fn parts(manifest: Map<String, Json>, tools: &[Tool]) -> TokenStream {
    let head = Json::Object(manifest).to_string();
    let mut text = head.strip_suffix('}').unwrap_or(&head).to_owned();
    text.push_str(r#","tools":{"#);
    let mut parts = TokenStream::new();
    for (index, tool) in tools.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let facts = Json::Object(tool.facts.clone()).to_string();
        text.push_str(&json!(tool.name).to_string());
        text.push(':');
        text.push_str(facts.strip_suffix('}').unwrap_or(&facts));
        let function = &tool.function;
        let input = quote!(::baton_guest::tool::input(#function));
        let output = if tool.takes_input {
            quote!(::baton_guest::tool::output(#function))
        } else {
            quote!(::baton_guest::tool::output_alone(#function))
        };
        let takes = tool.takes_input;
        let nothing = (!takes).then(|| json!({ "type": "object" }));
        let stated = [tool.input.clone().or(nothing), tool.output.clone()];
        for ((key, stated), of_type) in
            ["input", "output"].into_iter().zip(stated).zip([input, output])
        {
            text.push_str(&format!(",{}:", json!(key)));
            match stated {
                Some(schema) => text.push_str(&schema.to_string()),
                None => {
                    text.push('{');
                    let before = std::mem::take(&mut text);
                    parts.extend(quote! {
                        ::baton_guest::schema::Part::Text(#before),
                        ::baton_guest::schema::Part::Parts(&#of_type),
                    });
                    text.push('}');
                }
            }
        }
        text.push('}');
    }
    text.push_str("}}");
    parts.extend(quote!(::baton_guest::schema::Part::Text(#text),));
    parts
}

#[cfg(test)]
mod tests;
