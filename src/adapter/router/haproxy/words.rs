//! HAProxy's refusals, and what to do about them.

/// What to do about a refusal, by HAProxy's own words.
pub(super) fn advice(words: &str) -> &'static str {
    /// A part of HAProxy's words, and the advice.
    const KNOWN: [(&str, &str); 13] = [
        (
            "permission denied",
            "the socket's level is not admin: write `level admin` on its `stats socket` line and reload, or use one that has it",
        ),
        (
            "static lb algorithm",
            "its weights cannot be changed at run time: write `balance roundrobin` (or `hash-type consistent`) into the \
             backend and reload",
        ),
        ("no such backend", "the backend is gone from the configuration: check the pools' mapping in the profile"),
        ("no such proxy", "the proxy is gone from the configuration: check the pools' mapping in the profile"),
        ("can't find backend", "the backend is gone from the configuration: check the pools' mapping in the profile"),
        ("no such server", "the server is gone from the configuration: read the router again and propose anew"),
        ("absolute weight can only", "weights go from 0 to 256"),
        ("entry not found", "the map has no such key: add it to the map's file and reload, or correct `key`"),
        ("unknown map identifier", "no such map is loaded: check `map` in the profile"),
        ("can't find the target", "the master has no such worker any more: look again, and into HAProxy's log"),
        (
            "unknown command",
            "this is another version or another socket (the master's?): give a worker's `stats socket`",
        ),
        ("require", "the command was not understood: report this as a defect of flightdeck"),
        ("weight string", "the command was not understood: report this as a defect of flightdeck"),
    ];
    let words = words.to_lowercase();
    KNOWN
        .iter()
        .find(|(part, _)| words.contains(part))
        .map_or("read the router again, and look into HAProxy's log", |(_, advice)| advice)
}

/// Puts a name from the profile into a command: the Runtime API splits words at spaces and commands at `;`.
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, ' ' | ';' | '\\') {
            out.push('\\');
        }
        // A line break would end the line and start another command; no name of HAProxy's has a control character.
        out.push(if c.is_control() { '?' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_a_command_and_start_another() {
        assert_eq!(escaped("app;disable server x"), "app\\;disable\\ server\\ x");
        assert_eq!(escaped("a\nshut down"), "a?shut\\ down");
        assert_eq!(escaped("/etc/haproxy/green.map"), "/etc/haproxy/green.map");
    }

    #[test]
    fn each_refusal_has_its_advice() {
        for (words, part) in [
            ("Permission denied", "level admin"),
            ("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.", "balance roundrobin"),
            ("No such server.", "propose anew"),
            ("entry not found.", "key"),
            ("something new", "log"),
        ] {
            assert!(advice(words).contains(part), "{words}: {}", advice(words));
        }
    }
}
