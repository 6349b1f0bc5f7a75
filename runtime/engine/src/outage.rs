//! Brakes: a provider that serves nobody is asked by nobody.
//!
//! The first task that meets an outage opens the brake of its provider, for every run of this process.
//! Tasks that are at work finish; no further one starts there. When the outage may be over, one task
//! tries; only when it was served, the others follow.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use baton_core::ids::Timestamp;
use baton_core::record::Outage;

use crate::shared::{Event, Shared};

/// How long a process stays for a provider that serves nobody, at the longest, in milliseconds. A run
/// that has to wait longer is left paused.
pub const OUTAGE_WAIT_MS_MAX: u64 = 24 * 3_600_000;

/// First wait for an outage whose end is not known, in milliseconds, and the longest; it doubles with
/// every attempt that finds the provider as it was.
const QUOTA_MS: (u64, u64) = (60_000, 3_600_000);
const OVERLOAD_MS: (u64, u64) = (30_000, 600_000);
const UNREACHABLE_MS: (u64, u64) = (15_000, 300_000);

/// Attempts that find a provider unreachable before a run is left to its person: an address that is
/// wrong never gets right.
const UNREACHABLE_TRIES_MAX: u32 = 5;

/// The same of one that has too much to do, or only errors to give: about two hours.
const OVERLOAD_TRIES_MAX: u32 = 15;

/// A provider that serves nobody for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// What is wrong with it.
    pub outage: Outage,
    /// What it said.
    pub message: String,
    /// When to try it again; none: a person has to do something.
    pub until: Option<Timestamp>,
    /// How often in a row it was found like that.
    tries: u32,
    /// One task tries whether it serves again.
    pub probing: bool,
}

impl Open {
    /// Whether somebody may try it now.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        !self.probing && self.until.is_some_and(|until| until <= now)
    }

    /// Whether waiting in this process makes sense.
    pub(crate) fn passes(&self, now: Timestamp) -> Option<Timestamp> {
        let most = match self.outage {
            Outage::Unreachable => UNREACHABLE_TRIES_MAX,
            Outage::Overload => OVERLOAD_TRIES_MAX,
            Outage::Quota | Outage::Auth | Outage::Billing => u32::MAX,
        };
        let hopeless = self.tries > most;
        self.until.filter(|until| !hopeless && until.since(now) <= OUTAGE_WAIT_MS_MAX)
    }
}

/// The brakes of a process, by provider.
#[derive(Default)]
pub(crate) struct Brakes {
    open: Mutex<BTreeMap<String, Open>>,
    /// Runs that are told of every change.
    runs: Mutex<Vec<Weak<Shared>>>,
}

/// Whether a task may be started at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may.
    Free,
    /// It may, alone: it tries whether the provider serves again.
    Probe,
    /// It may not.
    No,
}

impl Brakes {
    /// A task met an outage. Says until when nobody should ask.
    pub(crate) fn trip(
        &self,
        provider: &str,
        outage: Outage,
        message: &str,
        after_ms: Option<u64>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut open = self.lock();
        let known = open.get(provider);
        // Those that were at work together meet it together: that is one outage, not many.
        let again = known.is_none_or(|known| known.probing);
        let tries = known.map_or(0, |known| known.tries) + u32::from(again);
        let until = outage.passes().then(|| {
            let wait = after_ms.unwrap_or_else(|| pause_ms(outage, tries));
            let told = now.plus_ms(wait);
            let before = known.filter(|_| !again).and_then(|known| known.until);
            before.map_or(told, |before| before.max(told))
        });
        let message = message.to_owned();
        open.insert(provider.into(), Open { outage, message, until, tries, probing: false });
        drop(open);
        self.tell();
        until
    }

    /// A task was served. Whether it was not before.
    pub(crate) fn served(&self, provider: &str) -> bool {
        let was_open = self.lock().remove(provider).is_some();
        if was_open {
            self.tell();
        }
        was_open
    }

    /// Tells a run of every change from now on.
    pub(crate) fn enter(&self, run: &Arc<Shared>) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(run));
    }

    fn tell(&self) {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        for run in runs.iter().filter_map(Weak::upgrade) {
            run.send(Event::Braked);
        }
    }

    /// What is wrong with a provider, if anything is.
    pub(crate) fn open(&self, provider: &str) -> Option<Open> {
        self.lock().get(provider).cloned()
    }

    /// Asks for leave to start a task.
    pub(crate) fn leave(&self, provider: &str, now: Timestamp) -> Leave {
        match self.lock().get_mut(provider) {
            None => Leave::Free,
            Some(open) if open.is_over(now) => {
                open.probing = true;
                Leave::Probe
            }
            Some(_) => Leave::No,
        }
    }

    /// A task that tried ended without an answer to the question.
    pub(crate) fn unknown(&self, provider: &str) {
        if let Some(open) = self.lock().get_mut(provider) {
            open.probing = false;
        }
        self.tell();
    }

    /// A person says that it is over.
    pub(crate) fn over(&self, provider: &str, now: Timestamp) {
        if let Some(open) = self.lock().get_mut(provider) {
            open.until = Some(now);
            open.probing = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait where nobody said.
fn pause_ms(outage: Outage, tries: u32) -> u64 {
    let (first, longest) = match outage {
        Outage::Overload => OVERLOAD_MS,
        Outage::Unreachable => UNREACHABLE_MS,
        Outage::Quota | Outage::Auth | Outage::Billing => QUOTA_MS,
    };
    let doubled = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
    first.saturating_mul(doubled).min(longest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp(ms)
    }

    #[test]
    fn one_tries_and_the_others_follow_when_it_was_served() {
        let brakes = Brakes::default();
        assert_eq!(brakes.leave("p", at(0)), Leave::Free);
        assert_eq!(brakes.trip("p", Outage::Quota, "no", Some(50), at(0)), Some(at(50)));
        assert_eq!(brakes.leave("p", at(49)), Leave::No);
        assert_eq!(brakes.leave("other", at(49)), Leave::Free);
        assert_eq!(brakes.leave("p", at(50)), Leave::Probe);
        assert_eq!(brakes.leave("p", at(50)), Leave::No, "one is enough");
        brakes.unknown("p");
        assert_eq!(brakes.leave("p", at(51)), Leave::Probe);
        assert!(brakes.served("p"));
        assert_eq!(brakes.leave("p", at(51)), Leave::Free);
        assert!(!brakes.served("p"), "nothing was open");
    }

    #[test]
    fn those_that_meet_it_together_do_not_double_the_wait() {
        let brakes = Brakes::default();
        let until = brakes.trip("p", Outage::Overload, "", None, at(0));
        assert_eq!(until, Some(at(30_000)));
        for _ in 0..9 {
            brakes.trip("p", Outage::Overload, "", None, at(5));
        }
        assert_eq!(brakes.open("p").unwrap().until, Some(at(30_005)));
        assert_eq!(brakes.leave("p", at(30_005)), Leave::Probe);
        let later = brakes.trip("p", Outage::Overload, "", None, at(40_000));
        assert_eq!(later, Some(at(100_000)), "found as it was: twice as long");
    }

    #[test]
    fn the_wait_grows_to_its_longest_and_a_wrong_address_is_left_to_its_person() {
        let brakes = Brakes::default();
        let mut now = at(0);
        for tries in 1..=9 {
            let until = brakes.trip("p", Outage::Unreachable, "", None, now).unwrap();
            assert!(until.since(now) <= UNREACHABLE_MS.1);
            let open = brakes.open("p").unwrap();
            assert_eq!(open.passes(now).is_some(), tries <= UNREACHABLE_TRIES_MAX, "{tries}");
            now = until;
            assert_eq!(brakes.leave("p", now), Leave::Probe);
        }
    }

    #[test]
    fn a_key_and_a_bill_wait_for_a_person_and_a_year_is_not_slept_through() {
        let brakes = Brakes::default();
        for outage in [Outage::Auth, Outage::Billing] {
            assert_eq!(brakes.trip("p", outage, "", Some(5), at(0)), None);
            assert_eq!(brakes.leave("p", at(u64::MAX)), Leave::No);
            brakes.over("p", at(7));
            assert_eq!(brakes.leave("p", at(7)), Leave::Probe);
            brakes.served("p");
        }
        let year = 365 * 24 * 3_600_000;
        assert_eq!(brakes.trip("p", Outage::Quota, "", Some(year), at(0)), Some(at(year)));
        assert_eq!(brakes.open("p").unwrap().passes(at(0)), None);
    }
}
