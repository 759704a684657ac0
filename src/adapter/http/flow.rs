//! An answer that goes on coming, as a log does that is followed.

use std::pin::Pin;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout_at;

use super::exchange::{Time, Wire, told};
use super::{Answer, Failure};

/// The most of a refusal that is read.
const REFUSAL: usize = 64 * 1024;

/// What comes, and the connection that it comes on.
pub(in crate::adapter) struct Flow {
    /// Status and headers; the body is read by [`Self::next`].
    pub(in crate::adapter) answer: Answer,
    body: Incoming,
    connection: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
}

/// Sends, and waits for the head of the answer.
pub(super) async fn flow(
    wire: Box<dyn Wire>,
    request: http::Request<Full<Bytes>>,
    time: Time,
) -> Result<Flow, Failure> {
    let unanswered = |why: String, is_late| Failure::Unanswered { why, is_late };
    let asking = async {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(wire)).await.map_err(|error| unanswered(told(&error), false))?;
        // How a connection ended is told by what was read from it.
        let mut connection: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async { drop(connection.await) });
        let mut is_over = false;
        let response = {
            let mut sending = std::pin::pin!(sender.send_request(request));
            loop {
                tokio::select! {
                    biased;
                    response = &mut sending => break response.map_err(|error| unanswered(told(&error), false))?,
                    () = &mut connection, if !is_over => is_over = true,
                }
            }
        };
        let (head, body) = response.into_parts();
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body: Vec::new() };
        let mut flow = Flow { answer, body, connection, is_over };
        if !flow.answer.is_success() {
            while flow.answer.body.len() < REFUSAL
                && let Some(Ok(bytes)) = flow.next().await
            {
                flow.answer.body.extend_from_slice(&bytes);
            }
        }
        Ok(flow)
    };
    match timeout_at(time.until, asking).await {
        Ok(flow) => flow,
        Err(_late) => Err(unanswered(format!("no answer within {:?}", time.patience), true)),
    }
}

impl Flow {
    /// The next bytes; `None` at the end. It may be dropped while it waits.
    pub(in crate::adapter) async fn next(&mut self) -> Option<Result<Bytes, String>> {
        loop {
            tokio::select! {
                biased;
                frame = self.body.frame() => match frame? {
                    Err(error) => return Some(Err(told(&error))),
                    Ok(frame) => {
                        // Trailers are no part of what comes.
                        let Ok(bytes) = frame.into_data() else { continue };
                        return Some(Ok(bytes));
                    }
                },
                () = &mut self.connection, if !self.is_over => self.is_over = true,
            }
        }
    }
}
