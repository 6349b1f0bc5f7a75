//! Where a text holds what is quoted from it. What a model quotes may stand nowhere, and the line that
//! it names is often another one.

/// The first and the last line, from 1, of a quote: of several places the one whose first line is
/// nearest to `near`. White space around lines, and lines that are empty, count in neither text, and
/// the quote may begin and end within a line. None: the text does not hold it.
#[must_use]
pub fn lines_of(text: &str, quote: &str, near: u32) -> Option<(u32, u32)> {
    let wanted: Vec<&str> = quote.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if wanted.is_empty() {
        return None;
    }
    let lines: Vec<(u32, &str)> =
        (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty()).collect();
    lines
        .windows(wanted.len())
        .filter(|window| window.iter().zip(&wanted).all(|((_, line), want)| line.contains(want)))
        .filter_map(|window| Some((window.first()?.0, window.last()?.0)))
        .min_by_key(|(first, _)| first.abs_diff(near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_found_where_it_stands_nearest() {
        let text = "one\n\n  two  \nthree\none\n\ntwo\n";
        for (quote, near, lines) in [
            ("one", 1, Some((1, 1))),
            ("one", 4, Some((5, 5))),
            ("one\ntwo", 1, Some((1, 3))),
            ("  one \n\n two", 9, Some((5, 7))),
            ("wo\nthr", 0, Some((3, 4))),
            ("two\none", 1, None),
            ("four", 1, None),
            ("", 1, None),
            (" \n ", 1, None),
            ("one\n\ntwo\nthree\none\ntwo\none", 1, None),
        ] {
            assert_eq!(lines_of(text, quote, near), lines, "{quote:?} near {near}");
        }
        assert_eq!(lines_of("", "one", 1), None);
    }
}
