//! A checklist with everything that items ask for beside their ticks, and people to be called.

use std::time::Duration;

use flightdeck::domain::ItemId;
use flightdeck::domain::checklist::{Command, Item};
use flightdeck::domain::duty::{CommandEnd, Contact, Shell, Wait, WaitFrom};
use flightdeck::domain::procedure::Procedure;
use flightdeck::flight::duty::RunCommand;
use flightdeck::session::item::Ended;

pub const HEALTH: &str = "deploy/health-is-green";
pub const VERSION: &str = "deploy/version-endpoint-answers-on-every-server";
pub const LOG: &str = "deploy/only-health-checks-in-the-log-of-blue";
pub const NOTE: &str = "after/release-note-sent";

/// The item of an id.
pub fn item<'p>(procedure: &'p mut Procedure, id: &str) -> &'p mut Item {
    let items = procedure.checklist.sections.iter_mut().flat_map(|section| &mut section.items);
    { items }.find(|item| item.id == ItemId::new(id)).expect("an item of the checklist")
}

/// In the service as people run it: a command, two commands, an order, a time from a tick and one from a key, contacts.
pub fn with_duties(mut procedure: Procedure) -> Procedure {
    let command = |text: &str| Command { language: "bash".to_owned(), text: text.to_owned() };
    let log = item(&mut procedure, LOG);
    log.commands = vec![command("./smoke.sh blue\necho \"$?\"")];
    log.role = Some("the network's people".to_owned());
    let version = item(&mut procedure, VERSION);
    version.commands = vec![command("curl -fsS https://blue.example.net/version"), command("./versions.sh")];
    version.rules.wait = Some(Wait { span: Duration::from_mins(15), from: WaitFrom::Item(ItemId::new(LOG)) });
    item(&mut procedure, HEALTH).rules.after = vec![ItemId::new(LOG)];
    item(&mut procedure, NOTE).rules.wait = Some(Wait { span: Duration::from_mins(2), from: WaitFrom::Key });
    procedure.shell = Some(shell());
    procedure.contacts = contacts();
    procedure
}

pub fn shell() -> Shell {
    Shell {
        words: ["/bin/bash", "-euo", "pipefail", "-c"].map(str::to_owned).to_vec(),
        directory: None,
        limit: Duration::from_mins(5),
        environment: Some(vec!["PATH".to_owned(), "HOME".to_owned()]),
    }
}

pub fn contacts() -> Vec<Contact> {
    let contact = |role: &str, name: &str, phone: &str, handle: &str, minutes| Contact {
        role: role.to_owned(),
        name: name.to_owned(),
        phone: (!phone.is_empty()).then(|| phone.to_owned()),
        handle: (!handle.is_empty()).then(|| handle.to_owned()),
        link: None,
        after: Duration::from_mins(minutes),
    };
    vec![
        contact("Release manager", "John Smith", "+1-555-0100", "@john.smith", 0),
        contact("On-call engineer", "", "see PagerDuty", "@on-call", 5),
        contact("Engineering manager", "Mike Johnson", "+1-555-0102", "", 15),
    ]
}

/// How a command that was to be run ended.
pub fn ended(run: &RunCommand, end: CommandEnd, lines: &[&str]) -> Ended {
    Ended {
        run: run.run,
        item: run.item.clone(),
        end,
        took_ms: 4_200,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        dropped: 0,
    }
}
