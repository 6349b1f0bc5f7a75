#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
/// 2023-11-14T22:13:20Z.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn cap(cap: &str, numbers: [u64; 3], phase: Option<&str>, task: Option<&str>) -> Pause {
    let [limit, spent, needs] = numbers;
    let (phase, task) = (phase.map(Into::into), task.map(|task| task.parse().unwrap()));
    let short = Short { phase, task, cap: limit, spent, needs };
    Pause::Cap { cap: cap.into(), short: Some(Box::new(short)) }
}

fn provider(outage: Outage, until: Option<Timestamp>) -> Pause {
    let message = "try\nlater \x1b[31m".into();
    Pause::Provider { provider: "anthropic".into(), outage, until, message }
}

fn told(reason: &Pause) -> (Code, String) {
    let run = RUN.parse().unwrap();
    match error(&run, reason, NOW) {
        CliError::Coded(coded) => {
            let text = format!("{}\n{}", coded.message, coded.hint.unwrap_or_default());
            (coded.code, text.replace(RUN, "RUN"))
        }
        CliError::BrokenPipe => panic!("not a coded error"),
    }
}

#[test]
fn a_cap_says_what_is_missing_and_which_flag_gives_it() {
    for (reason, said) in [
        (
            cap("cost", [1_000_000, 980_000, 51_200], None, None),
            "RUN is paused: the cap on cost is reached: $0.98 of $1.00 spent or held back; \
             the next call takes up to $0.06\n\
             `baton resume RUN --max-cost 1.04` makes room for that, a higher cap for what follows",
        ),
        (
            cap("tokens", [50_000, 49_500, 4_096], Some("Review it"), None),
            "RUN is paused: the cap on tokens of phase `Review it` is reached: 49.5k tokens of \
             50.0k tokens spent or held back; the next call takes up to 4.0k tokens\n\
             `baton resume RUN --phase-cap 'Review it:tokens=54k'` makes room for that, a higher \
             cap for what follows",
        ),
        (
            cap("output-tokens", [900, 800, 200], None, Some("3/1")),
            "RUN is paused: the cap on output-tokens of task /3/1 is reached: 800 tokens of \
             900 tokens spent or held back; the next call takes up to 200 tokens\n\
             `baton resume RUN --task-cap output-tokens=1000` makes room for that, a higher cap \
             for what follows",
        ),
        (
            cap("agents", [5, 5, 1], None, None),
            "RUN is paused: the cap on agents is reached: 5 of 5 started\n\
             `baton resume RUN --max-agents 6` lets one more start, a higher cap more",
        ),
        (
            cap("agents", [15, 1, 354], None, None),
            "RUN is paused: the cap on agents leaves no room: 354 agents would start together, \
             and 1 of 15 have started\n\
             `baton resume RUN --max-agents 355` lets all of them start; none has",
        ),
        (
            cap("cost", [0, 0, 0], None, None),
            "RUN is paused: the cap on cost is reached: $0.00 of $0.00 spent or held back\n\
             `baton resume RUN --max-cost 0.01` goes on with a higher cap",
        ),
        (
            cap("wall-time", [60_000, 61_000, 0], Some("A"), None),
            "RUN is paused: the cap on wall time of phase `A` is reached: 1m01s of 1m00s gone\n\
             `baton resume RUN --phase-cap 'A:timeout=122s'` goes on with a higher cap",
        ),
        (
            Pause::Cap { cap: "wall-time".into(), short: None },
            "RUN is paused: the cap on wall time is reached\n\
             `baton resume RUN` goes on for as long again; --timeout D sets another time",
        ),
        (
            Pause::Cap { cap: "cost".into(), short: None },
            "RUN is paused: the cap on cost is reached\n\
             `baton resume RUN --max-cost USD` goes on with a higher cap",
        ),
    ] {
        assert_eq!(told(&reason), (Code::CapReached, said.to_owned()));
    }
}

#[test]
fn a_fan_out_that_does_not_fit_says_how_large_it_is() {
    let reason = cap("agents", [15, 1, 354], Some("Check"), None);
    assert_eq!(words(&reason, NOW), "cap on agents of phase `Check`: 354 would start, 14 may");
    assert_eq!(words(&cap("agents", [5, 5, 1], None, None), NOW), "cap on agents reached");
}

/// Every flag that is named is one the command line takes, and is enough.
#[test]
fn the_flags_that_are_named_are_those_of_the_command_line() {
    use clap::Parser;

    use crate::args::{Cli, Command};

    let names = ["agents", "tokens", "input-tokens", "output-tokens", "cached-tokens", "cost"];
    for (phase, task) in [(None, None), (Some("it's: all"), None), (None, Some("3"))] {
        for name in names.into_iter().chain(["wall-time"]) {
            if task.is_some() && matches!(name, "agents" | "wall-time") {
                continue;
            }
            let reason = cap(name, [1_234_567, 1_234_567, 76_543], phase, task);
            let Pause::Cap { short, .. } = &reason else { panic!("a cap") };
            let flag = raise(name, short.as_deref());
            let words = shell_words::split(&flag).unwrap();
            let line = ["baton", "resume", "last"].map(ToOwned::to_owned).into_iter().chain(words);
            let cli = Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{flag}: {error}"));
            let Command::Resume(resume) = cli.command else { panic!("not `resume`") };
            let caps = resume.caps.caps();
            let cap = match (phase, task) {
                (Some(phase), _) => caps.phases[phase],
                (None, Some(_)) => caps.task,
                (None, None) => caps.run,
            };
            let given = match name {
                "agents" => cap.agents,
                "tokens" => cap.tokens,
                "input-tokens" => cap.input_tokens,
                "output-tokens" => cap.output_tokens,
                "cached-tokens" => cap.cached_tokens,
                "cost" => cap.cost_micro_usd,
                _ => cap.wall_ms,
            };
            assert!(given.is_some_and(|given| given >= 1_311_110), "{flag}: {given:?}");
        }
    }
}

#[test]
fn a_provider_says_until_when_and_what_to_do() {
    let soon = Some(NOW.plus_ms(90_000));
    for (outage, said) in [
        (Outage::Quota, "the quota of anthropic is used up"),
        (Outage::Overload, "anthropic has too much to do"),
        (Outage::Unreachable, "anthropic cannot be reached"),
    ] {
        let (code, text) = told(&provider(outage, soon));
        assert_eq!(code, Code::ProviderOut);
        assert!(text.starts_with(&format!("RUN is paused: {said}, until ")), "{text}");
        assert!(text.contains(" (in 1m30s): try later [31m\n"), "{text}");
        assert!(text.ends_with("`baton resume RUN` asks anthropic again, at any time"), "{text}");
    }
    let (_, text) = told(&provider(Outage::Auth, None));
    assert!(text.contains("does not accept the key: try later"), "{text}");
    assert!(text.contains("set the key of anthropic"), "{text}");
    let (_, text) = told(&provider(Outage::Billing, None));
    assert!(text.contains("see to the account at anthropic, then `baton resume RUN`"), "{text}");
}

#[test]
fn a_moment_that_has_passed_is_told_as_past() {
    let passed = Timestamp(NOW.0 - 1);
    let at = clock(passed, NOW);
    for (outage, said) in [
        (Outage::Quota, "the quota of anthropic was used up"),
        (Outage::Auth, "anthropic did not accept the key"),
        (Outage::Billing, "the account at anthropic could not pay"),
        (Outage::Overload, "anthropic had too much to do"),
        (Outage::Unreachable, "anthropic could not be reached"),
    ] {
        let (code, text) = told(&provider(outage, Some(passed)));
        assert_eq!(code, Code::ProviderOut);
        let lead = format!("RUN is paused: {said} until {at}: try later [31m\n");
        assert!(text.starts_with(&lead), "{text}");
    }
}

#[test]
fn a_moment_is_told_by_the_clock_on_the_wall() {
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    for (ms, said) in [
        (0, "23:13:20"),
        (60_000, "23:14:20"),
        // Past midnight there.
        (3_600_000, "Nov 15 00:13"),
        (40 * 86_400_000, "Dec 24 23:13"),
        (100 * 86_400_000, "2024-02-22 23:13"),
    ] {
        assert_eq!(clock_in(NOW.plus_ms(ms), NOW, &zone), said);
    }
    assert_eq!(clock_in(Timestamp(u64::MAX), NOW, &zone), moment(Timestamp(u64::MAX)));
}

#[test]
fn nobody_is_told_to_wait_for_what_needs_a_person_or_a_year() {
    let day = 24 * 3_600_000;
    for (outage, after, stays) in [
        (Outage::Quota, Some(day), true),
        (Outage::Overload, Some(1_000), true),
        (Outage::Quota, Some(day + 1), false),
        (Outage::Quota, None, false),
        (Outage::Auth, Some(1_000), false),
    ] {
        let until = after.map(|after| NOW.plus_ms(after));
        assert_eq!(waits(&provider(outage, until), NOW), stays, "{outage:?} {after:?}");
    }
    assert!(!waits(&Pause::Interrupted, NOW));
}

#[test]
fn few_words_for_lists() {
    for (reason, said) in [
        (cap("cost", [1, 1, 1], Some("A\n"), None), "cap on cost of phase `A` reached"),
        (provider(Outage::Quota, None), "anthropic: quota"),
        (Pause::Person { by: "ada".into() }, "by ada"),
        (
            Pause::Gate { task: "3/1".parse().unwrap(), question: "Ship\n it?".into() },
            "/3/1 asks: Ship it?",
        ),
        (Pause::Message, "waits for a message"),
        (Pause::Interrupted, "interrupted"),
    ] {
        assert_eq!(words(&reason, NOW), said);
    }
}

#[test]
fn the_json_object_has_the_promised_shape() {
    let run = RUN.parse().unwrap();
    let shown =
        |reason: &Pause| serde_json::to_string(&PauseShape::new(&run, reason, None)).unwrap();
    insta::assert_snapshot!(shown(&cap("cost", [1_000_000, 980_000, 51_200], None, Some("3"))), @r#"{"reason":"cap","cap":"cost","phase":null,"task":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3","limit":1.0,"spent":0.98,"needs":0.0512,"flag":"--task-cap cost=1.04"}"#);
    insta::assert_snapshot!(shown(&cap("agents", [5, 5, 1], Some("A"), None)), @r#"{"reason":"cap","cap":"agents","phase":"A","task":null,"limit":5,"spent":5,"needs":1,"flag":"--phase-cap 'A:agents=6'"}"#);
    insta::assert_snapshot!(shown(&provider(Outage::Auth, Some(NOW))), @r#"{"reason":"provider","provider":"anthropic","outage":"auth","until":"2023-11-14T22:13:20.000Z","message":"try\nlater \u001b[31m"}"#);
    insta::assert_snapshot!(shown(&Pause::Person { by: "ada".into() }), @r#"{"reason":"person","by":"ada"}"#);
    insta::assert_snapshot!(shown(&Pause::Interrupted), @r#"{"reason":"interrupted"}"#);
}
