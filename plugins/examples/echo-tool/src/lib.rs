//! The smallest tool: what goes in comes out.

/// The tools of this component.
#[baton_guest::tools(name = "echo-tool", description = "Gives back what it is given.")]
pub mod tools {
    use baton_guest::{Schema, ToolError};
    use serde::{Deserialize, Serialize};

    /// What is given.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
    pub struct Echo {
        /// Any text.
        pub text: String,
    }

    /// Gives the text back.
    ///
    /// # Errors
    /// When the text is empty: `nothing-said`.
    pub fn echo(input: Echo) -> Result<Echo, ToolError> {
        if input.text.is_empty() {
            return Err(ToolError::invalid_input("nothing-said", "the text is empty"));
        }
        Ok(input)
    }
}

#[cfg(test)]
mod tests {
    use super::tools::{Echo, echo};

    #[test]
    fn what_goes_in_comes_out() {
        let said = Echo { text: "hello".into() };
        assert_eq!(echo(said.clone()), Ok(said));
        let nothing = echo(Echo { text: String::new() });
        assert_eq!(nothing.map_err(|error| error.code), Err("nothing-said".into()));
    }
}
