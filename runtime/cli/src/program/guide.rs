//! Texts that models are offered, as parts of a program.

use std::path::Path;

use baton_core::record::SkillPart;
use baton_journal::store::Blob;

use super::Bundle;
use crate::project::guidance::Guidance;
use crate::project::models::ModelSettings;
use crate::project::places::Places;

impl Bundle {
    /// Takes in what models are offered, if an agent of it can be one. `root`: the granted directory.
    pub fn guide(&mut self, places: &Places, root: Option<&Path>, settings: &ModelSettings) {
        if self.reach.models.is_empty() {
            return;
        }
        let found = Guidance::find(places, root, settings.instructions, settings.skills);
        for text in found.texts() {
            self.parts.push(Blob { digest: text.digest, bytes: text.text.as_bytes().into() });
            self.own.push(text.path.clone());
        }
        let instructions = found.instructions.iter();
        self.program.instructions =
            instructions.map(|text| (text.name.clone(), text.digest)).collect();
        let skills = found.skills.iter().map(|skill| {
            let description = skill.description.clone();
            (skill.name.clone(), SkillPart { description, text: skill.digest })
        });
        self.program.skills = skills.collect();
        let types = &self.program.agent_types;
        let wanted =
            types.iter().flat_map(|(name, known)| known.skills.iter().map(move |s| (name, s)));
        let missing = wanted.filter(|(_, skill)| !self.program.skills.contains_key(*skill));
        self.warnings.extend(missing.map(|(name, skill)| {
            format!("the agent type {name} wants the skill `{skill}`, which is not there")
        }));
        self.guidance = found;
    }
}
