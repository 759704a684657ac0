//! A session of two engineers with real keys, entry by entry, in a journal on disk.

use std::path::Path;

use flightdeck::domain::reading::Identity;
use flightdeck::domain::{
    ChangeId, Digest, Durability, EntryId, Outcome, Prepared, Procedure, RequestId, Seat, SessionId, Signed, Timestamp,
    Waves,
};
use flightdeck::entry::{Entry, open, seal};
use flightdeck::journal::{Appended, Place, SqliteStore, Store as _};
use flightdeck::profile::{Loaded, ProfileFile, parse};
use flightdeck::session::event::{
    ChangeConfirmed, ChangeKind, ControlsTaken, Process, ProfileText, RouterBaseline, SessionOpened, Settlement,
    StepMark,
};
use flightdeck::session::proposal::{Bound, Confirmation, Gesture, Proposal, RouterOrder};
use flightdeck::session::second::{AskedAct, ConfirmationAsked, RunConfirmed, Second, run_digest};
use flightdeck::session::{Event, Session};
use flightdeck::signature::{Act, Claim, Head, Statement};

use crate::journal::told::{self, ADA, BOB, split, weights};
use crate::signature::workshop::{Key, Workshop};

/// When it begins: 2026-11-21 14:00:00 UTC.
pub const START: i64 = 1_795_269_600_000;

const PROFILE: &str = r#"
service = "bridge"
environment = "prod"
new = "blue"
journal = "/srv/flightdeck"

[confirm]
shift = "two"
deploy = "two"

[people]
allowed_signers = "keys"

[pools.blue]
[pools.green]

[[router]]
name  = "eu-1"
kind  = "haproxy"
at    = "tcp:10.0.0.11:9999"
pools = { blue = "app/blue-*", green = "app/green-*" }

[[step]]
name = "Deploy to blue"
deploy = "blue"
text = "kubectl apply"

[[step]]
name  = "Blue 10"
shift = { blue = 10 }

[[step]]
name  = "Blue 50"
shift = { blue = 50 }
"#;

/// The session while it is told.
pub struct Told {
    /// The keys.
    pub workshop: Workshop,
    /// Ada's, the driver's.
    pub ada: Key,
    /// Bob's, the second person's.
    pub bob: Key,
    /// What was told so far.
    pub entries: Vec<Entry>,
    heads: Vec<Digest>,
    session: Session,
    loaded: Loaded,
}

/// What a signature says, to be made wrong by tests.
pub struct Said {
    /// The claim.
    pub claim: Claim,
    /// Whether the other one's key signs it.
    pub other_key: bool,
}

impl Told {
    /// An opened session; `sort` is the sort of keys.
    pub fn new(sort: &str) -> Self {
        let workshop = Workshop::new();
        let (ada, bob) = (workshop.key("ada", sort), workshop.key("bob", sort));
        let keys = format!("# who may sign\nada {}\nbob namespaces=\"flightdeck\" {}\n", ada.line(), bob.line());
        let file = |path: &str, text: &str| ProfileFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        let loaded = parse(&[file("bridge.toml", PROFILE), file("keys", &keys)]).unwrap_or_else(|bad| panic!("{bad}"));
        let (session, heads, entries) = (Session::default(), Vec::new(), Vec::new());
        let mut told = Self { workshop, ada, bob, entries, heads, session, loaded };
        let files = [("bridge.toml", PROFILE), ("keys", &keys)];
        let opened = SessionOpened {
            service: "bridge".to_owned(),
            environment: "prod".to_owned(),
            from_version: "2.4.0".to_owned(),
            to_version: "2.5.0".to_owned(),
            pools: vec![("blue".into(), "▲".to_owned()), ("green".into(), "●".to_owned())],
            routers: vec![("eu-1".into(), "haproxy".to_owned())],
            files: files.map(|(path, text)| ProfileText { path: path.to_owned(), text: text.to_owned() }).to_vec(),
            digest: told.procedure().digest,
            flightdeck: "0.1.0".to_owned(),
            durability: Durability::Synced,
            private: false,
            why: flightdeck::domain::Why::default(),
            planned: None,
        };
        let process = Process { host: "bastion".to_owned(), boot: "b00t".to_owned(), pid: 4711, started: 99 };
        let why = "opened".to_owned();
        let taken = ControlsTaken { cockpit: ADA, operator: "ada".into(), process: process.clone(), why };
        told.tell("ada", vec![Event::SessionOpened(Box::new(opened)), Event::ControlsTaken(taken)]);
        let baseline = RouterBaseline { router: "eu-1".into(), identity: identity(), native: split(0, 100) };
        told.tell("ada", vec![Event::BaselineAccepted { routers: vec![baseline] }]);
        told.tell("bob", vec![Event::CockpitJoined { seat: Seat::Operator, process }]);
        told
    }

    pub fn procedure(&self) -> &Procedure {
        &self.loaded.procedure
    }

    /// The session's id.
    pub fn id() -> SessionId {
        told::session(7)
    }

    /// Ten seconds pass with each entry.
    pub fn tell(&mut self, who: &str, events: Vec<Event>) -> u64 {
        let number = self.entries.len() as u64 + 1;
        let cockpit = if who == "ada" { ADA } else { BOB };
        let counter = u32::try_from(number).unwrap();
        let at = Timestamp(START + i64::from(counter) * 10_000);
        let id = EntryId { cockpit, counter };
        let entry = Entry { session: Self::id(), number, id, cockpit, actor: who.into(), at, epoch: 1, events };
        let sealed = seal(&entry, self.heads.last().copied().unwrap_or(Digest::ZERO)).unwrap();
        self.heads.push(sealed.hash);
        self.session.apply_entry(&entry.stamp(), &entry.events);
        assert_eq!(open(&sealed.bytes).unwrap().entry, entry);
        self.entries.push(entry);
        number
    }

    /// A signature of `who` on the newest entry.
    pub fn sign(&self, who: &str, act: Act, about: Digest, spoil: &dyn Fn(&mut Said)) -> Signed {
        let at = self.entries.last().unwrap().at;
        let mut said = Said {
            claim: Claim {
                act,
                session: Self::id(),
                service: "bridge".to_owned(),
                environment: "prod".to_owned(),
                head: Head { number: self.heads.len() as u64, hash: *self.heads.last().unwrap() },
                about,
                what: "what the screen said".to_owned(),
                cockpit: if who == "ada" { ADA } else { BOB },
                operator: who.into(),
                at,
                valid_until: at.plus(std::time::Duration::from_mins(5)),
            },
            other_key: false,
        };
        spoil(&mut said);
        let key = if (who == "ada") == said.other_key { &self.bob } else { &self.ada };
        let bytes = Statement::new(said.claim).unwrap().bytes();
        let signature = self.workshop.sign(&key.path, &bytes, &[]);
        Signed { statement: String::from_utf8(bytes).unwrap(), signature }
    }

    /// A forward proposal as it stands now.
    pub fn proposal(&self, counter: u32, step: &str, blue: u32) -> Proposal {
        Proposal {
            change: ChangeId { cockpit: ADA, counter },
            kind: ChangeKind::Step { step: step.into() },
            to: weights(blue),
            routers: vec![order(blue)],
            waves: Waves::default(),
            revision: self.session.revision,
            profile: self.procedure().digest,
            made: flightdeck::domain::Now::default(),
        }
    }

    /// Asks the other one; gives the digest.
    pub fn ask(&mut self, counter: u32, act: AskedAct) -> (RequestId, Digest) {
        let request = RequestId { cockpit: ADA, counter };
        let digest = ConfirmationAsked::digest_of(&act, &[]);
        let until = self.entries.last().unwrap().at.plus(std::time::Duration::from_mins(5));
        let asked = ConfirmationAsked { request, act, overrides: Vec::new(), digest, until };
        self.tell("ada", vec![Event::ConfirmationAsked(Box::new(asked))]);
        (request, digest)
    }

    /// The other one confirms.
    pub fn give(&mut self, (request, digest): (RequestId, Digest), spoil: &dyn Fn(&mut Said)) -> u64 {
        let signed = Some(self.sign("bob", Act::Approve, digest, spoil));
        self.tell("bob", vec![Event::ConfirmationGiven { request, digest, looked: vec!["eu-1".into()], signed }])
    }

    /// A change as it is confirmed.
    pub fn confirmed(proposal: &Proposal, signed: Option<Signed>, second: Second) -> ChangeConfirmed {
        ChangeConfirmed {
            change: proposal.change,
            kind: proposal.kind.clone(),
            to: proposal.to.clone(),
            routers: proposal.routers.clone(),
            waves: proposal.waves.clone(),
            gates: Vec::new(),
            overrides: Vec::new(),
            confirmation: Confirmation { signed, ..Confirmation::new(Gesture::Key, true) },
            digest: proposal.digest(),
            revision: proposal.revision,
            second,
        }
    }

    /// It is sent and read back.
    pub fn fly(&mut self, confirmed: ChangeConfirmed) -> u64 {
        let change = confirmed.change;
        let deadline = self.entries.last().unwrap().at.plus(std::time::Duration::from_secs(15));
        let dispatched = Event::ChangeDispatched { change, owner: ADA, epoch: 1, deadline, routers: Vec::new() };
        let number = self.tell("ada", vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched]);
        let answered = Event::RouterAnswered { change, router: "eu-1".into(), attempt: 1, outcome: Outcome::Verified };
        self.tell("ada", vec![answered, Event::ChangeSettled { change, how: Settlement::Verified }]);
        number
    }

    /// The word of the other one, as an act rests on it.
    pub fn given(entry: u64) -> Second {
        Second::Given { by: "bob".into(), cockpit: BOB, entry, key: None }
    }

    /// Everything that can be signed, signed: a step done, a shift, a run with a shift in it, a rollback.
    pub fn whole(sort: &str) -> Self {
        let mut told = Self::new(sort);
        let fair: &dyn Fn(&mut Said) = &|_| {};
        // A step that a person has done.
        let (_, step) = told.procedure().step(&"deploy-to-blue".into()).unwrap();
        let act = flightdeck::session::decide::step::asked_act(&told.session, step);
        let own = told.sign("ada", Act::Confirm, ConfirmationAsked::digest_of(&act, &[]), fair);
        let asked = told.ask(1, act);
        let entry = told.give(asked, fair);
        let (gates, overrides, second) = (Vec::new(), Vec::new(), Self::given(entry));
        let mark = StepMark::Done { gates, overrides, second, signed: Some(own) };
        told.tell("ada", vec![Event::StepMarked { step: "deploy-to-blue".into(), mark }]);
        // A shift.
        let proposal = told.proposal(1, "blue-10", 10);
        let act = AskedAct::Change(Box::new(proposal.clone()));
        let own = told.sign("ada", Act::Confirm, ConfirmationAsked::digest_of(&act, &[]), fair);
        let asked = told.ask(2, act);
        let entry = told.give(asked, fair);
        told.fly(Self::confirmed(&proposal, Some(own), Self::given(entry)));
        // A run, and a shift in it.
        let steps = vec!["blue-50".into()];
        let digest = run_digest(told.procedure(), &steps);
        let signed = Some(told.sign("bob", Act::Run, digest, fair));
        let entry = told.tell("bob", vec![Event::RunConfirmed(Box::new(RunConfirmed { steps, digest, signed }))]);
        let proposal = told.proposal(2, "blue-50", 50);
        let act = AskedAct::Change(Box::new(proposal.clone()));
        let own = told.sign("ada", Act::Confirm, ConfirmationAsked::digest_of(&act, &[]), fair);
        let second = Second::Run { by: "bob".into(), cockpit: BOB, entry, key: None };
        told.fly(Self::confirmed(&proposal, Some(own), second));
        // A rollback, signed after it.
        let kind = ChangeKind::Rollback { supersedes: None, reopens: vec!["blue-50".into()] };
        let back = Proposal { kind, ..told.proposal(3, "blue-50", 0) };
        told.fly(Self::confirmed(&back, None, Second::NotAsked));
        let signed = told.sign("ada", Act::Confirm, back.digest(), fair);
        told.tell("ada", vec![Event::RollbackSigned { change: back.change, signed }]);
        told
    }

    /// Writes it into the journal below a state directory.
    pub fn keep(&self, state: &Path) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = SqliteStore::open(&Place::Private(state.join("journal"))).unwrap();
            for entry in &self.entries {
                let kept = store.append(entry.clone()).await;
                assert!(matches!(kept, Appended::Kept { .. }), "{kept:?}");
            }
        });
    }
}

fn identity() -> Identity {
    Identity { node: "lb".to_owned(), process: "7001".to_owned() }
}

fn order(blue: u32) -> RouterOrder {
    let native = split(blue, 100 - blue);
    let pools = ["blue".into(), "green".into()];
    RouterOrder {
        router: "eu-1".into(),
        bound: Some(Bound { native: split(0, 100), identity: identity(), generation: String::new() }),
        prepared: Prepared {
            requests: vec![format!("set weight app/blue-1 {blue}")],
            shares: native.shares(&pools),
            native,
            notes: Vec::new(),
        },
    }
}
