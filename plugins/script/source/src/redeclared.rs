//! Names declared twice at the top level.
//!
//! A script is parsed as a module, where two functions of one name at the top level are an
//! error; it runs as the body of a function, where they are not.

use oxc_diagnostics::OxcDiagnostic;
use oxc_semantic::{Scoping, SymbolFlags};

/// Whether `error` complains only about names that the body of a function may declare twice:
/// functions and `var`s at the top level.
pub(crate) fn allowed(scoping: &Scoping, error: &OxcDiagnostic) -> bool {
    let repeatable = |flags: SymbolFlags| {
        flags.intersects(SymbolFlags::Function | SymbolFlags::FunctionScopedVariable)
            && !flags.intersects(SymbolFlags::BlockScopedVariable | SymbolFlags::Class)
    };
    !error.labels.is_empty()
        && scoping.symbol_ids().any(|symbol| {
            let again = scoping.symbol_redeclarations(symbol);
            scoping.symbol_scope_id(symbol) == scoping.root_scope_id()
                && !again.is_empty()
                && again.iter().all(|one| repeatable(one.flags))
                && error.labels.iter().all(|label| {
                    let span = label.span();
                    scoping.symbol_span(symbol) == span || again.iter().any(|one| one.span == span)
                })
        })
}
