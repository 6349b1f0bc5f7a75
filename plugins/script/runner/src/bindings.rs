//! The contract with the host, generated from the repository's WIT.
#![allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "workflow",
    pub_export_macro: true,
    generate_unused_types: true,
    additional_derives: [PartialEq],
});
