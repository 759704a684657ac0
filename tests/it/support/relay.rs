//! A relay in front of an admin interface over HTTP, through which a fault can come exactly in the middle of a change.
//!
//! Requests and answers go through as they come. A change is a request of a writing method, on a connection of its own; the
//! fault happens when it is on its way and was not heard yet.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Fault = Box<dyn FnOnce() + Send>;

/// An address that leads to an admin interface.
pub struct Relay {
    address: SocketAddr,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Relay {
    /// A relay to this address. It lasts as long as the test.
    pub fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let own = listener.local_addr().expect("a bound listener has an address");
        let fault = Arc::new(Mutex::default());
        let shared = Arc::clone(&fault);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // Either side leaves when it likes.
                thread::spawn(move || carry(client, address, &shared).ok());
            }
        });
        Self { address: own, fault }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does this before the next change is heard, once.
    pub fn at_the_next_change(&self, fault: impl FnOnce() + Send + 'static) {
        *self.fault.lock().unwrap() = Some(Box::new(fault));
    }
}

fn carry(mut client: TcpStream, to: SocketAddr, fault: &Mutex<Option<Fault>>) -> std::io::Result<()> {
    let mut some = [0; 16 * 1024];
    let mut count = client.read(&mut some)?;
    let is_change = ["PATCH ", "POST ", "PUT "].iter().any(|method| some.starts_with(method.as_bytes()));
    let fault = if is_change { fault.lock().unwrap().take() } else { None };
    let stays = fault.is_some();
    if let Some(fault) = fault {
        fault();
    }
    // Only now: a system that goes on after a while has no patience left with whoever connected before and said nothing.
    let mut server = TcpStream::connect(to)?;
    let (mut from, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        std::io::copy(&mut from, &mut back).ok();
        back.shutdown(Shutdown::Both).ok();
    });
    while count > 0 {
        server.write_all(&some[..count])?;
        count = client.read(&mut some).unwrap_or(0);
    }
    // A change that was sent stays with a system that is stopped: nobody takes it back by leaving.
    if stays { Ok(()) } else { server.shutdown(Shutdown::Both) }
}
