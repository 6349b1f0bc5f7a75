//! Interface `gates` of the host in memory.

use super::tasks::{denied, value};
use super::{Event, GateRequest, Stage};
use crate::failure::Refusal;
use crate::host::{GateHost, RawGate};

impl GateHost for Stage {
    fn ask(&self, spec: &RawGate) -> Result<u64, Refusal> {
        let task = self.state.borrow().spawned + 1;
        let request =
            GateRequest { task, question: spec.question.clone(), options: value(&spec.options) };
        let gates = self.gates.borrow();
        let reply = gates.as_ref().map_or_else(|| denied("gates"), |answer| answer(&request));
        self.note(Event::Gate(request));
        self.state.borrow_mut().open(task, reply, 0)
    }

    fn listen(&self) {
        self.note(Event::Listen);
    }
}
