//! What the cockpit wants done, done or handed to the hands; and the profile on disk, found and taken in.

use std::sync::Arc;

use super::super::adapter::Adapters;
use super::super::hands::Tell;
use super::super::opening::changed;
use super::super::queue::Telemetry;
use super::super::{clipboard, clock, process, source};
use super::{Deck, End, ToLoop};
use crate::cockpit::{self, Effect, Msg};
use crate::domain::CockpitId;
use crate::flight::{self, Ask, ChangedProfile, Notice, Tone};
use crate::profile::{Loaded, Problems};

/// Where what other cockpits read goes: among what may be dropped.
pub(super) fn lossy(telemetry: &Telemetry<ToLoop>) -> Tell {
    let telemetry = telemetry.clone();
    Arc::new(move |msg| telemetry.put(ToLoop::Cockpit(Msg::Flight(msg))))
}

impl Deck {
    pub(super) fn update(&mut self, msg: Msg) {
        let flown = self.model.flight.procedure.digest;
        for effect in cockpit::update(&mut self.model, clock::now(), msg) {
            self.perform(effect);
        }
        if self.model.flight.procedure.digest != flown {
            self.change_adapters();
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            // What the flight tells is in the model already; here it goes into the log.
            Effect::Flight(effect) => {
                if matches!(effect, flight::Effect::Read { .. }) {
                    self.hold_frame();
                }
                drop(self.hands.perform(effect));
            }
            Effect::Copy(text) => self.screen.aside(&clipboard::copy(&text)),
            Effect::Bell => self.screen.aside(b"\x07"),
            Effect::Redraw => self.screen.forget(),
            Effect::Mouse { capture } => {
                let bytes = self.terminal.mouse(capture);
                self.screen.aside(bytes.as_bytes());
            }
            Effect::Theme(name) => {
                self.look.choose(&name);
                self.screen.forget();
            }
            Effect::Demo(name) => {
                if let Some(act) = &self.demo {
                    let said = act(&name);
                    self.control.put(Msg::DemoSaid(said).into());
                }
            }
            Effect::TakeControls => self.take_controls(),
            Effect::Suspend => self.is_leaving_front = true,
            Effect::Quit => self.end = Some(End::Quit),
        }
    }

    pub(super) fn found_on_disk(&mut self, found: Result<Loaded, Problems>) {
        let changed = match found {
            Ok(loaded) if loaded.procedure.digest == self.model.flight.procedure.digest => None,
            Ok(loaded) => {
                let changed = changed(&loaded);
                self.found = Some(loaded);
                Some(Box::new(changed))
            }
            Err(problems) => {
                let why = problems.0.first().map(ToString::to_string).unwrap_or_default();
                Some(Box::new(ChangedProfile::Bad { why }))
            }
        };
        self.update(Msg::Flight(flight::Msg::ProfileDiffers { changed }));
    }

    /// The profile that is flown is another one: its routers and sources take the place of the old ones.
    fn change_adapters(&mut self) {
        let digest = self.model.flight.procedure.digest;
        let Some(found) = self.found.as_ref().filter(|found| found.procedure.digest == digest) else { return };
        match Adapters::over(&found.adapters, self.hands.adapters.past.clone()) {
            Ok(adapters) => {
                // Who asks the metered sources does not change with the profile.
                let asks = self.hands.adapters.asks.clone();
                self.hands.adapters = Adapters { asks, ..adapters };
                self.follow_sources();
                if self.model.flight.crew.shared {
                    self.hands.listen_to_parcels(lossy(&self.telemetry));
                }
            }
            Err(trouble) => self.tell(Tone::Bad, format!("the old routers and sources stay: {trouble}")),
        }
    }

    /// Asks for the controls with what is known of their holder at this moment (C4).
    fn take_controls(&mut self) {
        let holder_gone = self.gone_holder().is_some();
        let why = if holder_gone { "the process before is gone" } else { "asked for" };
        let controls = self.model.flight.me.controls(why);
        self.update(Msg::Flight(flight::Msg::Ask(Ask::Resume { controls, holder_gone })));
    }

    /// Tells the cockpit when the process that has the controls has ended.
    pub(super) fn look_for_holder(&mut self) {
        if let Some(cockpit) = self.gone_holder().filter(|cockpit| self.model.gone != Some(*cockpit)) {
            self.update(Msg::HolderGone { cockpit });
        }
    }

    /// The other cockpit that has the controls, if its process is provably gone.
    fn gone_holder(&self) -> Option<CockpitId> {
        let holder = &self.model.flight.session.controls.as_ref().filter(|_| !self.model.flight.drives())?.holder;
        let one_host = self.model.flight.session.is_on_one_host();
        process::is_gone(&holder.process, one_host).then_some(holder.cockpit)
    }

    pub(super) fn follow_sources(&mut self) {
        self.sources.cancel();
        self.sources = self.cancel.child_token();
        let (adapters, aside) = (&self.hands.adapters, &mut self.aside);
        let followed = source::follow(adapters, &self.control, &self.telemetry, &self.tracker, &self.sources, aside);
        if let Err(error) = followed {
            self.tell(Tone::Bad, format!("no log or metric is followed, no thread could be started: {error}"));
        }
    }

    pub(super) fn tell(&mut self, tone: Tone, text: String) {
        self.update(Msg::Told(Notice { tone, text }));
    }
}
