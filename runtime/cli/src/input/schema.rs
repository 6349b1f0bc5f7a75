//! The schema that a manifest has for inputs. It may be anybody's, so holding an input against it ends in
//! time whatever it says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use baton_agents::schema::refers;
use baton_core::json::Json;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// How many violations of a schema are told.
const VIOLATIONS_MAX: usize = 5;

/// Bytes of schema times bytes of input up to which a validation whose time follows from its sizes is
/// done on the spot: some milliseconds in the worst case.
const ON_THE_SPOT_MAX: usize = 16 << 20;

/// How long anything else may take.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Stack of its thread. Schemas and inputs are at most 64 levels deep, and each level of both may cost a
/// few frames.
const STACK_BYTES: usize = 8 << 20;

/// A compiled schema.
pub(super) struct Schema {
    validator: Arc<Validator>,
    /// Whether the time of a validation follows from the sizes: regular expressions are linear, and
    /// nothing refers to anything.
    predictable: bool,
    /// Size of its text in bytes.
    size: usize,
    time_max: Duration,
    /// An input took too long: who waits for the first of many lines does not wait for each of them.
    gave_up: AtomicBool,
}

impl Schema {
    /// Compiles a schema. Nothing it refers to is fetched.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn compile(schema: &Json) -> Result<Self, String> {
        let (size, value) = (schema.as_str().len(), schema.value());
        let compiled = within(TIME_MAX, move || compile(&value));
        let (validator, predictable) = compiled.ok_or("it takes too long to compile")??;
        let validator = Arc::new(validator);
        let gave_up = AtomicBool::new(false);
        Ok(Self { validator, predictable, size, time_max: TIME_MAX, gave_up })
    }

    /// What is wrong with an input, at most some of it. Empty: it fits.
    pub(super) fn violations(&self, input: &Json) -> Vec<String> {
        let value = input.value();
        if self.predictable && self.size.saturating_mul(input.as_str().len()) <= ON_THE_SPOT_MAX {
            return violations(&self.validator, &value);
        }
        if !self.gave_up.load(Ordering::Relaxed) {
            let validator = Arc::clone(&self.validator);
            let found = within(self.time_max, move || violations(&validator, &value));
            if let Some(found) = found {
                return found;
            }
            self.gave_up.store(true, Ordering::Relaxed);
        }
        vec![format!(
            "it cannot be held against the schema of its manifest within {} s",
            self.time_max.as_secs()
        )]
    }
}

/// The validator, and whether its time follows from the sizes. Look-around and back references take more
/// than linear time, and are accepted where they are needed.
fn compile(schema: &Value) -> Result<(Validator, bool), String> {
    let options = || jsonschema::options().offline();
    let linear = options().with_pattern_options(PatternOptions::regex()).build(schema);
    if let Ok(validator) = linear {
        return Ok((validator, !refers(schema)));
    }
    let validator = options().build(schema).map_err(|error| error.to_string())?;
    Ok((validator, false))
}

fn violations(validator: &Validator, value: &Value) -> Vec<String> {
    let found = validator.iter_errors(value).take(VIOLATIONS_MAX).map(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
    });
    found.collect()
}

/// What `job` brings, done in a thread of its own; none: not in time. Such a thread goes on, since no
/// thread can be stopped, but not beyond the end of the process.
fn within<T: Send + 'static>(
    time: Duration,
    job: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (answer, answered) = mpsc::sync_channel(1);
    let work = move || {
        // Nobody listens after the time is over.
        let _ = answer.send(job());
    };
    thread::Builder::new().name("schema".into()).stack_size(STACK_BYTES).spawn(work).ok()?;
    answered.recv_timeout(time).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn found(schema: Value, input: &Value) -> Vec<String> {
        Schema::compile(&schema.into()).unwrap().violations(&Json::from(input.clone()))
    }

    #[test]
    fn violations_say_where() {
        let schema = json!({ "properties": { "n": { "minimum": 3 } }, "required": ["n"] });
        assert!(found(schema.clone(), &json!({ "n": 3 })).is_empty());
        assert_eq!(
            found(schema.clone(), &json!({ "n": 2 })),
            ["/n: 2 is less than the minimum of 3"]
        );
        assert_eq!(found(schema, &json!({})), ["\"n\" is a required property"]);
        let many = found(json!({ "items": { "type": "string" } }), &json!(vec![1; 50]));
        assert_eq!(many.len(), VIOLATIONS_MAX);
    }

    #[test]
    fn look_around_and_references_are_what_they_were() {
        for (schema, fits, does_not) in [
            (json!({ "pattern": "^(?!tmp)" }), json!("main"), json!("tmp1")),
            (json!({ "pattern": r"^(a+)-\1$" }), json!("aa-aa"), json!("aa-a")),
            (
                json!({ "$ref": "#/$defs/n", "$defs": { "n": { "type": "integer" } } }),
                json!(1),
                json!("1"),
            ),
        ] {
            let compiled = Schema::compile(&schema.clone().into()).unwrap();
            assert!(!compiled.predictable, "{schema}");
            assert!(found(schema.clone(), &fits).is_empty(), "{schema}");
            assert_eq!(found(schema.clone(), &does_not).len(), 1, "{schema}");
        }
        let plain = json!({ "pattern": "^[a-z]+$", "items": { "type": "string" } });
        assert!(Schema::compile(&plain.into()).unwrap().predictable);
    }

    #[test]
    fn schemas_that_are_none() {
        for schema in [
            json!({ "type": "strong" }),
            json!({ "pattern": "(" }),
            json!({ "$ref": "#/nowhere" }),
            json!({ "$ref": "https://example.com/schema.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
        ] {
            assert!(Schema::compile(&schema.clone().into()).is_err(), "{schema}");
        }
    }

    /// Each level of the input is validated twice against what lies below it: two to the power of the
    /// depth, from a few bytes.
    #[test]
    fn an_endless_validation_is_given_up_once() {
        let schema = json!({
            "$ref": "#/$defs/x",
            "$defs": {"x": {"anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/x"}},
                {"minItems": 1, "items": {"$ref": "#/$defs/x"}, "type": "array"},
            ]}},
        });
        let mut input = json!(1);
        for _ in 0..60 {
            input = json!([input]);
        }
        let input = Json::from(input);
        let mut schema = Schema::compile(&schema.into()).unwrap();
        schema.time_max = Duration::from_secs(1);
        let told = schema.violations(&input);
        assert_eq!(told, ["it cannot be held against the schema of its manifest within 1 s"]);
        // Nobody waits for another one.
        schema.time_max = Duration::from_secs(100_000);
        assert_eq!(schema.violations(&input).len(), 1);
    }
}
