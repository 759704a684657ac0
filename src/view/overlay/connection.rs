//! What lingers in a pool without weight, and the dialog that ends it.
//!
//! ```text
//! ╭ Connections of ▲ blue on eu-1 ──────────────────╮
//! │  3 open, listed 1s ago                          │
//! │   12:04  app/blue-1   ‹ip›:34950                │
//! │    0:31  app/blue-2   ‹ip›:35012                │
//! ╰─────────────────────────────────────────────────╯
//! ```

use super::confirm::answer;
use super::{Sheet, key, piece};
use crate::cockpit::{Action, ConfirmState, Model};
use crate::domain::connection::Connection;
use crate::domain::{PoolId, RouterId, age, clock_span};
use crate::flight::connection::EndConnections;
use crate::theme::Role;
use crate::view::key as keys;

/// How many are written out in the dialog that ends them.
const SHOWN: usize = 8;

/// The list.
pub(super) fn list(model: &Model, router: &RouterId, pool: &PoolId) -> Sheet {
    let mark = model.flight.procedure.pool(pool).map_or("", |pool| pool.mark.as_str());
    let mut sheet = Sheet::new(format!("Connections of {mark} {pool} on {router}"));
    sheet.width = 76;
    let can = model.flight.procedure.router(router).is_some_and(|router| router.capabilities.lists_connections);
    let listed = model.flight.lingering.lists.get(&(router.clone(), pool.clone()));
    match listed.map(|listed| (listed.at, &listed.connections)) {
        _ if !can => {
            let kind = model.flight.procedure.router(router).map_or("", |router| router.kind.as_str());
            sheet.line(vec![piece(Role::Dim, format!("– {router} ({kind}) cannot list its connections"))]);
        }
        None => sheet.line(vec![piece(Role::Wait, "asking …")]),
        Some((_, Err(trouble))) => sheet.line(vec![piece(Role::Bad, format!("✗ {trouble}"))]),
        Some((at, Ok(connections))) => {
            let old = model.now.elapsed.since(at);
            let words =
                if connections.is_empty() { "none is open".to_owned() } else { format!("{} open", connections.len()) };
            sheet.line(vec![
                piece(if connections.is_empty() { Role::Good } else { Role::Strong }, words),
                piece(Role::Dim, format!(", listed {} ago; oldest first", age(old))),
            ]);
            for each in connections {
                sheet.line(row(each));
            }
        }
    }
    let mut line = key(&keys::of(model, &Action::EndConnections), "end them, with a reason");
    line.extend(key(&keys::of(model, &Action::Connections), "list again"));
    if model.flight.procedure.routers.len() > 1 {
        line.extend(key(&keys::of(model, &Action::Right), "next router"));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

fn row(each: &Connection) -> Vec<super::Piece> {
    vec![
        piece(Role::Strong, format!("{:>8}  ", clock_span(each.age))),
        piece(Role::Text, format!("{:<24}  ", each.server)),
        piece(Role::Dim, each.client.clone()),
    ]
}

/// Ending them.
pub(super) fn end(model: &Model, end: &EndConnections, confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "End connections");
    sheet.border = Role::Bad;
    let pool = model.flight.procedure.pool(&end.pool).map_or("", |pool| pool.mark.as_str());
    sheet.line(vec![
        piece(Role::Strong, format!("{} connections", end.connections.len())),
        piece(Role::Text, format!(" of {pool} {} on {}", end.pool, end.router)),
        piece(Role::Dim, format!(", listed {} ago", age(model.now.elapsed.since(end.listed)))),
    ]);
    for each in end.connections.iter().take(SHOWN) {
        sheet.line(row(each));
    }
    if end.connections.len() > SHOWN {
        sheet.line(vec![piece(Role::Dim, format!("          and {} more", end.connections.len() - SHOWN))]);
    }
    sheet.gap();
    sheet.line(vec![piece(
        Role::Wait,
        "! their requests end without an answer; only these go, and none that came since",
    )]);
    sheet.line(vec![piece(Role::Dim, "why  "), piece(Role::Text, end.reason.clone())]);
    answer(model, &mut sheet, confirm, "end them");
    sheet
}
