//! Models for people.

use baton_core::model::Price;
use baton_models::builtin;

use super::{is_ready, tiers};
use crate::output::{BAD, BOLD, DIM, GOOD};
use crate::project::models::{ModelSettings, keys};
use crate::text::{count, fit, one_line, pad, paint, width};

/// Most columns of a name.
const NAME_MAX: usize = 44;
/// Columns of a price.
const PRICE: usize = 9;

/// Everything whose name is meant.
pub fn text(settings: &ModelSettings, meant: &dyn Fn(&str) -> bool, columns: usize) -> String {
    let mut out = String::new();
    providers(&mut out, settings, meant, columns);
    models(&mut out, settings, meant);
    let tiers: Vec<(String, &str)> = tiers(settings)
        .into_iter()
        .filter(|(name, backend)| meant(name) || meant(backend))
        .collect();
    if !tiers.is_empty() {
        heading(&mut out, "Tiers");
        let names = widest(tiers.iter().map(|(name, _)| name.as_str()));
        for (name, backend) in tiers {
            let ready = is_ready(settings, backend);
            let backend = one_line(backend);
            let backend = if ready { backend } else { paint(DIM, &format!("{backend} (no key)")) };
            out.push_str(&format!("  {} {backend}\n", pad(&one_line(&name), names)));
        }
    }
    if out.is_empty() {
        out.push_str("nothing has that in its name\n");
    }
    out
}

fn heading(out: &mut String, title: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("{}\n", paint(BOLD, title)));
}

fn widest<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| width(&one_line(name))).max().unwrap_or_default().min(NAME_MAX)
}

fn providers(
    out: &mut String,
    settings: &ModelSettings,
    meant: &dyn Fn(&str) -> bool,
    columns: usize,
) {
    // A model that is meant brings its provider, so that one sees whether it can be used.
    let of_model = |provider: &str| {
        settings
            .prices
            .keys()
            .any(|name| meant(name) && settings.split(name).is_some_and(|(of, _)| of == provider))
    };
    let found: Vec<_> =
        settings.providers.iter().filter(|(name, _)| meant(name) || of_model(name)).collect();
    if found.is_empty() {
        return;
    }
    heading(out, "Providers");
    let names = widest(found.iter().map(|(name, _)| name.as_str()));
    for (name, known) in found {
        let definition = &known.definition;
        let problem = settings.problem(name);
        let sign = if problem.is_none() { paint(GOOD, "+") } else { paint(BAD, "-") };
        let key = match (&definition.key, problem) {
            (None, _) => "needs no key".into(),
            (Some(_), Some(problem)) => format!("no key: {problem}"),
            (Some(key), None) => format!("key from {}", keys::words(key)),
        };
        let mut facts = vec![definition.base_url.clone(), key];
        let rates = [
            definition
                .requests_per_minute
                .map(|n| format!("{} requests a minute", count(n.into()))),
            definition.tokens_per_minute.map(|n| format!("{} tokens a minute", count(n))),
            definition.concurrency.map(|n| format!("{n} at once")),
        ];
        facts.extend(rates.into_iter().flatten());
        facts.extend(known.place.as_ref().map(|place| place.text.clone()));
        let left = columns.saturating_sub(names + 5);
        let facts = fit(&one_line(&facts.join(" · ")), left);
        out.push_str(&format!("  {sign} {} {facts}\n", pad(&one_line(name), names)));
    }
}

fn models(out: &mut String, settings: &ModelSettings, meant: &dyn Fn(&str) -> bool) {
    let known = |name: &&String| meant(name) && settings.split(name).is_some();
    let found: Vec<(&String, &Price)> =
        settings.prices.iter().filter(|(name, _)| known(name)).collect();
    if found.is_empty() {
        return;
    }
    let usual = builtin::prices();
    let of = match found.iter().any(|(name, _)| usual.contains_key(*name)) {
        true => format!(" (built-in prices of {})", builtin::PRICES_DATE),
        false => String::new(),
    };
    heading(out, &format!("Models, US dollars per million tokens{of}"));
    let names = widest(found.iter().map(|(name, _)| name.as_str()));
    let head: Vec<String> =
        ["in", "out", "cached", "context"].iter().map(|word| right(word)).collect();
    out.push_str(&format!("  {} {}\n", pad("", names), paint(DIM, &head.join(" "))));
    for (name, price) in found {
        let context = if price.context == 0 { "?".into() } else { count(price.context) };
        let amounts = [price.input, price.output, price.cached].map(usd);
        let row: Vec<String> =
            amounts.iter().chain([&context]).map(|amount| right(amount)).collect();
        out.push_str(&format!("  {} {}\n", pad(&one_line(name), names), row.join(" ")));
    }
}

fn right(text: &str) -> String {
    format!("{}{text}", " ".repeat(PRICE.saturating_sub(width(text))))
}

/// Dollars with as many digits as they have, at least two.
fn usd(micro: u64) -> String {
    let fraction = format!("{:06}", micro % 1_000_000);
    let kept = fraction.trim_end_matches('0').len().max(2);
    format!("{}.{}", micro / 1_000_000, fraction.get(..kept).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_as_many_digits_as_they_need() {
        for (micro, text) in [
            (0, "0.00"),
            (3_000_000, "3.00"),
            (125_000, "0.125"),
            (12_500, "0.0125"),
            (1, "0.000001"),
            (10_500_000, "10.50"),
        ] {
            assert_eq!(usd(micro), text);
        }
    }
}
