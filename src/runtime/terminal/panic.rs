//! What happens at a panic. In the loop: the terminal is given back, then the message is printed, and the program ends. In
//! a task or another thread: the message is kept for the loop to tell, the terminal is not touched, the deck keeps flying.

use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use tokio::sync::Notify;

/// Panics of tasks that the loop has not told yet.
static UNTOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Rings when there is one.
static BELL: Notify = Notify::const_new();
/// The thread whose end is the end of the screen.
static LOOP: OnceLock<ThreadId> = OnceLock::new();

/// Sets the hook. The calling thread is the one that runs the loop.
pub fn install() {
    LOOP.get_or_init(|| thread::current().id());
    std::panic::set_hook(Box::new(hook));
}

/// Waits for a panic of a task, and gives its message.
pub async fn next() -> String {
    loop {
        // The bell keeps one ring for whoever comes late, so none is missed between looking and waiting.
        if let Some(message) = untold().pop() {
            return message;
        }
        BELL.notified().await;
    }
}

fn untold() -> std::sync::MutexGuard<'static, Vec<String>> {
    UNTOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hook(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = format!("{} (at {place})", payload(info));
    let backtrace = std::backtrace::Backtrace::force_capture();
    let thread = thread::current();
    tracing::error!(thread = thread.name().unwrap_or("unnamed"), %message, %backtrace, "panic");
    // Tasks may run on the loop's thread; the runtime catches what they throw, and the loop goes on.
    let is_loop = LOOP.get() == Some(&thread.id()) && tokio::task::try_id().is_none();
    if is_loop {
        let last_word = format!(
            "flightdeck has a fault and had to end: {message}\n\
             What was decided is in the journal; open the profile again to go on from there."
        );
        if !super::leave_held(&last_word) {
            print(&last_word);
        }
    } else {
        if super::held().is_none() {
            print(&format!("flightdeck has a fault: {message}"));
        }
        untold().insert(0, message);
        BELL.notify_one();
    }
}

fn payload<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("a panic without words")
}

fn print(text: &str) {
    // Nobody is left to tell when even this fails.
    writeln!(std::io::stderr(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_on_the_loops_thread_that_panics_is_told_and_does_not_end_the_screen() {
        install();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let told = runtime.block_on(async {
            let ended = tokio::spawn(async { panic!("a fault of an adapter") }).await;
            assert!(ended.is_err_and(|error| error.is_panic()));
            next().await
        });
        assert!(told.contains("a fault of an adapter"), "{told}");
    }
}
