//! Ports for servers that cannot choose one themselves.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that Linux gives to outgoing connections (`net.ipv4.ip_local_port_range`, from 32,768): no connection of
/// another test takes one while its server starts, or starts again.
const RANGE: std::ops::Range<u32> = 10_000..32_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A loopback port that is free. None is given twice by this process; another process begins elsewhere.
pub fn free_port() -> u16 {
    let start = std::process::id().wrapping_mul(97);
    let count = RANGE.end - RANGE.start;
    let mut each = (0..count).map(|_| {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count;
        u16::try_from(RANGE.start + offset).expect("the range is one of ports")
    });
    each.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a loopback port is free")
}

/// So many of them.
pub fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port())
}
