//! The standard variables of OpenTelemetry, as far as they decide whether there is telemetry.

/// Where spans go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the collector is told this program is called; none: the variables say it.
    pub service: Option<&'static str>,
    /// PEM file with authorities to trust beside the public ones.
    pub certificate: Option<String>,
}

/// Variables that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(String);

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// What the variables say; none: there is no telemetry. There is some where an endpoint is named
    /// and nothing switches it off.
    ///
    /// # Errors
    /// When they ask for a protocol or an exporter that is not spoken.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingsError> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| {
            variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let off = variable("OTEL_SDK_DISABLED")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        if off || either("ENDPOINT").is_none() {
            return Ok(None);
        }
        match variable("OTEL_TRACES_EXPORTER").as_deref().map(str::trim) {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(_) => {
                let message = "OTEL_TRACES_EXPORTER names an exporter other than otlp and none";
                return Err(SettingsError(message.to_owned()));
            }
        }
        match either("PROTOCOL").as_deref().map(str::trim) {
            None | Some("http/protobuf") => {}
            Some(_) => {
                let message =
                    "OTEL_EXPORTER_OTLP_PROTOCOL names a protocol other than http/protobuf";
                return Err(SettingsError(message.to_owned()));
            }
        }
        let named = variable("OTEL_SERVICE_NAME").is_some()
            || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| {
                all.split(',').any(|one| one.trim_start().starts_with("service.name="))
            });
        Ok(Some(Self { service: (!named).then_some("baton"), certificate: either("CERTIFICATE") }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_decide() {
        let on = |service: Option<&'static str>| Ok(Some(Settings { service, certificate: None }));
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/v1/traces");
        type Case<'a> = (Vec<(&'a str, &'a str)>, Result<Option<Settings>, ()>);
        let cases: Vec<Case<'_>> = vec![
            (vec![], Ok(None)),
            (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", " ")], Ok(None)),
            (vec![endpoint], on(Some("baton"))),
            (vec![traces], on(Some("baton"))),
            (vec![endpoint, ("OTEL_SDK_DISABLED", "TRUE")], Ok(None)),
            (vec![endpoint, ("OTEL_SDK_DISABLED", "no")], on(Some("baton"))),
            (vec![endpoint, ("OTEL_TRACES_EXPORTER", "none")], Ok(None)),
            (vec![endpoint, ("OTEL_TRACES_EXPORTER", "otlp")], on(Some("baton"))),
            (vec![endpoint, ("OTEL_TRACES_EXPORTER", "zipkin")], Err(())),
            (vec![endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")], on(Some("baton"))),
            (vec![endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], Err(())),
            (
                vec![
                    endpoint,
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
                ],
                on(Some("baton")),
            ),
            (vec![endpoint, ("OTEL_SERVICE_NAME", "mine")], on(None)),
            (vec![endpoint, ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=mine")], on(None)),
            (vec![endpoint, ("OTEL_RESOURCE_ATTRIBUTES", "a=b")], on(Some("baton"))),
        ];
        for (variables, expected) in cases {
            let found = Settings::of(|name| {
                let known = variables.iter().find(|(known, _)| *known == name);
                known.map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found.map_err(|_| ()), expected, "{variables:?}");
        }
    }
}
