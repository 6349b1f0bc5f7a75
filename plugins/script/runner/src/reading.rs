//! The script as `baton-script-source` reads it, and as QuickJS takes it.

use baton_script_source::{FRAME_WIDTH, Finding, Inspection, Position, Prepared};

use crate::envelope::Script;
use crate::machine;

/// What is in a script. What the parser accepts and QuickJS does not is an error too.
pub fn inspect(script: &Script) -> Inspection {
    let mut inspection = baton_script_source::inspect(&script.path, &script.source);
    if inspection.errors.is_empty()
        && let Ok(prepared) = baton_script_source::prepare(&script.path, &script.source)
        && let Some(finding) = compile_alone(script, &prepared)
    {
        inspection.errors.push(finding);
    }
    inspection
}

fn compile_alone(script: &Script, prepared: &Prepared) -> Option<Finding> {
    let context = machine::context().ok()?;
    let finding = context.with(|ctx| {
        let thrown = machine::evaluate(&ctx, &prepared.text, &script.path).err()?;
        Some(refusal(script, prepared, &thrown))
    });
    std::mem::forget(context);
    finding
}

/// The finding for a script that QuickJS does not compile.
pub fn refusal(script: &Script, prepared: &Prepared, thrown: &machine::Thrown) -> Finding {
    let at = crate::failure::frames(&thrown.stack)
        .find_map(|frame| frame.place)
        .map_or(Position { line: 1, column: 1 }, |(_, line, column)| {
            prepared.original(line, column)
        });
    Finding {
        code: baton_script_source::Code::Syntax,
        message: thrown.message.clone(),
        line: at.line,
        column: at.column,
        hint: None,
        frame: Some(baton_script_source::frame(&script.source, at, FRAME_WIDTH)),
    }
}
