//! Asks every server for its health: two bad answers in a row take it out, one good answer brings it back.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::super::wire::Wire;
use super::{Router, Upstream};

/// How long a server may take to say that it is well.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many bad answers in a row take a server out.
const BAD_IN_A_ROW: u32 = 2;

/// Checks all servers of the living process at this interval.
pub(super) async fn watch(router: &Router, every: Duration) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut bad = vec![0; router.configured.len()];
    loop {
        tick.tick().await;
        let life = router.life();
        let answers = futures_util::future::join_all(life.servers.iter().map(is_well)).await;
        for ((server, is_well), bad) in life.servers.iter().zip(answers).zip(&mut bad) {
            *bad = if is_well { 0 } else { *bad + 1 };
            server.is_up.store(*bad < BAD_IN_A_ROW, Relaxed);
        }
    }
}

async fn is_well(server: &Arc<Upstream>) -> bool {
    let ask = async {
        let mut wire = Wire::connect(server.port).await?;
        wire.write(b"GET /health HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n").await?;
        wire.head().await
    };
    matches!(timeout(PATIENCE, ask).await, Ok(Ok(Some(head))) if head.status() == 200)
}
