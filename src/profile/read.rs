//! The keys at the top of a profile, and how the parts come together.

use std::path::PathBuf;

use super::file::Unread;
use super::{
    AdapterConfigs, JournalConfig, Loaded, MetricConfig, ProfileFile, RouterConfig, action, approval, back, check,
    checklist, drain, duty, expected, follow_up, guard, journal, notify, pairs, panel, plan, pool, record, rollback,
    rollout, router, rule, schedule, source, version, window,
};
use crate::adapter::log;
use crate::domain::action::ActionSpec;
use crate::domain::check::CheckSpec;
use crate::domain::measure::PanelSpec;
use crate::domain::pairing::PairSpec;
use crate::domain::procedure::{BackRule, Confirm, Friction, LogSpec, MetricSpec, RouterSpec};
use crate::domain::{BasisPoints, Digest, PoolId, Procedure};
use crate::setting::{Found, Report, Source, Table, Wrong, flag, percent, quoted, title};
use crate::signature::AllowedSigners;

/// The files beside the main one.
pub(super) struct Included<'i> {
    pub(super) files: &'i [IncludedFile<'i>],
    pub(super) unread: &'i [Unread],
}

impl Included<'_> {
    /// The text of a file that a key names; what is wrong with it is reported there.
    pub(super) fn source<'r>(&self, report: &'r Report<'_>, named: &Found<String>) -> Option<(usize, &'r Source)> {
        if let Some(unread) = self.unread.iter().find(|unread| unread.path == named.value) {
            let wrong = unread.wrong.clone();
            report.refuse(&named.spot, wrong.naming(&quoted(named)));
            return None;
        }
        let Some(file) = self.files.iter().find(|file| file.path == named.value) else {
            let wrong = Wrong::new(format!("{} is not among the files that were kept", quoted(named)));
            report.refuse(&named.spot, wrong.advice("open the session anew from the profile on disk"));
            return None;
        };
        // A file that is not text has been refused as a whole.
        file.source.and_then(|index| Some((index, report.source(index)?)))
    }
}

/// One file beside the main one.
pub(super) struct IncludedFile<'i> {
    /// Its path as the main file names it.
    pub(super) path: &'i str,
    /// Which source it is, if it is text.
    pub(super) source: Option<usize>,
}

/// Everything that a profile says.
pub(super) struct Parts {
    /// Its digest is not known yet.
    procedure: Procedure,
    adapters: AdapterConfigs,
    journal: JournalConfig,
    allowed_signers: Option<AllowedSigners>,
    records: Option<PathBuf>,
}

impl Parts {
    /// Joined with what was read.
    pub(super) fn loaded(self, files: Vec<ProfileFile>, digest: Digest) -> Loaded {
        let Self { procedure, adapters, journal, allowed_signers, records } = self;
        Loaded { files, procedure: Procedure { digest, ..procedure }, allowed_signers, adapters, journal, records }
    }
}

/// Reads a whole profile.
#[expect(clippy::too_many_lines, reason = "one part of the profile after the other, each read elsewhere")]
pub(super) fn profile(table: &mut Table<'_>, included: &Included<'_>) -> Option<Parts> {
    table.not_yet(&[
        ("freeze", "write it as a [[window]] with rule = \"block\" and two dates"),
        ("plan", "write the steps as [[step]]"),
    ]);
    let service = table.required("service", "The service's name.", &title());
    let environment = table.required("environment", "The environment's name: \"prod\".", &title());
    let doc = "Whether acts here ask the most. Default: guessed from names like prod, production, live.";
    let production = table.optional("production", doc, &flag());
    let journal = journal::read(table);
    let increment =
        table.optional("increment", "How far + and - move a draft, in percent. Default 10.", &percent(1, 5_000));
    let pools = pool::read(table);
    let ids: Vec<PoolId> = pools.iter().map(|pool| pool.id.clone()).collect();
    let times = rule::timing(table);
    let mut names = Vec::new();
    let routers = router::read(table, &ids, times.poll, times.timing.router_timeout, &mut names);
    let rollout = rollout::read(table, &names);
    let (logs, log_configs): (Vec<LogSpec>, Vec<log::Config>) = source::logs(table, &ids).into_iter().unzip();
    let expected = expected::read(table, &logs);
    let (mut sources, written) = source::metrics(table, &ids);
    let mut panels = panel::read(table, &ids, &mut sources, &written);
    let (metrics, metric_configs): (Vec<MetricSpec>, Vec<MetricConfig>) =
        sources.into_iter().map(|source| (source.spec, source.config)).unzip();
    let beside = pairs::Beside { pools: &ids, logs: &logs, configs: &log_configs, metrics: &written, panels: &panels };
    let (pairs, figures): (Vec<PairSpec>, Vec<Vec<PanelSpec>>) = pairs::read(table, beside).into_iter().unzip();
    panels.extend(figures.into_iter().flatten());
    let (checks, mut declared) = check::read(table, &ids, &panels);
    let (mut checks, asked): (Vec<CheckSpec>, Vec<_>) = checks.into_iter().unzip();
    let asked = checks.iter().zip(asked).filter_map(|(check, configured)| Some((check.id.clone(), configured?)));
    let mut asked: Vec<_> = asked.collect();
    let (mut checklist, rules) = checklist::read(table, included);
    let version = version::read(table, &checks, &mut declared, &checklist);
    if let Some(version) = &version {
        checks.push(version.check.clone());
        asked.push((version.check.id.clone(), version.configured.clone()));
    }
    let drain = drain::read(
        table,
        &pools,
        drain::Sources { logs: &logs, metrics: &metrics, panels: &panels, checks: &declared },
    );
    let back = back::read(table, &checks, &declared);
    let (notifiers, told): (Vec<_>, Vec<_>) = notify::read(table).into_iter().unzip();
    let told = notifiers.iter().zip(told).map(|(spec, config)| (spec.id.clone(), config)).collect();
    let shell = duty::commands(table);
    let contacts = duty::contacts(table);
    let has_routers = table.has("router");
    let watched = guard::Context { pools: &ids, metrics: &metrics, panels: &panels, checks: &checks, has_routers };
    let guards = guard::read(table, watched);
    let (actions, declared_actions) = action::read(table);
    let (actions, started): (Vec<ActionSpec>, Vec<_>) = actions.into_iter().unzip();
    let started = actions.iter().zip(started).map(|(action, configured)| (action.id.clone(), configured)).collect();
    let who_has_which = approval::roles(table);
    let (approvals, declared_approvals) = approval::read(table, &who_has_which, &declared);
    let context = plan::Context {
        service: service.as_ref().map(|service| service.value.as_str()),
        pools: &ids,
        approvals: &declared_approvals,
        checklist: &checklist,
        checks: &declared,
        has_routers,
        guards: &guards,
        panels: &panels,
        actions: &actions,
        declared_actions: &declared_actions,
    };
    let plan = plan::read(table, &context);
    let rollback = rollback::read(table, &context, &plan);
    duty::resolve(table.report(), &mut checklist, rules, &plan, &checks);
    version::refuse_without_deployment(table, version.as_ref(), &plan);
    schedule::sections(&mut checklist, &plan);
    follow_up::read(table, &mut checklist);
    let production = production.map(|production| production.value);
    let production = production.or_else(|| Some(is_production(environment.as_deref()?))).unwrap_or(true);
    let (confirm, why) = rule::confirm(table, production);
    refuse_what_nobody_could_confirm(table, &journal, confirm, &back);
    let (people, allowed_signers) = rule::people(table, included);
    approval::check(table, &approvals, &plan, &journal, allowed_signers.as_ref(), people.keys);
    let windows = window::read(table);
    let records = record::read(table);
    let configs = routers.iter().map(|(spec, config)| (spec.id.clone(), config.clone())).collect();
    let routers: Vec<RouterSpec> = routers.into_iter().map(|(spec, _): (_, RouterConfig)| spec).collect();
    let procedure = Procedure {
        service: service?.value,
        environment: environment?.value,
        production,
        digest: Digest::ZERO,
        pools,
        routers,
        rollout,
        plan,
        checklist,
        confirm,
        why,
        people,
        increment: BasisPoints(increment.map_or(1_000, |increment| increment.value)),
        timing: times.timing,
        drain,
        notifiers,
        back,
        logs,
        pairs,
        expected,
        metrics,
        panels,
        checks,
        actions,
        guards,
        rollback,
        windows,
        shell,
        contacts,
        approvals: approvals.into_iter().map(|approval| approval.spec).collect(),
        version: version.as_ref().map(|version| version.spec.clone()),
    };
    let adapters = AdapterConfigs {
        routers: configs,
        logs: log_configs,
        metrics: metric_configs,
        checks: asked,
        notifiers: told,
        actions: started,
        latest: version.and_then(|version| version.latest),
    };
    Some(Parts { procedure, adapters, journal, allowed_signers, records })
}

/// Refuses rules of confirming that the rest of the profile makes impossible to keep.
fn refuse_what_nobody_could_confirm(table: &Table<'_>, journal: &JournalConfig, confirm: Confirm, back: &BackRule) {
    if confirm.asks_two() && *journal == JournalConfig::Own && !table.has("journal") {
        let wrong = Wrong::new("asks two people, and this profile's journal is your own: nobody could be the second");
        let advice = "name a `journal`: a directory that both can write, or a stream on NATS";
        if let Some(spot) = table.spot_if_written("confirm") {
            table.report().refuse(&spot, wrong.advice(advice));
        }
    }
    if back.goes_on.is_some() && confirm.rollback != Friction::Key {
        let wrong = Wrong::new("goes on by itself, and a rollback of this profile asks for more than a key");
        if let Some(spot) = table.spot_if_written("back") {
            table.report().refuse(&spot, wrong.advice("write go_on = \"key\", or confirm.rollback = \"key\""));
        }
    }
}

/// Whether an environment of this name is taken for production: when in doubt it is.
fn is_production(environment: &str) -> bool {
    let lower = environment.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().any(|(index, word)| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let before = index.checked_sub(1).and_then(|index| words.get(index)).copied();
        ["prod", "production", "live", "prd"].contains(&word) && !matches!(before, Some("pre" | "non" | "not"))
    })
}

#[cfg(test)]
mod tests {
    use super::is_production;

    #[test]
    fn production_is_guessed_from_names() {
        for name in ["prod", "Production", "eu-prod-1", "live", "PRD", "prod2"] {
            assert!(is_production(name), "{name}");
        }
        for name in ["staging", "qa", "pre-prod", "non-prod", "product-test", "delivery"] {
            assert!(!is_production(name), "{name}");
        }
    }
}
