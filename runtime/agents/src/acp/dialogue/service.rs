//! What we do for an agent: permissions and files.

use serde_json::Value;

use super::{Acp, read};
use crate::acp::wire::{
    BAD_PARAMS, FAILED, NO_METHOD, NOT_FOUND, PermissionOptionKind, ReadTextFileRequest,
    RequestPermissionRequest, WriteTextFileRequest, chosen, content, written,
};
use crate::coding::permit::Trouble;

impl Acp {
    pub(super) fn asked(&mut self, method: &str, params: &Value) -> Result<Value, (i64, String)> {
        let bad = || (BAD_PARAMS, format!("the parameters of `{method}` cannot be read"));
        match method {
            "session/request_permission" => {
                let request = read::<RequestPermissionRequest>(params).ok_or_else(bad)?;
                Ok(self.permission(&request))
            }
            "fs/read_text_file" => {
                let request = read::<ReadTextFileRequest>(params).ok_or_else(bad)?;
                self.read_file(&request).map(content)
            }
            "fs/write_text_file" => {
                let request = read::<WriteTextFileRequest>(params).ok_or_else(bad)?;
                let bytes = request.content.as_bytes();
                self.permit.write(&request.path, bytes).map_err(told)?;
                Ok(written())
            }
            _ => Err((NO_METHOD, format!("`{method}` is not offered"))),
        }
    }

    fn permission(&mut self, request: &RequestPermissionRequest) -> Value {
        let known = self.uses.learn(&request.tool_call);
        let wishes = known.wishes(&self.begin.directory, self.begin.is_gemini);
        let granted = self.permit.all(&wishes).is_ok();
        let option = |kind: PermissionOptionKind| {
            let option = request.options.iter().find(|option| option.kind == kind)?;
            Some(option.option_id.to_string())
        };
        // What is allowed for ever could not be looked at again.
        let answer = match granted {
            true => option(PermissionOptionKind::AllowOnce),
            false => None,
        };
        let answer = answer
            .or_else(|| option(PermissionOptionKind::RejectOnce))
            .or_else(|| option(PermissionOptionKind::RejectAlways));
        chosen(answer.as_deref())
    }

    fn read_file(&self, request: &ReadTextFileRequest) -> Result<String, (i64, String)> {
        let bytes = self.permit.read(&request.path).map_err(told)?;
        let text = String::from_utf8(bytes).map_err(|_| (FAILED, "it is no text".to_owned()))?;
        if request.line.is_none() && request.limit.is_none() {
            return Ok(text);
        }
        let first = request.line.unwrap_or(1).saturating_sub(1) as usize;
        let count = request.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(text.split_inclusive('\n').skip(first).take(count).collect())
    }
}

fn told(trouble: Trouble) -> (i64, String) {
    (if trouble.missing { NOT_FOUND } else { FAILED }, trouble.words)
}
