//! What a deploy step deploys: the image with its tag, and the digest that it was resolved to.
//!
//! ```text
//! │ registry.example.net/shop:2.5.0                                         │
//! │   sha256:3f2a91c04b1d…                                                  │
//! ```

use super::{Sheet, piece};
use crate::cockpit::Model;
use crate::domain::procedure::Step;
use crate::domain::version::Seen;
use crate::theme::Role;

/// The lines of a dialog about a step; none where it deploys nothing that is resolved.
pub(super) fn lines(model: &Model, sheet: &mut Sheet, step: &Step) {
    let session = &model.flight.session;
    let Some(spec) = model.flight.procedure.version_of(step) else { return };
    if session.to_version().is_empty() {
        return;
    }
    let image = spec.named(session.to_version());
    let Some(kept) = &session.version else {
        sheet.line(vec![piece(Role::Strong, image)]);
        sheet.line(vec![piece(Role::Wait, "  not resolved to a digest yet")]);
        return;
    };
    sheet.line(vec![piece(Role::Strong, kept.what.image.as_str())]);
    sheet.line(vec![piece(Role::Text, format!("  {}", kept.what.digest))]);
    if let Seen::Digest(now) = model.flight.version_seen(model.now.elapsed)
        && now != kept.what.digest
    {
        sheet.line(vec![piece(Role::Bad, format!("  {now}"))]);
        sheet.line(vec![piece(Role::Bad, "  is what the tag points to now; what is told {digest} gets the first one")]);
    }
}
