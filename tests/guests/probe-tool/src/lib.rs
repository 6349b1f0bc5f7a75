//! Tools that try one capability each.

/// The tools of this component.
#[baton_guest::tools(
    name = "probe-tool",
    description = "Tries one capability.",
    read("**"),
    write("**"),
    http("https://*:*", "http://*:*"),
    env("*"),
    secrets("*")
)]
pub mod tools {
    use baton_guest::http::Request;
    use baton_guest::{Schema, ToolError};
    use serde::{Deserialize, Serialize};

    /// A file.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct File {
        /// Its path below the root.
        pub path: String,
    }

    /// A request.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Call {
        /// Its method.
        pub method: String,
        /// Where it goes.
        pub url: String,
        /// A secret that it carries.
        #[serde(default)]
        pub secret: Option<String>,
    }

    /// A name.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Name {
        /// The name.
        pub name: String,
    }

    fn denied(error: std::io::Error) -> ToolError {
        ToolError::denied("file", error.to_string())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(input: File) -> Result<String, ToolError> {
        std::fs::read_to_string(format!("/{}", input.path)).map_err(denied)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(input: File) -> Result<String, ToolError> {
        std::fs::write(format!("/{}", input.path), "written").map_err(denied)?;
        Ok("written".into())
    }

    /// Sends a request, and gives back the status.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn http(input: Call) -> Result<u16, ToolError> {
        let mut request = Request::new(&input.method, &input.url);
        if let Some(name) = &input.secret {
            let secret = baton_guest::secret(name)?;
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        let response = request.send()?;
        if response.is_success() {
            return Ok(response.status);
        }
        Err(ToolError::failed("status", format!("status {}", response.status)))
    }

    /// Gives an environment variable back.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn env(input: Name) -> Result<String, ToolError> {
        std::env::var(&input.name).map_err(|error| ToolError::denied("env", error.to_string()))
    }

    /// Gives a name back.
    ///
    /// # Errors
    /// Never.
    pub fn say(input: Name) -> Result<String, ToolError> {
        Ok(input.name)
    }
}
