//! The first request of an agent, without anybody to send it to: for whoever wants to know its size.

use baton_host::port::ToolOffer;
use baton_models::{Message, ModelRequest};

use super::offers::{Able, Offers};
use super::prompt;
use crate::backend::Job;

/// What a model is told at the beginning of a task: system prompt with the guidance, the task, and the
/// tools. `reads` and `writes`: whether it has files to read and to write; `tools`: what it was given
/// beside. The model and the size of its answer are left open.
#[must_use]
pub fn opening(job: &Job, reads: bool, writes: bool, tools: Vec<ToolOffer>) -> ModelRequest {
    let skills = !job.guidance.skills.is_empty();
    let able = Able { read: reads, write: writes, skills };
    let definition = job.definition.as_deref();
    let offers = Offers::new(able, definition, tools, job.spec.schema.as_ref());
    let (system, _) = prompt::system(job, offers.has_skills());
    ModelRequest {
        system,
        messages: vec![Message::User(prompt::task(&job.spec))],
        tools: offers.shown,
        effort: job.spec.options.effort.clone(),
        ..ModelRequest::default()
    }
}
