//! What a router can do, in sentences.

use crate::domain::{Capabilities, Holds, Proof, Zero};

/// What a router can do, a line each.
pub(super) fn what_it_can(can: &Capabilities) -> Vec<String> {
    let holds = match &can.holds {
        Holds::Shares { finest } => format!("holds any share in steps of about {finest} %"),
        Holds::AllOrNothing => "holds all or nothing".to_owned(),
        Holds::Steps(steps) => {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            format!("holds its own steps only: {} %", steps.join(", "))
        }
    };
    let zero = match &can.zero {
        Zero::Weight => String::new(),
        Zero::TakenOut(how) => format!("; for nothing, {how}"),
        Zero::Never => "; nothing cannot be given".to_owned(),
    };
    let moves = if can.atomic { "at one moment" } else { "one after another, what rises first" };
    let compares = if can.conditional {
        "refuses a change when they moved"
    } else {
        "cannot compare: flightdeck looks directly before it writes, and a gap of milliseconds remains"
    };
    let proof = match can.proof {
        Proof::Observed => "read back, and seen in its request counters",
        Proof::ReadBack => "read back; it counts no requests",
        Proof::Accepted => "its yes; it cannot be read back",
    };
    let mut lines = vec![
        format!("{}, {}", can.system, can.means),
        format!("{holds}{zero}"),
        format!("changes its weights {moves}; {compares}"),
        format!("proof: {proof}"),
        format!("usually takes {}, back {}", span(can.change_ms), span(can.back_ms)),
    ];
    if can.settle_ms > 0 {
        lines.push(format!("traffic follows within {} after that", span(can.settle_ms)));
    }
    if let Some(how) = &can.make_permanent {
        lines.push(format!("its weights live in memory only: {how}"));
    }
    lines
}

fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms.div_ceil(1_000)),
        _ => format!("{} min", ms.div_ceil(60_000)),
    }
}
