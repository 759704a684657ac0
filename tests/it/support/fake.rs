//! A peer that talks nonsense, or not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How a [`Fake`] talks on every connection.
#[derive(Clone, Debug)]
pub enum Talk {
    /// Takes connections and says nothing.
    Silence,
    /// Says this as soon as it has heard something, and closes.
    Says(Vec<u8>),
    /// Says an empty line every now and then, and never ends.
    Trickle,
    /// Says bytes without an end, as fast as they are taken.
    Flood,
}

/// A TCP server that stands for a peer which is not what it should be.
#[derive(Clone)]
pub struct Fake {
    /// Where it listens.
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
    was_met: Arc<AtomicBool>,
}

impl Fake {
    /// Starts one on a free port.
    pub fn start(talk: Talk) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let fake = Self { address, heard: Arc::default(), was_met: Arc::default() };
        let (heard, was_met) = (Arc::clone(&fake.heard), Arc::clone(&fake.was_met));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                was_met.store(true, Ordering::SeqCst);
                let (talk, heard) = (talk.clone(), Arc::clone(&heard));
                // The other side leaves when it has enough.
                thread::spawn(move || converse(connection, &talk, &heard).ok());
            }
        });
        fake
    }

    /// All that was said to it.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// Waits until somebody has connected.
    pub fn wait_for_a_connection(&self) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !self.was_met.load(Ordering::SeqCst) {
            assert!(Instant::now() < limit, "nobody connects");
            thread::yield_now();
        }
    }
}

fn converse(mut connection: TcpStream, talk: &Talk, heard: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut chunk = [0; 4096];
    let mut listen = |connection: &mut TcpStream| {
        let count = connection.read(&mut chunk)?;
        heard.lock().unwrap().extend_from_slice(&chunk[..count]);
        Ok::<_, std::io::Error>(count)
    };
    if listen(&mut connection)? == 0 {
        return Ok(());
    }
    match talk {
        Talk::Silence => while listen(&mut connection)? > 0 {},
        Talk::Says(bytes) => connection.write_all(bytes)?,
        Talk::Trickle => loop {
            connection.write_all(b"\n")?;
            thread::sleep(Duration::from_millis(50));
        },
        Talk::Flood => loop {
            connection.write_all(&[b'a'; 4096])?;
        },
    }
    Ok(())
}
