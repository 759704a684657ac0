//! `[version]`: the image whose tag is resolved to a digest, what must be known of it, and where the latest one is looked up.

use std::sync::Arc;
use std::time::Duration;

use super::check::Declared;
use super::source::needs_feature;
use crate::adapter::check::ran_in::Latest;
use crate::adapter::check::{Configured, aws, image};
use crate::domain::check::{Asks, CheckSpec};
use crate::domain::procedure::{Step, StepAct};
use crate::domain::{CheckId, Checklist, ItemId, VersionSpec};
use crate::setting::{Found, Report, Table, Variant, Wrong, duration, name, nearest, quoted, title};

/// The name of the check that resolves the tag.
const CHECK: &str = "version";

/// What `[version]` says.
pub(super) struct Version {
    pub(super) spec: VersionSpec,
    /// The check that resolves its tag.
    pub(super) check: CheckSpec,
    pub(super) configured: Arc<dyn Configured>,
    pub(super) latest: Option<Latest>,
}

/// The image as it is written, and who resolves its tag.
type Resolver = Option<(String, Arc<dyn Configured>)>;

/// Reads it. Its check gets a name among the others, for `leave_when`.
pub(super) fn read(
    table: &mut Table<'_>,
    checks: &[CheckSpec],
    declared: &mut Declared,
    checklist: &Checklist,
) -> Option<Version> {
    let has_version = table.has(CHECK);
    if let Some(spot) = table.spot_if_written(CHECK) {
        if let Some(other) = declared.checks.iter().find(|check| check.as_str() == CHECK) {
            let wrong = Wrong::new("is the name of the check that [version] makes");
            table.report().refuse(&other.spot, wrong.advice("give this check another one"));
        } else {
            declared.checks.push(Found { value: CHECK.to_owned(), spot });
        }
    }
    let doc = "The image that is deployed: its tag is resolved to a digest, which is kept and compared before each deploy step.";
    let read = table.table(CHECK, doc, |table| read_keys(table, checks, declared, checklist));
    read.flatten().filter(|_| has_version)
}

fn read_keys(
    table: &mut Table<'_>,
    checks: &[CheckSpec],
    declared: &Declared,
    checklist: &Checklist,
) -> Option<Version> {
    let (least, most) = (Duration::from_secs(1), Duration::from_hours(1));
    let doc = "How often the tag is looked at while a deploy step is next. Default 10s.";
    let every =
        table.optional("every", doc, &duration(least, most)).map_or(Duration::from_secs(10), |every| every.value);
    let doc = "How long one answer may take; then what the tag points to is not known. Default 5s.";
    let timeout = table.optional("timeout", doc, &duration(Duration::from_millis(50), Duration::from_mins(5)));
    let timeout = timeout.map_or(Duration::from_secs(5), |timeout| timeout.value);
    let doc = "The checklist item at whose tick it is resolved, as SECTION/ITEM. Default: when the first deploy step is next.";
    let item = table.optional("item", doc, &title());
    let doc = "Checks that must pass before each deploy step: [\"signed\", \"ran-in-staging\"].";
    let requires = table.optional("requires", doc, &name().list("a list of names of checks"));
    let doc = "Where the version is looked up when `open` is not told one with --to.";
    let latest = table.table("latest", doc, |table| Latest::read(table, timeout.max(LOOKED_UP)));
    let registry = |table: &mut Table<'_>| {
        let config = image::Config::read(table, None, timeout)?;
        Some((config.image.as_str().to_owned(), Arc::new(config) as Arc<dyn Configured>))
    };
    let ecr = |table: &mut Table<'_>| {
        let config = aws::image::Config::read(table, None, timeout)?;
        Some((config.image.as_str().to_owned(), Arc::new(config) as Arc<dyn Configured>))
    };
    let variants: [Variant<'_, '_, Resolver>; 2] = [
        Variant {
            name: "registry",
            doc: "A registry, asked as the OCI distribution specification has it.",
            read: &registry,
        },
        Variant { name: "ecr", doc: "ECR, which also tells of images that are archived.", read: &ecr },
    ];
    let (kind, read) = table.kinds("kind", "Who resolves it.", &variants, Some("registry"))?;
    let feature = if kind == "ecr" { aws::FEATURE } else { None };
    needs_feature(table, "version", kind, feature);
    let report = table.report();
    let item = item.and_then(|item| self::item(report, checklist, &item));
    let requires = self::requires(report, checks, declared, requires.map(|list| list.value).unwrap_or_default());
    let (image, configured) = read?;
    if let Some(spot) = table.spot_if_written("image") {
        if !image.contains("{to}") {
            let wrong = Wrong::new("does not name {to}: it would be the same image whatever is deployed");
            report.refuse(&spot, wrong.advice("write {to} where the tag stands"));
        }
        for other in ["{from}", "{digest}"].into_iter().filter(|other| image.contains(other)) {
            let wrong = Wrong::new(format!("names {other}: only the tag that is resolved stands here"));
            report.refuse(&spot, wrong.advice("leave it out"));
        }
    }
    let check = CheckSpec {
        id: CheckId::new(CHECK),
        kind: if kind == "ecr" { "ecr-image" } else { "image" }.to_owned(),
        group: None,
        pool: None,
        asks: Asks::System,
        every,
        tries: 1,
        in_a_row: 1,
        timeout,
        compares: false,
    };
    let spec = VersionSpec { check: check.id.clone(), image, item, requires };
    Some(Version { spec, check, configured, latest: latest.flatten() })
}

/// Looking up the latest version may take so long at least: a fetch is slower than a look at a registry.
const LOOKED_UP: Duration = Duration::from_secs(30);

fn item(report: &Report<'_>, checklist: &Checklist, wanted: &Found<String>) -> Option<ItemId> {
    let found = checklist.items().find(|item| item.id.as_str() == wanted.value);
    if found.is_none() {
        let wrong = Wrong::new(format!("the checklist has no item {}", quoted(&wanted.value)));
        let wrong = match nearest(&wanted.value, checklist.items().map(|item| item.id.as_str())) {
            Some(meant) => wrong.advice(format!("did you mean `{meant}`?")),
            None => wrong.advice("name it as SECTION/ITEM, both in lower case with - for what is no letter"),
        };
        report.refuse(&wanted.spot, wrong);
    }
    found.map(|item| item.id.clone())
}

fn requires(
    report: &Report<'_>,
    checks: &[CheckSpec],
    declared: &Declared,
    written: Vec<Found<String>>,
) -> Vec<CheckId> {
    let mut required = Vec::new();
    for each in written {
        if each.as_str() == CHECK {
            report.refuse(&each.spot, Wrong::new("is asked before each deploy step already").advice("leave it out"));
            continue;
        }
        let names = || declared.checks.iter().map(|check| check.as_str()).filter(|name| *name != CHECK);
        if !names().any(|name| name == each.as_str()) {
            let wrong = Wrong::new(format!("there is no check {}", quoted(&each)));
            let wrong = match names().collect::<Vec<_>>() {
                none if none.is_empty() => wrong.advice("add a [[check]]"),
                some => wrong.accepted(some.join(", ")).suggesting(&each, names()),
            };
            report.refuse(&each.spot, wrong);
            continue;
        }
        if declared.of_tags.contains(&each.value) {
            let wrong = Wrong::new(format!("the check {} asks about a tag, which anybody may move", quoted(&each)));
            report.refuse(
                &each.spot,
                wrong.advice("name {digest} in its `image`, as in \"registry.example.net/shop@{digest}\""),
            );
        }
        // What is wrong with one that cannot be read has been said.
        required.extend(checks.iter().find(|check| check.id.as_str() == each.as_str()).map(|check| check.id.clone()));
    }
    required
}

/// A version that nothing deploys would never be resolved.
pub(super) fn refuse_without_deployment(table: &Table<'_>, version: Option<&Version>, plan: &[Step]) {
    let Some(version) = version else { return };
    let deploys = plan.iter().any(|step| matches!(step.act, StepAct::Deploy { .. }));
    if let Some(spot) = table.spot_if_written(CHECK).filter(|_| !deploys && version.spec.item.is_none()) {
        let wrong = Wrong::new("is resolved for a step that deploys, and no step does");
        table
            .report()
            .refuse(&spot, wrong.advice("add a [[step]] with `deploy`, or name the checklist item as `item`"));
    }
}

/// Refuses texts that name a digest where no version is resolved to one.
pub(super) fn refuse_digests(table: &Table<'_>, has_version: bool) {
    for spot in table.spots_holding("{digest}").iter().filter(|_| !has_version) {
        let wrong = Wrong::new("names {digest}, and this profile resolves no version to one");
        table.report().refuse(spot, wrong.advice("add [version] with the image, or leave it out"));
    }
}
