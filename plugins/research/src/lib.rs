//! Answers a question from sources: sub-questions, agents that gather claims with quotes, a look
//! into every source for its quote, challengers, and an answer in which every statement is cited.

mod claim;
mod input;
mod prompt;
mod report;
mod source;

use baton_guest::prelude::*;

use crate::claim::{Checked, Claim, Gathered, Judgement, Plan, Written};
use crate::input::Input;
use crate::report::{Report, cited};
use crate::source::{FETCH, Library};

/// Tools of the agents, as far as they are granted, beside those for files.
const TOOLS: [&str; 4] = [FETCH, "code/*", "data/query", "git/*"];
/// Claims that one challenger gets.
const GROUP: usize = 8;
/// Times that an answer is asked for.
const WRITE_TRIES: u32 = 3;
/// Name of the answer among the artifacts.
const ARTIFACT: &str = "research.md";
/// Entries of a handoff's lists at the most.
const LISTED_MAX: usize = 1_000;

/// Runs the research.
///
/// # Errors
/// When no claim at all could be gathered and founded, or no answer could be written.
#[baton_guest::workflow(
    name = "research",
    description = "Answers a question from files in scope and, where granted, from the web: \
                   sub-questions, claims with quotes, a check of each, an answer with citations and \
                   open points. Needs a model.",
    phases("plan", "gather", "check", "answer"),
    read("**/*"),
    agents,
    tools("http/fetch", "code/*", "data/query", "git/log", "git/show", "git/file"),
    write(),
    env(),
    secrets(),
    agent_types(
        researcher(
            description = "Looks things up, and says what it found with exact quotes.",
            system = "You look things up. You state only what sources say, quote them exactly, and \
                      say plainly what you could not find. You never change anything."
        ),
        writer(
            description = "Writes an answer from claims.",
            system = "You write short, exact answers from claims that others gathered and checked. \
                      You add nothing of your own."
        )
    ),
    budget(agents = 500),
    input_schema = "input.schema.json"
)]
pub async fn run(cx: Cx, input: Input) -> Result<Handoff<Report>> {
    if input.question.trim().is_empty() {
        return Err(Error::new("input", "`question` is empty"));
    }
    let web = web(&cx, &input)?;
    let mut report = Report { question: input.question.clone(), ..Report::default() };
    cx.report().phase("plan");
    let plan = cx
        .agent(prompt::plan(&input, web))
        .schema::<Plan>()
        .agent_type("researcher")
        .tools(TOOLS)
        .label("plan")
        .await?;

    cx.report().phase("gather");
    let mut library = Library::new(&cx, web);
    let mut claims = gather(&cx, &input, &mut library, plan, &mut report).await?;

    cx.report().phase("check");
    check(&cx, &input, web, &mut claims, &mut report).await;
    let (standing, refuted): (Vec<Claim>, Vec<Claim>) = claims.into_iter().partition(Claim::stands);
    report.refuted = refuted;
    if standing.is_empty() {
        let message = format!("nothing that was claimed stands: {}", report.headline());
        return Err(Error::new("nothing-stands", message));
    }

    cx.report().phase("answer");
    let written = answer(&cx, &input, web, &standing, &report.open).await?;
    let numbers = cited(&written.answer);
    (report.citations, report.unused) =
        standing.into_iter().partition(|claim| numbers.contains(&claim.number));
    report.answer = written.answer;
    report.open = written.open;
    hand_off(&cx, report)
}

/// Whether pages may be sources.
fn web(cx: &Cx, input: &Input) -> Result<bool> {
    let there = cx.tools().iter().any(|tool| tool.name == FETCH);
    let wanted = input.web.unwrap_or(!input.pages.is_empty());
    if wanted && !there {
        let message = format!("pages cannot be sources: the tool `{FETCH}` is not granted");
        return Err(Error::new("no-web", message).kind(FailureKind::Refused));
    }
    Ok(wanted)
}

/// Claims of all rounds whose quotes were found. Each round looks into what the one before left
/// open.
async fn gather(
    cx: &Cx,
    input: &Input,
    library: &mut Library,
    plan: Plan,
    report: &mut Report,
) -> Result<Vec<Claim>> {
    let web = library.web();
    let mut claims: Vec<Claim> = Vec::new();
    let mut questions = plan.sub_questions;
    let mut last = None;
    for round in 1..=input.rounds() {
        questions.truncate(input.sub_questions());
        if questions.is_empty() {
            break;
        }
        log!(cx, "round {round}: {} sub-questions", questions.len());
        let calls = questions.iter().map(|question| {
            cx.agent(prompt::gather(input, web, question))
                .schema::<Gathered>()
                .agent_type("researcher")
                .tools(TOOLS)
                .label(question)
        });
        let answers = join_all(calls.collect::<Vec<_>>()).await;
        let mut gathered = Vec::new();
        for (question, answer) in questions.iter().zip(answers) {
            match answer {
                Ok(one) => gathered.push((question.clone(), one)),
                Err(error) => {
                    report.failed.push((question.clone(), error.to_string()));
                    last = Some(error);
                }
            }
        }
        let told = gathered.iter().flat_map(|(_, one)| &one.claims);
        library.open(told.flat_map(|told| &told.sources)).await;
        report.sub_questions.append(&mut questions);
        for (question, one) in &gathered {
            found(library, question, one, &mut claims, report);
        }
        questions =
            prompt::open_questions(gathered.iter().map(|(_, one)| one), &report.sub_questions);
    }
    report.open = questions;
    match last {
        Some(error) if claims.is_empty() => Err(error.into()),
        _ => Ok(claims),
    }
}

/// Keeps the claims whose quotes stand where they say.
fn found(
    library: &Library,
    question: &str,
    gathered: &Gathered,
    claims: &mut Vec<Claim>,
    report: &mut Report,
) {
    for told in &gathered.claims {
        if claims.iter().any(|claim| claim.statement == told.statement) {
            continue;
        }
        let (mut sources, mut why) = (Vec::new(), Vec::new());
        for source in &told.sources {
            match library.find(source) {
                Ok(source) => sources.push(source),
                Err(reason) => why.push(format!("{}: {reason}", source.place)),
            }
        }
        if sources.is_empty() {
            if report.unfounded.iter().all(|(known, _)| known != told) {
                report.unfounded.push((told.clone(), why));
            }
            continue;
        }
        claims.push(Claim {
            number: claims.len() + 1,
            statement: told.statement.clone(),
            sources,
            question: question.to_owned(),
            supported: Vec::new(),
            refuted: Vec::new(),
        });
    }
}

/// Sets challengers on all claims, group by group.
async fn check(cx: &Cx, input: &Input, web: bool, claims: &mut [Claim], report: &mut Report) {
    let mut calls = Vec::new();
    for group in claims.chunks(GROUP) {
        let group: Vec<&Claim> = group.iter().collect();
        let (first, last) = (group.first().map_or(0, |it| it.number), group.len());
        for challenger in 1..=input.challengers() {
            let label = format!("challenger {challenger} of {last} claims from [{first}]");
            let call = cx
                .agent(prompt::check(input, web, &group))
                .schema::<Checked>()
                .agent_type("researcher")
                .tools(TOOLS)
                .label(&label);
            calls.push(async move { (label, call.await) });
        }
    }
    for (label, answer) in join_all(calls).await {
        match answer {
            Ok(checked) => {
                for opinion in checked.verdicts {
                    let Some(claim) = claims.iter_mut().find(|it| it.number == opinion.claim)
                    else {
                        continue;
                    };
                    match opinion.judgement {
                        Judgement::Supported => claim.supported.push(opinion.reason),
                        _ => claim.refuted.push(opinion.reason),
                    }
                }
            }
            Err(error) => report.failed.push((label, error.to_string())),
        }
    }
}

/// An answer that cites claims, and only such as stand.
async fn answer(
    cx: &Cx,
    input: &Input,
    web: bool,
    claims: &[Claim],
    open: &[String],
) -> Result<Written> {
    let known: Vec<&Claim> = claims.iter().collect();
    let mut wrong = String::new();
    for _ in 0..WRITE_TRIES {
        let written = cx
            .agent(prompt::write(input, web, &known, open, &wrong))
            .schema::<Written>()
            .agent_type("writer")
            .label("answer")
            .await?;
        let numbers = cited(&written.answer);
        let strange: Vec<String> = numbers
            .iter()
            .filter(|number| known.iter().all(|claim| claim.number != **number))
            .map(ToString::to_string)
            .collect();
        if numbers.is_empty() {
            wrong = "it cites nothing".into();
        } else if strange.is_empty() {
            return Ok(written);
        } else {
            wrong = format!("it cites {}, which are no claims", strange.join(", "));
        }
    }
    Err(Error::new("not-cited", format!("no answer with citations was written: {wrong}")))
}

fn hand_off(cx: &Cx, report: Report) -> Result<Handoff<Report>> {
    let markdown = report.markdown();
    let artifact = cx.report().artifact(ARTIFACT, "text/markdown", markdown.as_bytes())?;
    let evidence: Vec<Evidence> = report
        .citations
        .iter()
        .flat_map(|claim| {
            let files = claim.sources.iter().filter(|source| !source.is_page());
            files.map(|it| Evidence::lines(&it.place, it.line, it.line, &claim.statement))
        })
        .take(LISTED_MAX)
        .collect();
    let open: Vec<String> = report.open.iter().take(LISTED_MAX).cloned().collect();
    let summary = report.headline();
    let handoff = Handoff::new(report).summary(summary).evidence(evidence).artifact(artifact);
    Ok(open.into_iter().fold(handoff, Handoff::follow_up))
}

#[cfg(test)]
mod tests;
