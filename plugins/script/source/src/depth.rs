//! A bound on nesting, checked before anything else walks a tree by recursion.

use oxc_ast::ast::{BindingPattern, Expression, Program, Statement};
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;

use crate::Code;
use crate::draft::Draft;

/// How deep statements, expressions and patterns may nest. Far above what people write (a sum of
/// `n` parts is `n` deep), and far below what overflows a stack.
pub(crate) const NESTING_MAX: u32 = 1_000;

/// The offset of the first place that is nested too deep.
pub(crate) fn too_deep(program: &Program<'_>) -> Option<u32> {
    let mut meter = Meter { depth: 0, found: None };
    meter.visit_program(program);
    meter.found
}

/// What is said about such a place.
pub(crate) fn refused(at: u32) -> Draft {
    Draft::new(Code::Syntax, at, format!("nested deeper than {NESTING_MAX} levels"))
        .hint("split the expression, or build the value in a loop")
}

struct Meter {
    depth: u32,
    found: Option<u32>,
}

impl Meter {
    fn level(&mut self, at: u32, walk: impl FnOnce(&mut Self)) {
        if self.found.is_some() {
            return;
        }
        if self.depth == NESTING_MAX {
            self.found = Some(at);
            return;
        }
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }
}

impl<'a> Visit<'a> for Meter {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        self.level(it.span().start, |meter| walk::walk_expression(meter, it));
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        self.level(it.span().start, |meter| walk::walk_statement(meter, it));
    }

    fn visit_binding_pattern(&mut self, it: &BindingPattern<'a>) {
        self.level(it.span().start, |meter| walk::walk_binding_pattern(meter, it));
    }
}
