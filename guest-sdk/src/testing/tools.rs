//! Interfaces `tools` and `toolbox` of the host in memory.

use super::tasks::{denied, value};
use super::{Event, Reply, Stage, ToolRequest};
use crate::call::ToolInfo;
use crate::error::TaskError;
use crate::failure::Refusal;
use crate::host::{RawTool, ToolHost, ToolboxHost};

impl Stage {
    fn answer(&self, task: u64, spec: &RawTool) -> Reply {
        let request = ToolRequest {
            task,
            name: spec.name.clone(),
            input: value(&spec.input),
            options: value(&spec.options),
        };
        let tools = self.tools.borrow();
        let reply = tools.as_ref().map_or_else(|| denied("tools"), |answer| answer(&request));
        self.note(Event::Tool(request));
        reply
    }
}

impl ToolHost for Stage {
    fn spawn_tool(&self, spec: &RawTool) -> Result<u64, Refusal> {
        let task = self.state.borrow().spawned + 1;
        let reply = self.answer(task, spec);
        self.state.borrow_mut().open(task, reply, 0)
    }

    fn available(&self) -> Vec<ToolInfo> {
        self.state.borrow().tools.clone()
    }
}

impl ToolboxHost for Stage {
    fn call(&self, spec: &RawTool) -> Result<String, TaskError> {
        match self.answer(0, spec) {
            Reply::Done(handoff) => Ok(handoff.output.to_string()),
            Reply::Failed(failure) => Err(failure.into()),
            Reply::Refused(refusal) => Err(refusal.into()),
        }
    }

    fn offered(&self) -> Vec<ToolInfo> {
        self.state.borrow().tools.clone()
    }
}
