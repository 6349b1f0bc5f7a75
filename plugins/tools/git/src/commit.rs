//! Commits as they are shown.

use baton_git_store::{Commit, Signature};
use baton_guest::Schema;
use serde::Serialize;

/// Longest message that is shown, in characters.
const MESSAGE_CHARS_MAX: usize = 4_000;

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// When, as in RFC 3339, in their own time zone.
    pub time: String,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct CommitInfo {
    /// Its id: forty hexadecimal digits.
    pub id: String,
    /// Ids of the commits it follows.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who recorded it.
    pub committer: Person,
    /// The first line of its message.
    pub subject: String,
    /// The rest of its message; a long one is cut.
    pub body: String,
}

impl From<&Commit> for CommitInfo {
    fn from(commit: &Commit) -> Self {
        let message = commit.message.trim();
        let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
        Self {
            id: commit.id.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            author: Person::from(&commit.author),
            committer: Person::from(&commit.committer),
            subject: subject.trim().to_owned(),
            body: body.trim().chars().take(MESSAGE_CHARS_MAX).collect(),
        }
    }
}

impl From<&Signature> for Person {
    fn from(signature: &Signature) -> Self {
        let time = time(signature.seconds, signature.offset_minutes);
        Self { name: signature.name.clone(), email: signature.email.clone(), time }
    }
}

/// A time as in RFC 3339.
fn time(seconds: i64, offset_minutes: i32) -> String {
    let local = seconds.saturating_add(i64::from(offset_minutes) * 60);
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    // Civil date from a number of days: years begin in March, so that a leap day ends one.
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let offset = offset_minutes.unsigned_abs();
    let (hours, minutes) = (offset / 60, offset % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{minutes:02}"
    )
}
