//! The table of error patterns.
//!
//! ```text
//! ╭ Error patterns 12, 2 new since the change at 14:01:02 ────────────────────────────────╮
//! │           level  count  /min     first      last                                     │
//! │ › new   ▲ ERROR     41    12  14:01:09  14:02:10  no route to ‹…›                     │
//! │         ● WARN   1 204     0  13:20:00  14:02:11  connect timeout host=db stan=‹n›    │
//! │   apart ▲ WARN     +31     6  14:01:03  14:01:40  connection ‹n› reset by peer        │
//! │                                                                                       │
//! │ 14:02:10 no route to "acquirer 7"                                                     │
//! │ Enter its lines    Esc close                                                          │
//! ╰───────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, Model, PatternTable};
use crate::domain::log::Level;
use crate::logbook::Pattern;
use crate::theme::Role;
use crate::view::format::whole;
use crate::view::key as keys;
use crate::view::pen::fit;

/// From this width on there is room for when a pattern was first seen.
const ROOMY: u16 = 100;

/// The table.
pub(super) fn patterns(model: &Model, table: &PatternTable) -> Sheet {
    let mut sheet = Sheet::new("Error patterns ");
    sheet.width = 160;
    let rows = model.pattern_rows();
    let escape = keys::of(model, &Action::Escape);
    if rows.is_empty() {
        sheet.width = 64;
        sheet.line(vec![piece(Role::Text, "No errors so far.")]);
        let teach = "Lines of level WARN and ERROR are grouped here by what they have in common; `errors` of a [[log]] \
                     counts others with them, and [[expected]] counts apart what follows every change.";
        sheet.line(vec![piece(Role::Dim, teach)]);
        sheet.pin(key(&escape, "close"));
        return sheet;
    }
    sheet.wraps = false;
    sheet.title.extend(title(model, &rows));
    let is_roomy = model.areas().all.width >= ROOMY;
    let first = if is_roomy { "     first" } else { "" };
    sheet.line(vec![piece(Role::Dim, format!("          level    count   /min{first}      last"))]);
    let place = table.place(&rows);
    sheet.cursor = Some(if place == 0 { 0 } else { place + 1 });
    for (at, row) in rows.iter().enumerate() {
        sheet.line(line(model, row, is_roomy, at == place));
    }
    if model.logs.patterns.others() > 0 {
        let others = whole(model.logs.patterns.others());
        sheet.line(vec![piece(
            Role::Wait,
            format!("          {others} lines of other patterns, for which there was no place"),
        )]);
    }
    if let Some(row) = rows.get(place) {
        if row.expected > 0 {
            let apart = whole(row.expected);
            sheet.pin(vec![piece(Role::Dim, format!("{apart} expected after a change: {}", row.reason))]);
        }
        let example = fit(row.example, sheet.width.saturating_mul(2));
        sheet.pin(vec![piece(Role::Dim, format!("{} ", row.last.clock())), piece(Role::Text, example)]);
    }
    let mut line = key(&keys::of(model, &Action::Enter), "its lines");
    line.extend(key(&escape, "close"));
    sheet.pin(line);
    sheet
}

/// How many there are, how many are new and since when; or why that is not known.
fn title(model: &Model, rows: &[Pattern<'_>]) -> Vec<Piece> {
    let new = rows.iter().filter(|row| row.is_new).count();
    let mut title = vec![piece(Role::Text, rows.len().to_string())];
    let Some(changed) = model.last_went_out() else { return title };
    let at = changed.clock();
    if model.logs.patterns.since().is_none_or(|since| since >= changed) {
        title.push(piece(Role::Dim, format!(", not watched before the change at {at}")));
    } else {
        let role = if new > 0 { Role::Wait } else { Role::Dim };
        title.push(piece(role, format!(", {new} new since the change at {at}")));
    }
    title
}

fn line(model: &Model, row: &Pattern<'_>, is_roomy: bool, is_chosen: bool) -> Vec<Piece> {
    let pools = &model.flight.procedure.pools;
    let pool = row.pool.and_then(|pool| pools.iter().position(|each| each.id == *pool));
    let mark = pool.and_then(|place| Some((Role::pool(place), pools.get(place)?.mark.clone())));
    let (state, word) = match row {
        Pattern { is_new: true, .. } => (Role::Wait, "new"),
        Pattern { count: 0, .. } => (Role::Dim, "apart"),
        _ => (Role::Dim, ""),
    };
    let level = match row.level {
        Level::Error => Role::Bad,
        Level::Warn => Role::Wait,
        Level::Info | Level::Debug | Level::Trace => Role::Dim,
    };
    let count = if row.count == 0 { format!("+{}", whole(row.expected)) } else { whole(row.count) };
    let first = if is_roomy { format!("  {}", row.first.clock()) } else { String::new() };
    let text = if is_chosen { Role::Strong } else { Role::Text };
    vec![
        piece(Role::Accent, if is_chosen { "› " } else { "  " }),
        piece(state, format!("{word:<6}")),
        mark.map_or_else(|| piece(Role::Dim, "  "), |(role, mark)| piece(role, format!("{mark} "))),
        piece(level, format!("{:<5}", row.level.word())),
        piece(Role::Text, format!("{count:>9}")),
        piece(Role::Dim, format!("{:>7}{first}  {}", whole(row.per_minute), row.last.clock())),
        piece(text, format!("  {}", row.template)),
    ]
}
