//! Banners: what waits for the operator without taking the keyboard (F2). Each names the act that answers it.

use std::time::Duration;

use super::{Action, Model, OverlayKind};
use crate::domain::{Procedure, RouterId, clock_span};
use crate::flight::{ChangedProfile, Tone};
use crate::session::proposal::GateState;
use crate::session::second::{AskedAct, Second};

/// One line above the keys. It is worked out from the model, never kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Banner {
    /// What happened and what can be done about it.
    pub text: String,
    /// The act that answers it; its key is drawn with it.
    pub action: Option<Action>,
    /// How much it matters.
    pub tone: Tone,
}

/// Another clock than the store's by more than this is said, in milliseconds (S2).
const NEAR_MS: u64 = 2_000;
/// By more than this nothing goes forward.
const FAR_MS: u64 = 30_000;

impl Model {
    /// What waits for the operator, worst first. None of it takes the keyboard (F2).
    pub fn banners(&self) -> Vec<Banner> {
        let session = &self.flight.session;
        let mut found = self.journal_banners();
        found.extend(self.trip_banners());
        found.extend(self.stage_banner());
        let banner = |tone: Tone, action: Option<Action>, text: String| Banner { text, action, tone };
        if let Some(change) = self.partial() {
            let open: Vec<&str> = change.unfinished().map(|(router, _)| router.as_str()).collect();
            let text = format!("{} is not done everywhere: {} not verified", change.confirmed.to, some(&open));
            found.push(banner(Tone::Bad, Some(Action::OpenPartial), text));
        } else if self.wave_wants_a_word()
            && let Some((change, words)) = self.matrix().zip(self.wave_words())
        {
            let text = format!("{}: {words}", change.confirmed.to);
            found.push(banner(Tone::Warn, Some(Action::OpenPartial), text));
        }
        found.extend(self.blocked_banner());
        found.extend(self.action_banner());
        found.extend(self.people_banners());
        for (router, drifted) in &session.drifted {
            let why = if drifted.restarted { "was restarted and lost its weights" } else { "was changed outside" };
            let text = format!("{router} {why}: put back, accept or roll back");
            found.push(banner(Tone::Bad, Some(Action::OpenDrift), text));
        }
        if let Some(hold) = &session.hold {
            found.push(banner(Tone::Warn, Some(Action::Hold), format!("held by {}: {}", hold.by, hold.what)));
        }
        found.extend(self.closing_banners());
        found.extend(self.confession_banners());
        match &self.flight.changed_profile {
            Some(ChangedProfile::Good { .. }) => {
                let text = "the profile on disk is not the one that is flown".to_owned();
                found.push(banner(Tone::Warn, Some(Action::ReloadProfile), text));
            }
            Some(ChangedProfile::Bad { why }) => {
                let text = format!("the profile on disk has problems, the old one is flown: {why}");
                found.push(banner(Tone::Warn, None, text));
            }
            None => {}
        }
        if let Some(closed) = &session.closed {
            let mut text = format!("the session is closed: {}", closed.what);
            match &self.flight.record {
                Some(record) if record.tone == Tone::Warn => found.push(banner(Tone::Warn, None, record.text.clone())),
                Some(record) => text = format!("{text}; {}", record.text),
                None => {}
            }
            found.push(banner(Tone::Plain, Some(Action::Quit), text));
        } else {
            found.extend(self.driver_banner());
        }
        found
    }

    /// A rollback waits behind what somebody else started (R6).
    fn blocked_banner(&self) -> Option<Banner> {
        let blocked = self.flight.blocked_back();
        let router = blocked.first()?;
        let underway = self.flight.underway(router)?;
        let for_long = self.flight.underway_for(router, self.now.elapsed).unwrap_or_default();
        let others = if blocked.len() > 1 { format!(", and on {} more", blocked.len() - 1) } else { String::new() };
        let (what, span) = (&underway.what, clock_span(for_long));
        let text = format!("the way back waits on {router}{others}: {what} is under way for {span}");
        Some(Banner { text, action: Some(Action::CancelTask), tone: Tone::Warn })
    }

    /// Cut off, and what was decided beside the journal (R5).
    fn journal_banners(&self) -> Vec<Banner> {
        let mut found = Vec::new();
        let back = (!self.is_observer()).then_some(Action::RollBack);
        if let Some(why) = &self.flight.link.broken {
            let text = format!("cut off: {why}; the journal cannot be read on, nothing goes forward");
            found.push(Banner { text, action: back, tone: Tone::Bad });
        } else if let Some(why) = &self.flight.link.down {
            let text = format!("cut off from the journal: {why}; nothing goes forward");
            found.push(Banner { text, action: back, tone: Tone::Bad });
        }
        if let Some(spill) = &self.flight.spill {
            let (tone, text) = if spill.is_recorded() {
                (Tone::Warn, "rolled back beside the journal: it is brought into it once that answers")
            } else {
                (Tone::Bad, "rolled back and NOT RECORDED: write down what was done")
            };
            found.push(Banner { text: text.to_owned(), action: None, tone });
        }
        found
    }

    /// A way back in stages that waits for a word, because a check between them does not pass (R8).
    fn stage_banner(&self) -> Option<Banner> {
        let session = &self.flight.session;
        let ramp = session.ramp().filter(|_| session.is_open())?;
        let against = self.flight.against_next_stage(self.now.elapsed);
        let failed = against.iter().find(|each| each.state == GateState::Fails);
        let first = failed.or(against.first())?;
        let more = if against.len() > 1 { format!(", and {} more", against.len() - 1) } else { String::new() };
        let text = format!("{} of the way back waits: {}{more}", ramp.next().words(), first.text);
        let tone = if failed.is_some() { Tone::Bad } else { Tone::Warn };
        Some(Banner { text, action: (!self.is_observer()).then_some(Action::RollBack), tone })
    }

    /// Nobody drives any more, or who drives is not heard.
    fn driver_banner(&self) -> Option<Banner> {
        let controls = self.flight.session.controls.as_ref().filter(|_| !self.flight.drives());
        let Some(controls) = controls else {
            let free = self.flight.session.is_open() && self.flight.session.controls.is_none() && !self.is_observer();
            let text = "nobody has the controls".to_owned();
            return free.then_some(Banner { text, action: Some(Action::TakeControls), tone: Tone::Warn });
        };
        let (holder, cockpit) = (&controls.holder.operator, controls.holder.cockpit);
        if self.gone == Some(cockpit) {
            let text = format!("{holder} had the controls and is gone: nobody drives");
            return Some(Banner { text, action: Some(Action::TakeControls), tone: Tone::Warn });
        }
        let silent = self.flight.silent_for(cockpit, self.now.elapsed);
        let asks = self.flight.session.asking.is_some() || self.is_observer();
        if self.flight.asked_for(self.now.elapsed).is_some() {
            // The banner of the asking says how silent they are.
            return None;
        }
        if self.flight.crew.shared && silent < self.flight.procedure.people.silence {
            // The header says who drives.
            return None;
        }
        let text = if self.flight.crew.shared {
            format!("{holder} has the controls and is silent for {}", clock_span(silent))
        } else {
            format!("{holder} has the controls; rolling back and holding need none")
        };
        Some(Banner { text, action: (!asks).then_some(Action::AskControls), tone: Tone::Warn })
    }

    /// What waits between people, and what is wrong between cockpits.
    pub(super) fn people_banners(&self) -> Vec<Banner> {
        let (flight, session) = (&self.flight, &self.flight.session);
        let mut found = Vec::new();
        let mut add = |tone: Tone, action: Option<Action>, text: String| found.push(Banner { text, action, tone });
        let others: Vec<&str> = flight.other_routers().map(RouterId::as_str).collect();
        if !others.is_empty() {
            let text =
                format!("{}: not the same router as the journal's; nothing goes forward from here", others.join(", "));
            add(Tone::Bad, Some(Action::Details), text);
        }
        let skew = flight.crew.skew_ms();
        if skew > FAR_MS {
            let text =
                format!("this host's clock is {} s off the journal's: nothing goes forward from here", skew / 1000);
            add(Tone::Bad, None, text);
        }
        if let Some(change) = session.in_flight()
            && let Second::Alone { reason } = &change.confirmed.second
        {
            add(Tone::Bad, None, format!("{} acts ALONE, the glass is broken: {reason}", change.by));
        }
        let open = self.overlay.as_ref().map(|overlay| &overlay.kind);
        let looks = matches!(open, Some(OverlayKind::Look(_)));
        let decides = matches!(open, Some(OverlayKind::Controls(_)));
        if let Some(request) = flight.asked_of_me().filter(|_| !looks) {
            let left = clock_span(request.asked.until.since(self.now.wall));
            let text =
                format!("{} asks: {} ({left})", request.by, request_words(&flight.procedure, &request.asked.act));
            add(Tone::Warn, Some(Action::LookAtRequest), text);
        }
        match session.offer.as_ref().filter(|_| !decides) {
            Some(offer) if offer.to == flight.me.cockpit => {
                add(Tone::Warn, Some(Action::LookAtControls), format!("{} offers you the controls", offer.by));
            }
            Some(offer) if flight.drives() => {
                let text = format!("the controls are offered to {}", offer.operator);
                add(Tone::Plain, Some(Action::OfferControls), text);
            }
            Some(_) | None => {}
        }
        match session.asking.as_ref().filter(|_| !decides) {
            Some(asking) if flight.drives() && session.offer.is_none() => {
                let text = format!("{} asks for the controls: {}", asking.by, asking.reason);
                add(Tone::Warn, Some(Action::LookAtControls), text);
            }
            Some(asking) if asking.cockpit == flight.me.cockpit && session.offer.is_none() => {
                add(Tone::Warn, Some(Action::LookAtControls), self.asking_words());
            }
            Some(_) | None => {}
        }
        if skew > NEAR_MS && skew <= FAR_MS {
            let text =
                format!("this host's clock is {} s off the journal's: times are not to be compared", skew / 1000);
            add(Tone::Warn, None, text);
        }
        found
    }

    /// How far this cockpit's asking for the controls is.
    pub fn asking_words(&self) -> String {
        let now = self.now.elapsed;
        let (Some((holder, name)), Some(waited)) = (self.flight.other_driver(), self.flight.asked_for(now)) else {
            return "you ask for the controls".to_owned();
        };
        let people = self.flight.procedure.people;
        let silent = format!(
            "{name} silent {} of {}",
            clock_span(self.flight.silent_for(holder, now)),
            clock_span(people.silence)
        );
        let asked = format!("asked {}", clock_span(waited));
        match self.taken_in() {
            Some(Ok(Duration::ZERO)) => format!("{asked}, {silent}: take them"),
            Some(Ok(left)) => format!("{asked}, {silent}: yours in {}", clock_span(left)),
            Some(Err(away)) => {
                format!("{asked}; {name} is there, last key {} ago: wait for the answer", clock_span(away))
            }
            None => asked,
        }
    }
}

/// The first names of a list, and how many more there are.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    match names.split_at_checked(SHOWN) {
        Some((first, rest)) if rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        Some(_) | None => names.join(", "),
    }
}

/// What a second person is asked, in the words of banners and dialogs: `shift 30 / 70 → 50 / 50 on 2 routers`.
pub fn request_words(procedure: &Procedure, act: &AskedAct) -> String {
    match act {
        AskedAct::Change(proposal) => {
            let verb = if proposal.kind.is_forward() { "shift" } else { "roll back" };
            let bound = proposal.routers.iter().find_map(|order| order.bound.as_ref());
            let from = bound.and_then(|bound| bound.native.shares(procedure.pool_ids()).nearest_weights());
            let from = from.map(|from| format!("{from} → ")).unwrap_or_default();
            let routers = proposal.routers.len();
            let plural = if routers == 1 { "" } else { "s" };
            let waves = proposal.waves.words().map(|words| format!(" in {words}")).unwrap_or_default();
            format!("{verb} {from}{} on {routers} router{plural}{waves}", proposal.to)
        }
        AskedAct::Complete { step, requests, .. } => {
            let name = procedure.step(step).map_or(step.as_str(), |(_, step)| step.name.as_str());
            if requests.is_empty() { format!("{name} is done") } else { format!("start {name}") }
        }
        AskedAct::Reload { digest, .. } => format!("take in the changed profile {}", digest.short()),
    }
}
