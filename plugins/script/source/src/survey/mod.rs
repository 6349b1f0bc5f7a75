//! Goes once over the nodes of a tree and lists what a script does with the outside.

mod agents;
mod doubts;
mod extensions;
mod globals;
mod modules;
mod options;
mod tools;

use oxc_ast::AstKind;
use oxc_span::Span;

use crate::draft::Draft;
use crate::parse::Tree;
use crate::position::Lines;
use crate::{AgentUse, NameUse, PortabilityUse, ToolUse, WorkflowUse};

/// What was found.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) errors: Vec<Draft>,
    pub(crate) warnings: Vec<Draft>,
    pub(crate) workflows: Vec<WorkflowUse>,
    pub(crate) agent_types: Vec<NameUse>,
    pub(crate) extensions: Vec<NameUse>,
    pub(crate) portability: Vec<PortabilityUse>,
    pub(crate) agents: Vec<AgentUse>,
    pub(crate) tools: Vec<ToolUse>,
}

/// Surveys a tree. `meta` is the export that is allowed.
pub(crate) fn survey(tree: &Tree<'_, '_>, meta: Option<Span>, lines: &Lines<'_>) -> Survey {
    let mut found = Survey::default();
    let questions = modules::questions(tree);
    for node in tree.semantic.nodes().iter() {
        modules::check(tree, node, meta, &questions, &mut found.errors);
        extensions::list(tree, node, lines, &mut found.extensions);
        match node.kind() {
            AstKind::IdentifierReference(it) => {
                globals::list(tree, node.id(), it, lines, &mut found.portability);
            }
            AstKind::CallExpression(call) => {
                agents::list(tree, node.id(), call, lines, &mut found);
                agents::workflow(tree, call, lines, &mut found.workflows);
                tools::list(tree, call, lines, &mut found.tools);
                doubts::parallel(tree, call, &mut found.warnings);
            }
            AstKind::StaticMemberExpression(it) => {
                doubts::stack(tree, node.id(), it, &mut found.warnings);
            }
            _ => {}
        }
    }
    for names in [&mut found.extensions, &mut found.agent_types] {
        names.sort_by(|a, b| (a.line, a.column, &a.name).cmp(&(b.line, b.column, &b.name)));
        names.dedup();
    }
    found
}

/// A name at an offset, as it is reported.
fn name_use(lines: &Lines<'_>, name: impl Into<String>, at: u32) -> NameUse {
    let place = lines.position(at as usize);
    NameUse { name: name.into(), line: place.line, column: place.column }
}
