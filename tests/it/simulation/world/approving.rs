//! F7: approvals: the procedures that ask for them, the fingers that give, note and take them back, and a naive account of
//! whose word counts at a moment.

use std::time::Duration;

use flightdeck::domain::ApprovalId;
use flightdeck::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use flightdeck::domain::procedure::Condition;
use flightdeck::session::approval::{ApprovalGiven, ApprovalReported};
use flightdeck::session::proposal::Gate;

use super::check::millis;
use super::ledger::Decided;
use super::*;

/// What is known of approvals.
pub struct Approving {
    /// Its own, so that flights without approvals are what they were before there were any.
    random: Random,
    /// Whether this flight asks for approvals.
    pub flies: bool,
    /// Every word, in the order in which they came.
    words: Vec<Word>,
}

/// A word for an approval, as it was kept.
#[derive(Clone)]
struct Word {
    approval: ApprovalId,
    by: Operator,
    /// Who noted it for them, where they did not give it themselves.
    noted: Option<Operator>,
    /// The profile that was flown.
    profile: Option<Digest>,
    until: Timestamp,
    signed: Option<Signed>,
    about: Digest,
    taken_back: bool,
}

/// Two flights of twelve ask for approvals: one of them has actions as well.
const SOME: (u64, [u64; 2]) = (12, [5, 8]);
/// Who may give them; the last one has no cockpit, so others note what they say.
const PEOPLE: [&str; 4] = ["ana", "ben", "carl", "dana"];
const BOTH: [&str; 2] = ["operations", "network"];

impl Approving {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x6170_7072_6f76_6521),
            flies: SOME.1.contains(&(seed % SOME.0)),
            words: Vec::new(),
        }
    }

    /// One approval before the plan begins and before some of its steps, another one after the first deployment.
    pub fn procedure(&mut self, procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        let mut procedure = self.edited(procedure);
        let percent = 30 + self.random.below(60);
        for (index, step) in procedure.plan.iter_mut().enumerate() {
            if index == 0 || self.random.chance(percent) {
                step.needs = vec![BOTH[0].into()];
            }
            if index == 1 {
                step.leave_when.push(Condition::Approved(BOTH[1].into()));
            }
        }
        procedure
    }

    /// An edition of it, in which other people's words may be asked for.
    pub fn edited(&mut self, edited: Procedure) -> Procedure {
        if !self.flies || (!edited.approvals.is_empty() && self.random.chance(50)) {
            return edited;
        }
        let approvals = BOTH.iter().map(|name| self.spec(name)).collect();
        Procedure { approvals, ..edited }
    }

    /// Most words hold for some seconds, which here is long; some hold for a day.
    fn spec(&mut self, name: &str) -> ApprovalSpec {
        let spans = [1_500, 3_000, 8_000, 20_000, 86_400_000].map(Duration::from_millis);
        let people = PEOPLE[usize::from(name == BOTH[1])..].iter().map(|name| Operator::from(*name)).collect();
        ApprovalSpec {
            id: name.into(),
            title: format!("{name} lead"),
            source: ApprovalSource::People(Approvers {
                roles: vec!["lead".into()],
                people,
                quorum: 1 + u32::from(self.random.chance(40)),
                valid_for: self.random.pick(&spans).copied().unwrap_or_default(),
                own: self.random.chance(15),
                reported: self.random.chance(70),
            }),
            escalation: Vec::new(),
        }
    }

    /// Everybody's newest word for an approval.
    fn newest(&self, approval: &ApprovalId) -> Vec<&Word> {
        let mut newest: BTreeMap<&Operator, &Word> = BTreeMap::new();
        for word in self.words.iter().filter(|word| word.approval == *approval) {
            newest.insert(&word.by, word);
        }
        newest.into_values().collect()
    }
}

impl World {
    /// How many words for an approval count at a moment.
    fn counted(&self, spec: &ApprovalSpec, fold: &Session, flown: &Procedure, at: Timestamp) -> u32 {
        let Some(approvers) = spec.approvers() else { return 0 };
        let driver = fold.controls.as_ref().map(|held| &held.holder.operator);
        let counts = |word: &&Word| {
            let proven = word.noted.is_some()
                || !flown.people.keys
                || self.truly_signed(word.signed.as_ref(), &word.by, SignedAct::Approval, word.about);
            !word.taken_back
                && at <= word.until
                && word.profile == fold.profile_digest()
                && approvers.people.contains(&word.by)
                && (approvers.own || driver != Some(&word.by))
                && proven
        };
        u32::try_from(self.approving.newest(&spec.id).into_iter().filter(counts).count()).unwrap()
    }

    /// Somebody gives an approval, notes what somebody else said, takes a word back, or lets time pass.
    pub fn act_on_approvals(&mut self) {
        if !self.approving.flies || !self.approving.random.chance(45) {
            return;
        }
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let Some(at) = self.approving.random.pick(&awake).copied() else { return };
        let approval = ApprovalId::from(self.approving.random.pick(&BOTH).copied().unwrap_or_default());
        match self.approving.random.below(100) {
            0..42 => self.approve(at, &approval),
            42..62 => self.approve_and_go(at, &approval),
            62..78 => {
                let by = Operator::from(self.approving.random.pick(&PEOPLE).copied().unwrap_or_default());
                let lacks = self.approving.random.chance(5);
                let link = if lacks { String::new() } else { "https://chat.example.net/archives/p17".to_owned() };
                self.ask(at, Ask::ReportApproval { approval, by, link });
            }
            78..88 => {
                let words = self.cockpits[at].flight.session.words_for(&approval);
                let people: Vec<Operator> = words.into_iter().map(|word| word.by.clone()).collect();
                let Some(by) = self.approving.random.pick(&people).cloned() else { return };
                self.ask(at, Ask::WithdrawApproval { approval, by, reason: "a page came in".to_owned() });
            }
            _ => {
                let span = self.approving.random.below(4_000);
                self.pass(span);
            }
        }
    }

    /// Somebody approves; then they drive, or take it back, or its time passes, or another profile holds, or nothing comes
    /// between; and whoever drives goes on and sets nothing aside.
    fn approve_and_go(&mut self, at: usize, approval: &ApprovalId) {
        self.approve(at, approval);
        self.pass(350);
        let me = self.cockpits[at].flight.me.cockpit;
        let who_drives = |world: &Self| {
            let awake = world.alive().into_iter().filter(|at| !world.cockpits[*at].asleep);
            { awake }.find(|at| world.cockpits[*at].flight.drives())
        };
        let Some(drives) = who_drives(self) else { return };
        match self.approving.random.below(6) {
            0 | 1 => {
                self.ask(drives, Ask::Offer { to: me });
                self.pass(120);
                self.ask(at, Ask::AcceptOffer);
            }
            2 => {
                let (approval, by) = (approval.clone(), self.cockpits[at].flight.me.operator.clone());
                self.ask(at, Ask::WithdrawApproval { approval, by, reason: "a page came in".to_owned() });
            }
            3 => {
                let span = 1_000 + self.approving.random.below(3_000);
                self.pass(span);
            }
            4 => {
                self.edit_profile(drives);
                self.pass(20);
                let confirmation = Confirmation::new(Gesture::Typed("reload".to_owned()), true);
                self.ask(drives, Ask::ReloadProfile { confirmation });
                self.pass(300);
            }
            _ => {}
        }
        self.pass(150);
        let Some(drives) = who_drives(self) else { return };
        self.ask(drives, Ask::Withdraw);
        self.ask(drives, Ask::ProposeStep);
        self.pass(40);
        let proposal = self.cockpits[drives].flight.proposing.as_ref().and_then(|each| each.proposal());
        let Some(typed) = proposal.map(flightdeck::session::Proposal::typed_target) else { return };
        let confirmation = Confirmation::new(Gesture::Typed(typed), true);
        self.ask(drives, Ask::Confirm { confirmation, overrides: Vec::new() });
    }

    fn approve(&mut self, at: usize, approval: &ApprovalId) {
        let random = &mut self.approving.random;
        let stale = random.chance(4);
        let typed = if random.chance(4) { "something else" } else { approval.as_str() };
        let confirmation = Confirmation::new(Gesture::Typed(typed.to_owned()), !random.chance(3));
        let about = self.cockpits[at].flight.session.about(approval);
        let about = if stale { Digest([3; 32]) } else { about };
        self.ask(at, Ask::Approve { approval: approval.clone(), about, confirmation });
    }

    /// What must be true of an event at its place in the journal; and what it changes in the account.
    pub fn check_approvals(&mut self, entry: &Entry, event: &Event, fold: &Session, decided: &Decided) {
        if !self.approving.flies {
            return;
        }
        match event {
            Event::ApprovalGiven(given) => self.check_approval_given(entry, given, fold, decided),
            Event::ApprovalReported(reported) => self.check_approval_reported(entry, reported, fold, decided),
            Event::ApprovalWithdrawn { approval, by, .. } => self.check_taken_back(entry, approval, by),
            Event::ChangeConfirmed(confirmed) if confirmed.kind.is_forward() => {
                // What goes nowhere new is asked for none: a router put back, or taken in again.
                let takes_in = entry.events.iter().any(|each| matches!(each, Event::RouterIncluded { .. }));
                if confirmed.kind != ChangeKind::PutBack && !takes_in {
                    self.check_approved(entry, fold, &confirmed.overrides);
                }
            }
            Event::StepMarked { mark: StepMark::Done { overrides, .. }, .. } => {
                self.check_approved(entry, fold, overrides);
            }
            Event::StepMarked { mark: StepMark::AlreadySo, .. } => self.check_approved(entry, fold, &[]),
            Event::ActionStarting(intent) if !intent.unwinds => self.check_approved(entry, fold, &intent.overrides),
            _ => {}
        }
    }

    /// F7: what an approval keeps back goes only with enough words that count now, or where that was set aside.
    fn check_approved(&mut self, entry: &Entry, fold: &Session, overrides: &[Override]) {
        let flown = self.flown(fold);
        let at = flown.plan.iter().position(|step| !fold.steps.contains_key(&step.id));
        let next = at.and_then(|at| flown.plan.get(at));
        let last = at.unwrap_or(flown.plan.len()).checked_sub(1).and_then(|at| flown.plan.get(at));
        let skipped = |step: &&flightdeck::domain::procedure::Step| {
            let done = fold.steps.get(&step.id).map(|done| &done.how);
            matches!(done, Some(flightdeck::session::state::StepEnd::Marked(StepMark::Skipped { .. })))
        };
        let left = last.filter(|step| !skipped(step)).into_iter().flat_map(|step| &step.leave_when);
        let left = left.filter_map(|condition| match condition {
            Condition::Approved(approval) => Some(approval),
            _ => None,
        });
        let needed: BTreeSet<ApprovalId> = left.chain(next.into_iter().flat_map(|step| &step.needs)).cloned().collect();
        for id in needed {
            let gate = Gate::Approval { approval: id.clone() };
            if overrides.iter().any(|each| each.gate == gate && !each.reason.trim().is_empty()) {
                self.seen.mark("approval set aside");
                continue;
            }
            let Some(spec) = flown.approval(&id) else { continue };
            let quorum = spec.approvers().map_or(1, |approvers| approvers.quorum);
            let count = self.counted(spec, fold, &flown, entry.at);
            if count < quorum {
                self.broke("F7", format!("something went forward with too few words for {id}"));
            } else {
                self.seen.mark(if quorum > 1 { "approved by two" } else { "approved" });
            }
        }
    }

    fn check_approval_given(&mut self, entry: &Entry, given: &ApprovalGiven, fold: &Session, decided: &Decided) {
        self.seen.mark("approval given");
        let word = Word {
            approval: given.approval.clone(),
            by: entry.actor.clone(),
            noted: None,
            profile: fold.profile_digest(),
            until: given.until,
            signed: given.signed.clone(),
            about: given.about,
            taken_back: false,
        };
        let own = self.flown(fold).approval(&given.approval).and_then(ApprovalSpec::approvers).map(|all| all.own);
        if fold.drives(entry.cockpit) && own == Some(false) {
            self.broke("F7", "the cockpit that drives gave an approval of what is its own");
        }
        if self.flown(fold).people.keys && given.signed.is_none() {
            self.broke("F7", "an approval was given without a signature where keys are named");
        }
        self.check_word(entry, word, fold, decided);
    }

    fn check_approval_reported(&mut self, entry: &Entry, told: &ApprovalReported, fold: &Session, decided: &Decided) {
        self.seen.mark("approval reported");
        let flown = self.flown(fold);
        let approvers = flown.approval(&told.approval).and_then(ApprovalSpec::approvers);
        if approvers.is_none_or(|approvers| !approvers.reported) {
            self.broke("F7", "an approval was noted as told where the profile takes nobody's word for it");
        }
        if told.by == entry.actor || !told.link.starts_with("https://") {
            self.broke("F7", "an approval was noted as told by oneself, or without a link");
        }
        let word = Word {
            approval: told.approval.clone(),
            by: told.by.clone(),
            noted: Some(entry.actor.clone()),
            profile: fold.profile_digest(),
            until: told.until,
            signed: None,
            about: told.about,
            taken_back: false,
        };
        self.check_word(entry, word, fold, decided);
    }

    /// A word is somebody's who has a role and does not drive; one each while it stands; and its time counts from its stamp.
    fn check_word(&mut self, entry: &Entry, word: Word, fold: &Session, decided: &Decided) {
        let flown = self.flown(fold);
        let Some(approvers) = flown.approval(&word.approval).and_then(ApprovalSpec::approvers) else {
            return self.broke("F7", "a word was kept for an approval that people do not give");
        };
        if !approvers.people.contains(&word.by) {
            self.broke("F7", "a word was kept of somebody who has no role");
        }
        if !approvers.own && fold.controls.as_ref().is_some_and(|held| held.holder.operator == word.by) {
            self.broke("F7", "a word was kept of who drives");
        }
        if word.until != entry.at.plus(approvers.valid_for) {
            self.broke("F7", "a word holds for another time than the profile gives it from its stamp on");
        }
        if decided.skew_ms > 30_000 {
            self.broke("S2", "a clock far off gave a word its time");
        }
        let newest = self.approving.newest(&word.approval).into_iter().find(|each| each.by == word.by).cloned();
        if let Some(before) = newest {
            let stands = !before.taken_back && entry.at <= before.until && before.profile == word.profile;
            if stands {
                self.broke("F7", "one person gave the same approval twice");
            } else if !before.taken_back {
                let anew = before.profile == word.profile;
                self.seen.mark(if anew { "approval given anew after its time" } else { "approval given anew" });
            }
        }
        self.approving.words.push(word);
    }

    fn check_taken_back(&mut self, entry: &Entry, approval: &ApprovalId, by: &Operator) {
        self.seen.mark("approval taken back");
        let newest = self.approving.newest(approval).into_iter().find(|word| word.by == *by && !word.taken_back);
        let may = newest.is_some_and(|word| *by == entry.actor || word.noted.as_ref() == Some(&entry.actor));
        if !may {
            self.broke("F7", "somebody took back a word that is not theirs");
        }
        for word in self.approving.words.iter_mut().filter(|word| word.approval == *approval && word.by == *by) {
            word.taken_back = true;
        }
    }

    /// F7: all faults being over, every cockpit counts the words that count, and what operators can settle they settle.
    pub fn count_the_words(&mut self) {
        if !self.approving.flies || self.broken.is_some() {
            return;
        }
        for name in BOTH {
            for at in self.alive() {
                self.approve_as_asked(at, &name.into());
            }
        }
        self.pass(1_000);
        if self.broken.is_some() || !self.store.fold.is_open() {
            return;
        }
        let fold = self.store.fold.clone();
        let flown = self.flown(&fold);
        for at in self.alive() {
            let (now, flight) = (self.now(at), &self.cockpits[at].flight);
            if flight.procedure.digest != flown.digest || flight.kept_session().head != fold.head {
                continue;
            }
            let mut differs = None;
            for spec in &flown.approvals {
                let shown = flight.approval_standing(spec, now).count;
                let counted = self.counted(spec, &fold, &flown, now.wall.max(fold.at));
                // Of an entry with several signatures all hold, or none counts.
                let may_be_less = flown.people.keys && shown < counted;
                if shown != counted && !may_be_less {
                    differs = Some(format!("a cockpit counts {shown} words for {} and {counted} count", spec.id));
                }
            }
            if let Some(what) = differs {
                return self.broke("F7", what);
            }
        }
    }

    fn approve_as_asked(&mut self, at: usize, approval: &ApprovalId) {
        let (now, flight) = (self.now(at), &self.cockpits[at].flight);
        let Some(spec) = flight.procedure.approval(approval) else { return };
        if flight.why_not_approve(spec, now).is_some() {
            return;
        }
        let lasts = spec.approvers().map_or(0, |approvers| millis(approvers.valid_for));
        let me = flight.me.operator.clone();
        let about = flight.session.about(approval);
        let confirmation = Confirmation::new(Gesture::Typed(approval.to_string()), true);
        self.ask(at, Ask::Approve { approval: approval.clone(), about, confirmation });
        self.pass(400);
        let given = self.approving.newest(approval).into_iter().any(|word| word.by == me && !word.taken_back);
        let is_far = self.cockpits[at].flight.crew.skew_ms() > 30_000;
        let flown = self.cockpits[at].flight.procedure.digest;
        let taken_in = self.store.fold.profile_digest() == Some(flown);
        // A key that nobody touched gives nothing.
        let asks_key = self.cockpits[at].flight.procedure.people.keys;
        if !given && !asks_key && !is_far && taken_in && lasts > 1_000 && self.store.fold.is_open() {
            self.broke("F7", format!("{me} could give {approval}, gave it, and it is not kept"));
        }
    }
}
