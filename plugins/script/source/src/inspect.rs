//! One pass over a script: the checks in their order, then what the script uses.

use crate::draft::{Draft, findings};
use crate::instrument::{self, Plan};
use crate::meta::declaration;
use crate::parse::with_tree;
use crate::position::Lines;
use crate::survey::survey;
use crate::{Code, Inspection, SOURCE_BYTES_MAX};

/// Looks at a script without running it. Never fails: what is wrong stands in `errors`, and as
/// much as could be read stands in the rest. `path` is only for messages.
pub fn inspect(path: &str, source: &str) -> Inspection {
    read(path, source, false).0
}

/// The text without a byte-order mark: what offsets and columns count in.
pub(crate) fn without_mark(source: &str) -> &str {
    source.strip_prefix('\u{feff}').unwrap_or(source)
}

/// Inspects, and plans the executed text if `plan` is asked for and nothing is wrong.
pub(crate) fn read(path: &str, source: &str, plan: bool) -> (Inspection, Option<Plan>) {
    let mut inspection = Inspection::default();
    let text = without_mark(source);
    let lines = Lines::new(text);
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("{path} has {} bytes; the limit is {SOURCE_BYTES_MAX}", source.len());
        let draft = Draft::new(Code::TooLarge, 0, message)
            .hint("move data out of the script, into `args` or into files that agents read");
        inspection.errors = findings(vec![draft], text, &lines);
        return (inspection, None);
    }
    let looked = with_tree(text, |tree| {
        let declared = declaration(tree.program);
        let found = survey(tree, declared.export, &lines);
        let errors = [tree.early.clone(), declared.errors, found.errors].concat();
        let warnings = [declared.warnings, found.warnings].concat();
        let wanted = plan && errors.is_empty();
        let plan = declared.export.filter(|_| wanted).map(|at| instrument::plan(tree, text, at));
        let inspection = Inspection {
            meta: declared.meta,
            errors: findings(errors, text, &lines),
            warnings: findings(warnings, text, &lines),
            workflows: found.workflows,
            agent_types: found.agent_types,
            extensions: found.extensions,
            portability: found.portability,
            agents: found.agents,
            tools: found.tools,
        };
        (inspection, plan)
    });
    looked.unwrap_or_else(|errors| {
        inspection.errors = findings(errors, text, &lines);
        (inspection, None)
    })
}
