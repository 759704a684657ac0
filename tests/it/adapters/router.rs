//! The contract of a router adapter: one suite that runs on every one.
//!
//! An adapter's tests make a [`Subject`] and call [`contract!`](crate::adapters::router::contract), which makes one test of each
//! function here; [`says_no_with_the_words_of_a_system_that_denies`] is named where the system knows who may write, and
//! [`tells_of_credentials_that_end_in_the_middle`] where it asks who it is. The subject is the real system wherever there
//! is one; [`Fake`] stands for a peer that talks nonsense.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use flightdeck::adapter::router::{Fence, Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::{BasisPoints, Holds, NativeSplit, PoolId, Prepared, Reading, Target, Trouble, Weights};

use crate::support::fake::{Fake, Talk};

/// Time enough for any answer on a busy machine.
pub const PATIENT: Duration = Duration::from_secs(10);

/// Too short for a system that does not answer.
pub const HASTY: Duration = Duration::from_millis(400);

/// A router under test, with what can happen to it.
pub trait Subject: Sync {
    /// An adapter for it.
    fn adapter(&self, timeout: Duration) -> Box<dyn Router>;

    /// Its pools in the profile's order, at least two.
    fn pools(&self) -> Vec<PoolId>;

    /// What it holds at the start, less than everything on the second pool.
    fn begins(&self) -> Weights {
        let pools = self.pools();
        Weights::all_on(&pools, &pools[0]).unwrap()
    }

    /// Every weight by its reference, as the system itself tells, not asked through the adapter.
    fn really(&self) -> BTreeMap<String, u32>;

    /// Changes a weight behind the adapter's back.
    fn meddle(&self);

    /// Stops it, so that it takes connections and answers nothing.
    fn freeze(&self);

    /// Lets it go on.
    fn thaw(&self);

    /// Whether a frozen one applies, when it goes on, what was sent to it meanwhile.
    fn applies_late(&self) -> bool;

    /// Ends it, so that nobody is there.
    fn end(&mut self);

    /// An adapter that may read but not write, where the system knows the difference.
    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>>;

    /// An adapter with the same profile for a peer at another address.
    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router>;

    /// What must never be in a message.
    fn secrets(&self) -> Vec<String>;

    /// Whether a change looks first whatever it is bound to: where a system takes only whole documents, the rest of the
    /// document goes back as it was read. Where nothing can be read, nothing is sent then.
    fn looks_before_writing(&self) -> bool {
        false
    }

    /// Makes the credentials that were good until now bad, where it asks for some.
    fn expire(&self) {
        unreachable!("run this only where the system asks who it is")
    }

    /// Puts good credentials where the adapter finds them.
    fn renew(&self) {
        unreachable!("run this only where the system asks who it is")
    }
}

/// Makes one test of every part of the contract. `$make` is an expression that starts a fresh [`Subject`].
macro_rules! contract {
    ($name:ident, $make:expr) => {
        crate::adapters::router::contract!($name, $make,
            reads_the_same_references_each_time, prepares_purely_and_says_the_rounding, sets_and_reads_back,
            sets_twice_without_harm, puts_back_a_native_split_to_the_letter_without_a_reading,
            writes_nothing_when_the_split_has_moved, writes_nothing_when_the_fence_is_closed,
            asks_the_fence_once_connected_and_not_before, refuses_a_pool_that_it_does_not_know,
            refuses_weights_without_a_reading, refuses_a_native_split_of_another_router,
            times_out_without_writing_over_what_has_moved,
            does_not_know_after_a_time_out_until_it_reads, finds_nobody_there, tells_nonsense_from_an_answer,
            does_not_wait_for_a_slow_answer, cancels_nothing_that_it_did_not_tell_of,
        );
    };
    ($name:ident, $make:expr, $($part:ident),+ $(,)?) => {
        mod $name {
            use super::*;

            $(
                #[tokio::test]
                async fn $part() {
                    crate::adapters::router::$part(&mut $make).await;
                }
            )+
        }
    };
}
pub(crate) use contract;

pub async fn reads_the_same_references_each_time(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let first = read(&*router).await;
    let second = read(&*router).await;
    assert_eq!(first.native, second.native);
    assert_eq!(first.identity, second.identity);
    assert!(!second.restarted_since(&first));
    assert_eq!(of(&first.native), subject.really());
    let pools = subject.pools();
    assert!(first.native.shares(&pools).are_exactly(&subject.begins()));
    for pool in &pools {
        assert!(first.totals(pool).up > 0, "every pool is up: {first:?}");
        assert_eq!(first.totals(pool).in_flight.is_some(), router.capabilities().counts_in_flight);
        assert_eq!(first.totals(pool).requests.is_some(), router.capabilities().counts_requests);
    }
}

pub async fn prepares_purely_and_says_the_rounding(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let reading = read(&*router).await;
    let before = subject.really();
    let asked = held(&*router, 1_234);
    let target = Target::Weights(first_two(&subject.pools(), asked));
    let prepared = router.prepare(&target, Some(&reading)).unwrap();
    assert_eq!(router.prepare(&target, Some(&reading)), Ok(prepared.clone()), "the same twice");
    assert!(!prepared.requests.is_empty());
    assert_eq!(prepared.shares, prepared.native.shares(&subject.pools()));
    let share = prepared.shares.of(&subject.pools()[1]).fraction().unwrap();
    assert!((share - f64::from(asked) / 10_000.0).abs() < 0.006, "{share} is near to what was asked");
    assert_eq!(subject.really(), before, "nothing is sent");
    no_secret(&*subject, &format!("{prepared:?}"));
}

pub async fn sets_and_reads_back(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    for points in [1_000, 3_000, 5_000, 10_000, 5_000, 0] {
        let reading = read(&*router).await;
        let target = Target::Weights(first_two(&subject.pools(), held(&*router, points)));
        let prepared = router.prepare(&target, Some(&reading)).unwrap();
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        verify(&*router, &prepared).await;
        let really = subject.really();
        for weight in &prepared.native.0 {
            assert_eq!(really.get(&weight.reference), Some(&weight.weight), "{}", weight.reference);
        }
    }
}

pub async fn sets_twice_without_harm(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let prepared = prepared(&*subject, &*router, 3_000).await;
    for _ in 0..2 {
        assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
        verify(&*router, &prepared).await;
    }
}

pub async fn puts_back_a_native_split_to_the_letter_without_a_reading(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let (before, really) = (read(&*router).await, subject.really());
    let away = prepared(&*subject, &*router, 10_000).await;
    assert_eq!(router.set(&away, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_ne!(subject.really(), really);
    let back = router.prepare(&Target::Native(before.native.clone()), None).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(subject.really(), really);
    assert_eq!(read(&*router).await.native, before.native);
}

pub async fn writes_nothing_when_the_split_has_moved(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let seen = read(&*router).await.native;
    let prepared = prepared(&*subject, &*router, 3_000).await;
    subject.meddle();
    let moved = subject.really();
    match router.set(&prepared, Some(&seen), &Gate::open()).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split), moved),
        other => panic!("the split moved, and the answer is {other:?}"),
    }
    assert_eq!(subject.really(), moved, "nothing is written");
}

pub async fn writes_nothing_when_the_fence_is_closed(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let before = subject.really();
    let prepared = prepared(&*subject, &*router, 3_000).await;
    let answer = router.set(&prepared, None, &Gate::closed("the deadline has passed")).await;
    match answer {
        SetAnswer::NotSent(why) => assert!(why.contains("the deadline has passed"), "{why}"),
        other => panic!("the fence is closed, and the answer is {other:?}"),
    }
    assert_eq!(subject.really(), before, "nothing is written");
}

pub async fn asks_the_fence_once_connected_and_not_before(subject: &mut dyn Subject) {
    let fake = Fake::start(Talk::Silence);
    let router = subject.at(fake.address, HASTY);
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    let gate = Gate::hooked({
        let fake = fake.clone();
        move || {
            fake.wait_for_a_connection();
            assert_eq!(fake.heard(), "", "no byte goes out before the fence is asked");
            Ok(())
        }
    });
    if subject.looks_before_writing() {
        // With nothing but silence it does not come to the write; with the system itself it does.
        assert!(matches!(router.set(&prepared, None, &gate).await, SetAnswer::NotSent(_)));
        assert_eq!(gate.asked(), 0, "nothing is to be sent");
        let before = subject.really();
        let asks = Gate::hooked(|| {
            assert_eq!(subject.really(), before, "nothing is written before the fence is asked");
            Ok(())
        });
        assert_eq!(subject.adapter(PATIENT).set(&prepared, None, &asks).await, SetAnswer::Accepted);
        assert_eq!(usize::try_from(asks.asked()), Ok(prepared.requests.len()), "once before each write");
        return;
    }
    assert!(matches!(router.set(&prepared, None, &gate).await, SetAnswer::Unknown(_)));
    assert_eq!(gate.asked(), 1);
    assert_ne!(fake.heard(), "", "and then it does");
}

pub async fn refuses_a_pool_that_it_does_not_know(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let reading = read(&*router).await;
    let strange = PoolId::from("no-such-pool");
    let target = Target::Weights(Weights::new(vec![(strange, BasisPoints::ALL)]).unwrap());
    let refused = router.prepare(&target, Some(&reading)).unwrap_err();
    assert!(refused.why.contains("no-such-pool"), "{refused}");
    assert!(!refused.advice.is_empty());
}

pub async fn cancels_nothing_that_it_did_not_tell_of(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    assert!(read(&*router).await.underway.is_none(), "nothing is under way");
    let (before, gate) = (subject.really(), Gate::open());
    let answer = router.cancel("no-such-task", &gate).await;
    assert!(matches!(&answer, SetAnswer::NotSent(why) if !why.is_empty()), "{answer:?}");
    assert_eq!((gate.asked(), subject.really()), (0, before));
    no_secret(&*subject, &format!("{answer:?}"));
}

pub async fn refuses_weights_without_a_reading(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let refused = router.prepare(&Target::Weights(first_two(&subject.pools(), 3_000)), None).unwrap_err();
    assert!(!refused.why.is_empty() && !refused.advice.is_empty(), "{refused}");
}

pub async fn refuses_a_native_split_of_another_router(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let mut split = read(&*router).await.native;
    "somewhere/else-1".clone_into(&mut split.0[0].reference);
    let refused = router.prepare(&Target::Native(split), None).unwrap_err();
    assert!(!refused.why.is_empty() && !refused.advice.is_empty(), "{refused}");
}

pub async fn says_no_with_the_words_of_a_system_that_denies(subject: &mut dyn Subject) {
    let powerless = subject.powerless(PATIENT).expect("run this only where the system knows who may write");
    let before = subject.really();
    // What may not write may know so from looking, and prepares nothing then.
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    match powerless.set(&prepared, None, &Gate::open()).await {
        SetAnswer::Failed(why) => {
            assert!(why.to_lowercase().contains("denied") || why.contains("403"), "{why}");
            no_secret(&*subject, &why);
        }
        other => panic!("it may not write, and the answer is {other:?}"),
    }
    assert_eq!(subject.really(), before, "nothing is written");
}

pub async fn tells_of_credentials_that_end_in_the_middle(subject: &mut dyn Subject) {
    let router = subject.adapter(PATIENT);
    let prepared = prepared(&*subject, &*router, 3_000).await;
    let before = subject.really();
    subject.expire();
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    telling(&*subject, &trouble);
    match router.set(&prepared, None, &Gate::open()).await {
        SetAnswer::Failed(why) | SetAnswer::NotSent(why) => telling_text(&*subject, &why),
        other => panic!("its credentials are over, and the answer is {other:?}"),
    }
    assert_eq!(subject.really(), before, "nothing is written");
    subject.renew();
    read(&*router).await;
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    verify(&*router, &prepared).await;
}

pub async fn times_out_without_writing_over_what_has_moved(subject: &mut dyn Subject) {
    let router = subject.adapter(HASTY);
    let seen = read(&*subject.adapter(PATIENT)).await;
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    subject.meddle();
    let moved = subject.really();
    subject.freeze();
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
    telling(&*subject, &trouble);
    let answer = router.set(&prepared, Some(&seen.native), &Gate::open()).await;
    if router.capabilities().conditional && !subject.looks_before_writing() {
        // The system compares for itself, also when it goes on: the change is out, and only a reading can tell. Or what it
        // compares by had to be read first, and nothing is out.
        assert!(matches!(answer, SetAnswer::Unknown(_) | SetAnswer::NotSent(_)), "{answer:?}");
    } else {
        // The comparison with what the operator saw cannot be made, so nothing goes out.
        assert!(matches!(answer, SetAnswer::NotSent(_)), "{answer:?}");
    }
    subject.thaw();
    assert_eq!(of(&read(&*subject.adapter(PATIENT)).await.native), moved);
    assert_eq!(subject.really(), moved);
}

pub async fn does_not_know_after_a_time_out_until_it_reads(subject: &mut dyn Subject) {
    let before = subject.really();
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    let expected = read(&*subject.adapter(PATIENT)).await.native;
    let answer = {
        let subject = &*subject;
        let gate = Gate::hooked(|| {
            subject.freeze();
            Ok(())
        });
        subject.adapter(Duration::from_secs(2)).set(&prepared, Some(&expected), &gate).await
    };
    match answer {
        SetAnswer::Unknown(why) => no_secret(&*subject, &why),
        other => panic!("it was stopped in the middle, and the answer is {other:?}"),
    }
    subject.thaw();
    let router = subject.adapter(PATIENT);
    let limit = Instant::now() + PATIENT;
    while subject.applies_late() && read(&*router).await.native == expected {
        assert!(Instant::now() < limit, "nothing of the change that timed out ever shows");
    }
    // Some systems take a whole line, some only the first commands of it; what they take is of this change and nothing else.
    for (reference, weight) in subject.really() {
        let wanted = prepared.native.0.iter().find(|wanted| wanted.reference == reference).map(|wanted| wanted.weight);
        assert!(weight == before[&reference] || Some(weight) == wanted, "{reference} has {weight}");
    }
    assert!(subject.really().values().any(|weight| *weight > 0), "at no moment is everything at zero");
    // Weights are absolute, so the same change again makes it whole.
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    verify(&*router, &prepared).await;
}

pub async fn finds_nobody_there(subject: &mut dyn Subject) {
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    subject.end();
    let router = subject.adapter(PATIENT);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    telling(&*subject, &trouble);
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(matches!(answer, SetAnswer::NotSent(_)), "{answer:?}");
}

pub async fn tells_nonsense_from_an_answer(subject: &mut dyn Subject) {
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    for nonsense in [
        "",
        "\n",
        "\0\u{1}\u{2}\u{1b}[2J",
        "<html><body>Welcome</body></html>",
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{\"weights\":",
        "220 mail.example.net ESMTP\r\n",
    ] {
        let fake = Fake::start(Talk::Says(nonsense.as_bytes().to_vec()));
        let router = subject.at(fake.address, PATIENT);
        let trouble = router.read().await.expect_err(nonsense);
        assert!(matches!(trouble.kind, TroubleKind::Garbage | TroubleKind::Unreachable), "{nonsense:?}: {trouble}");
        telling(&*subject, &trouble);
        match router.set(&prepared, None, &Gate::open()).await {
            SetAnswer::Unknown(why) | SetAnswer::Failed(why) => telling_text(&*subject, &why),
            SetAnswer::NotSent(why) if subject.looks_before_writing() => telling_text(&*subject, &why),
            other => panic!("{nonsense:?} is no answer, and becomes {other:?}"),
        }
    }
}

pub async fn does_not_wait_for_a_slow_answer(subject: &mut dyn Subject) {
    let prepared = prepared(&*subject, &*subject.adapter(PATIENT), 3_000).await;
    for talk in [Talk::Silence, Talk::Trickle] {
        let fake = Fake::start(talk);
        let router = subject.at(fake.address, HASTY);
        let begun = Instant::now();
        let trouble = router.read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
        telling(&*subject, &trouble);
        let answer = router.set(&prepared, None, &Gate::open()).await;
        if subject.looks_before_writing() {
            assert!(matches!(answer, SetAnswer::NotSent(_)), "{answer:?}");
        } else {
            assert!(matches!(answer, SetAnswer::Unknown(_)), "{answer:?}");
        }
        assert!(begun.elapsed() < HASTY * 2 + Duration::from_secs(3), "two time-outs and no more");
    }
}

/// A fence that says what a test wants, and counts how often it is asked.
pub struct Gate<'a> {
    hook: Box<dyn Fn() -> Result<(), String> + Send + Sync + 'a>,
    asked: Mutex<u32>,
}

impl<'a> Gate<'a> {
    /// Always open.
    pub fn open() -> Self {
        Self::hooked(|| Ok(()))
    }

    /// Always closed.
    pub fn closed(why: &'static str) -> Self {
        Self::hooked(move || Err(why.to_owned()))
    }

    /// Does something in the moment before the first byte.
    pub fn hooked(hook: impl Fn() -> Result<(), String> + Send + Sync + 'a) -> Self {
        Self { hook: Box::new(hook), asked: Mutex::new(0) }
    }

    /// How often it was asked.
    pub fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }
}

impl Fence for Gate<'_> {
    fn may_send(&self) -> Result<(), String> {
        *self.asked.lock().unwrap() += 1;
        (self.hook)()
    }
}

/// Reads, and says what was wrong.
pub async fn read(router: &dyn Router) -> Reading {
    router.read().await.unwrap_or_else(|trouble| panic!("the router cannot be read: {trouble}"))
}

/// The second pool at `points`, the first one at the rest.
pub fn first_two(pools: &[PoolId], points: u32) -> Weights {
    let mut pairs: Vec<_> = pools.iter().map(|pool| (pool.clone(), BasisPoints::ZERO)).collect();
    pairs[0].1 = BasisPoints(10_000 - points);
    pairs[1].1 = BasisPoints(points);
    Weights::new(pairs).unwrap()
}

async fn prepared(subject: &dyn Subject, router: &dyn Router, points: u32) -> Prepared {
    let reading = read(router).await;
    router.prepare(&Target::Weights(first_two(&subject.pools(), held(router, points))), Some(&reading)).unwrap()
}

/// A share that such a router can hold, near to this one, and more than nothing where this one is.
fn held(router: &dyn Router, points: u32) -> u32 {
    match router.capabilities().holds {
        Holds::AllOrNothing if points > 0 => 10_000,
        holds => holds.nearest(BasisPoints(points)).0,
    }
}

/// Reads until the prepared weights are there; some systems take a moment.
async fn verify(router: &dyn Router, prepared: &Prepared) {
    let limit = Instant::now() + PATIENT;
    loop {
        let native = read(router).await.native;
        if native.holds(&prepared.native) {
            return;
        }
        assert!(Instant::now() < limit, "accepted, and yet: {:?}", prepared.native.differences(&native));
    }
}

/// Weights by reference.
pub fn of(split: &NativeSplit) -> BTreeMap<String, u32> {
    split.0.iter().map(|weight| (weight.reference.clone(), weight.weight)).collect()
}

/// A trouble says what was tried, what came, and what to do, and nothing secret.
fn telling(subject: &dyn Subject, trouble: &Trouble) {
    assert!(!trouble.what.is_empty() && !trouble.why.is_empty() && !trouble.advice.is_empty(), "{trouble:?}");
    telling_text(subject, &trouble.to_string());
}

fn telling_text(subject: &dyn Subject, text: &str) {
    assert!(!text.chars().any(char::is_control), "harmless on a terminal: {text:?}");
    assert!(text.len() < 1_000, "short enough to be read: {text}");
    no_secret(subject, text);
}

fn no_secret(subject: &dyn Subject, text: &str) {
    for secret in subject.secrets() {
        assert!(!text.contains(&secret), "a secret is in {text}");
    }
}
