use super::*;

#[test]
fn hostile_characters_never_reach_a_terminal() {
    for (text, cleaned) in [
        ("plain text\n\tindented", "plain text\n\tindented"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07after", "]0;titleafter"),
        ("over\rwritten\x08", "overwritten"),
        ("c1 \u{9b}31m and del \u{7f}", "c1 31m and del "),
        ("a\u{202e}txt.exe\u{202c}", "atxt.exe"),
        ("zero\u{200b}width\u{feff}", "zerowidth"),
        ("tag\u{e0041}", "tag"),
        ("line\u{2028}paragraph\u{2029}", "lineparagraph"),
        ("Grüße 世界 👩\u{200d}🚀", "Grüße 世界 👩\u{200d}🚀"),
    ] {
        assert_eq!(clean(text), cleaned, "{text:?}");
    }
    assert_eq!(one_line(" a\n\n b\tc\x1b "), "a b c");
}

#[test]
fn texts_are_cut_to_columns() {
    for (text, columns, cut) in [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("世界地図", 5, "世界…"),
        ("世界地図", 8, "世界地図"),
        ("x", 0, ""),
    ] {
        assert_eq!(fit(text, columns), cut);
        assert!(width(&fit(text, columns)) <= columns);
    }
    assert_eq!(pad("世", 4), "世  ");
}

#[test]
fn numbers_are_readable() {
    for (ms, text) in [
        (0, "0.0s"),
        (450, "0.4s"),
        (59_999, "59.9s"),
        (65_000, "1m05s"),
        (7_380_000, "2h03m"),
        (90_000_000, "1d01h"),
    ] {
        assert_eq!(duration(ms), text);
    }
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1.0k"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (4_100_000, "4.1M"),
    ] {
        assert_eq!(count(number), text);
    }
    for (number, text) in
        [(512, "512 B"), (1_024, "1.0 KiB"), (1_363_149, "1.3 MiB"), (u64::MAX, "1677721.5 TiB")]
    {
        assert_eq!(bytes(number), text);
    }
    for (micro, text) in [(0, "$0.00"), (250, "$0.0002"), (10_000, "$0.01"), (1_250_000, "$1.25")] {
        assert_eq!(dollars(micro), text);
    }
}

#[test]
fn a_slip_of_the_fingers_is_understood() {
    let known = ["docs-audit", "review", "migrate"];
    for (word, meant) in [
        ("doc-audit", Some("docs-audit")),
        ("docs-adult", Some("docs-audit")),
        ("reveiw", Some("review")),
        ("MIGRATE", Some("migrate")),
        ("research", None),
        ("", None),
    ] {
        assert_eq!(nearest(word, known), meant, "{word}");
    }
}

#[test]
fn an_amount_may_be_below_zero() {
    for (micro, text) in [(1_250_000, "$1.25"), (0, "$0.00"), (-500, "-$0.0005")] {
        assert_eq!(signed_dollars(micro), text);
    }
}

#[test]
fn a_long_line_is_broken_between_words() {
    for (line, columns, lines) in [
        ("", 10, &[""][..]),
        ("short enough", 12, &["short enough"]),
        ("a few words of text", 8, &["a few ", "words of", "text"]),
        ("unbreakable", 4, &["unbr", "eaka", "ble"]),
        ("a 世界地図", 4, &["a ", "世界", "地図"]),
        ("xx    yy", 2, &["xx", "yy"]),
        ("xyz", 0, &["xy", "z"]),
    ] {
        let wrapped = wrap(line, columns);
        assert_eq!(wrapped, lines, "{line:?}");
        let mut trimmed = wrapped.iter().map(|line| width(line.trim_end()));
        assert!(trimmed.all(|width| width <= columns.max(2)), "{line:?}");
    }
}

#[test]
fn lines_behind_a_lead_go_on_below_their_text_and_styles_take_no_room() {
    let (sign, word) = (paint(crate::output::DIM, "·"), paint(crate::output::BOLD, "bold"));
    assert_eq!((width(&sign), width(&word)), (1, 4));
    let lead = format!("  {sign} ");
    let broken = hang(&lead, &format!("a {word} word and more"), Some(14));
    assert_eq!(broken, [format!("{lead}a {word}"), "    word and".into(), "    more".into()]);
    assert_eq!(hang(&lead, "a word and more", None), [format!("{lead}a word and more")]);
    assert_eq!(hang("> ", "", Some(10)), ["> "]);
}
