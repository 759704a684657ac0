//! The controls between cockpits (C3), and pointing.

use super::super::{Effect, Handover, Model, OverlayKind, Purpose};
use super::confirm::By;
use crate::domain::{CockpitId, Operator};
use crate::flight::{Ask, Tone};

impl Model {
    /// Offers the controls, or takes the offer back.
    pub(super) fn offer_controls(&mut self, out: &mut Vec<Effect>) {
        if self.flight.session.offer.is_some() {
            self.ask(Ask::EndOffer, out);
            return;
        }
        let cockpits = self.possible_drivers();
        if cockpits.is_empty() {
            self.tell(Tone::Plain, "no other operator is there to take the controls", out);
        } else {
            self.open(OverlayKind::Controls(Handover::OfferTo { cockpits, chosen: 0 }), false);
        }
    }

    /// Other operators that are heard.
    fn possible_drivers(&self) -> Vec<(CockpitId, Operator)> {
        let people = self.people();
        let able = people.into_iter().filter(|each| !each.is_me && each.silent.is_none());
        able.filter(|each| each.part == super::super::Part::Copilot).map(|each| (each.cockpit, each.name)).collect()
    }

    /// Asks for the controls with a reason, or takes the asking back.
    pub(super) fn ask_controls(&mut self, out: &mut Vec<Effect>) {
        let session = &self.flight.session;
        let asks = session.asking.as_ref().is_some_and(|asking| asking.cockpit == self.flight.me.cockpit);
        if asks {
            self.ask(Ask::EndAsking, out);
        } else if self.flight.drives() {
            self.tell(Tone::Plain, "you have the controls", out);
        } else if session.controls.is_none() {
            self.tell(Tone::Plain, "nobody has the controls: t takes them", out);
        } else {
            self.question(Purpose::AskControls);
        }
    }

    /// Which dialog about the controls waits for this operator, if one does.
    fn handover(&self) -> Option<Handover> {
        let (session, me) = (&self.flight.session, self.flight.me.cockpit);
        if session.offer.as_ref().is_some_and(|offer| offer.to == me) {
            return Some(Handover::Offered);
        }
        let asking = session.asking.as_ref()?;
        if self.flight.drives() {
            session.offer.is_none().then_some(Handover::Asked)
        } else {
            (asking.cockpit == me).then_some(Handover::Asking)
        }
    }

    pub(super) fn look_at_controls(&mut self, out: &mut Vec<Effect>) {
        match self.handover() {
            Some(handover) => self.open(OverlayKind::Controls(handover), false),
            None => self.tell(Tone::Plain, "nobody offers or asks for the controls", out),
        }
    }

    /// Whether a dialog about the controls still has something to be about.
    pub(super) fn keeps_controls(&self, handover: &mut Handover) -> bool {
        if let Handover::OfferTo { cockpits, chosen } = handover {
            let there = self.possible_drivers();
            cockpits.retain(|each| there.contains(each));
            *chosen = (*chosen).min(cockpits.len().saturating_sub(1));
            return self.flight.drives() && !cockpits.is_empty();
        }
        self.handover().as_ref() == Some(handover)
    }

    pub(super) fn confirm_controls(&mut self, by: By, out: &mut Vec<Effect>) {
        let Some(overlay) = self.overlay.as_ref().filter(|overlay| overlay.seen && by == By::Key) else { return };
        let OverlayKind::Controls(handover) = &overlay.kind else { return };
        let ask = match handover {
            Handover::OfferTo { cockpits, chosen } => match cockpits.get(*chosen) {
                Some((to, _)) => Ask::Offer { to: *to },
                None => return,
            },
            Handover::Offered => Ask::AcceptOffer,
            Handover::Asked => match self.flight.session.asking.as_ref() {
                Some(asking) => Ask::Offer { to: asking.cockpit },
                None => return,
            },
            Handover::Asking => Ask::TakeOver,
        };
        // A take-over that is refused has said why, and can be tried again.
        let stays = ask == Ask::TakeOver;
        if !stays {
            self.overlay = None;
        }
        self.ask(ask, out);
    }

    pub(super) fn refuse_controls(&mut self, out: &mut Vec<Effect>) {
        let ask = match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Controls(Handover::Offered)) => Ask::EndOffer,
            Some(OverlayKind::Controls(Handover::Asked | Handover::Asking)) => Ask::EndAsking,
            Some(_) | None => return,
        };
        self.overlay = None;
        self.ask(ask, out);
    }

    /// Points at something, on every screen; the same once more points no longer. Nobody's focus moves.
    pub(super) fn point_at(&mut self, name: Option<String>, out: &mut Vec<Effect>) {
        let Some(name) = name else {
            self.tell(Tone::Plain, "the plan has no step left to point at", out);
            return;
        };
        let pointer = (self.flight.crew.pointer.as_ref() != Some(&name)).then_some(name);
        if let Some(name) = pointer.as_ref().filter(|_| self.flight.present(self.now.elapsed).next().is_none()) {
            self.tell(Tone::Plain, format!("nobody else is there to see that you point at {name}"), out);
        }
        self.ask(Ask::Point(pointer), out);
    }

    pub(super) fn next_step_name(&self) -> Option<String> {
        self.flight.session.next_step(&self.flight.procedure.plan).map(|step| step.name.clone())
    }
}
