//! What the attribute turns its function into.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, ReturnType};

use crate::manifest::{Built, World};

/// The folder of the WIT files, beside this crate's parent.
const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
/// Version of the contract that guests are made for.
const VERSION: &str = "0.1.2";

/// The function as it was, and the component around it for wasm.
pub(crate) fn expand(world: World, manifest: &Built, function: ItemFn) -> syn::Result<TokenStream> {
    check(world, &function)?;
    let name = &function.sig.ident;
    let bytes = Literal::byte_string(manifest.text.as_bytes());
    let length = Literal::usize_unsuffixed(manifest.text.len());
    let tracked = manifest.files.iter().map(|path| {
        let path = path.to_string_lossy();
        quote!(
            const _: &[u8] = ::core::include_bytes!(#path);
        )
    });
    // Spans of the signature, so that a wrong type is reported there.
    let export = match world {
        World::Workflow => quote_spanned! { function.sig.span() =>
            fn run(input: ::std::string::String) -> ::core::result::Result<types::Handoff, types::Failure> {
                ::baton_guest::component::run(&input, super::#name)
            }
        },
        World::Agent => {
            let perform = if function.sig.asyncness.is_some() {
                quote!(perform_async)
            } else {
                quote!(perform)
            };
            quote_spanned! { function.sig.span() =>
                fn perform(task: types::AgentTask) -> ::core::result::Result<types::Handoff, types::Failure> {
                    ::baton_guest::component::#perform(task, super::#name)
                }
            }
        }
        World::Tool => return Err(syn::Error::new(function.span(), "tools stand in a module")),
    };
    let section = quote! {
        static MANIFEST: [u8; #length] = *#bytes;
    };
    let component = component(world, &section, &export);
    Ok(quote! {
        #[cfg_attr(
            not(target_arch = "wasm32"),
            allow(dead_code, reason = "called by the export, which only the component has")
        )]
        #function

        #(#tracked)*

        #component
    })
}

/// The module with the manifest's section, which `section` defines as `MANIFEST`, and the export.
pub(crate) fn component(world: World, section: &TokenStream, export: &TokenStream) -> TokenStream {
    let world_name = world.name();
    let remapped = world.interfaces().iter().map(|interface| {
        let key = format!("baton:runtime/{interface}@{VERSION}");
        let module = format_ident!("{interface}");
        quote!(#key: ::baton_guest::component::bindings::baton::runtime::#module)
    });
    quote! {
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(
            unsafe_code,
            missing_docs,
            unused_imports,
            clippy::all,
            clippy::allow_attributes_without_reason,
            reason = "generated: the manifest's section and the export of the world"
        )]
        mod baton_component {
            #[used]
            #[unsafe(link_section = "baton:manifest")]
            #section

            ::baton_guest::component::wit_bindgen::generate!({
                path: #WIT,
                world: #world_name,
                runtime_path: "::baton_guest::component::wit_bindgen::rt",
                with: { #(#remapped),* },
            });

            use ::baton_guest::component::bindings::baton::runtime::types;

            struct Component;

            impl Guest for Component {
                #export
            }

            export!(Component);
        }
    }
}

fn check(world: World, function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    let wanted = match world {
        World::Workflow => "async fn run(cx: Cx, input: Input) -> Result<Output>",
        World::Agent => "fn perform(cx: AgentCx, task: Task<Input>) -> Result<Output>",
        World::Tool => "fn name(input: Input) -> Result<Output, ToolError>",
    };
    let problem = if world == World::Workflow && signature.asyncness.is_none() {
        Some("is not `async`")
    } else if !signature.generics.params.is_empty() {
        Some("is generic")
    } else if signature.inputs.len() != 2 {
        Some("does not take two arguments")
    } else if matches!(signature.output, ReturnType::Default) {
        Some("returns nothing")
    } else {
        None
    };
    match problem {
        Some(problem) => Err(syn::Error::new(
            signature.span(),
            format!("the function {problem}; its signature should be `{wanted}`"),
        )),
        None => Ok(()),
    }
}
