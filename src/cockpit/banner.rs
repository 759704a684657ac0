//! Banners: what waits for the operator without taking the keyboard (F2). Each names the act that answers it.

use super::{Action, Model};
use crate::flight::{ChangedProfile, Tone};

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

impl Model {
    /// What waits for the operator, worst first. None of it takes the keyboard (F2).
    pub fn banners(&self) -> Vec<Banner> {
        let session = &self.flight.session;
        let mut found = self.journal_banners();
        let banner = |tone: Tone, action: Option<Action>, text: String| Banner { text, action, tone };
        if let Some(change) = self.partial() {
            let open: Vec<&str> = change.unfinished().map(|(router, _)| router.as_str()).collect();
            let text = format!("{} is not done everywhere: {} not verified", change.confirmed.to, open.join(", "));
            found.push(banner(Tone::Bad, Some(Action::OpenPartial), text));
        }
        found.extend(self.people_banners());
        for (router, drifted) in &session.drifted {
            let why = if drifted.restarted { "was restarted and lost its weights" } else { "was changed outside" };
            let text = format!("{router} {why}: put back, accept or roll back");
            found.push(banner(Tone::Bad, Some(Action::OpenDrift), text));
        }
        if let Some(hold) = &session.hold {
            found.push(banner(Tone::Warn, Some(Action::Hold), format!("held by {}: {}", hold.by, hold.what)));
        }
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
            let text = format!("the session is closed: {}", closed.what);
            found.push(banner(Tone::Plain, Some(Action::Quit), text));
        } else {
            found.extend(self.driver_banner());
        }
        found
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
            format!("{holder} has the controls and is silent for {}", crate::domain::clock_span(silent))
        } else {
            format!("{holder} has the controls; rolling back and holding need none")
        };
        Some(Banner { text, action: (!asks).then_some(Action::AskControls), tone: Tone::Warn })
    }
}
