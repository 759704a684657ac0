//! An actuator that answers JSON.

use std::path::Path;

use serde_json::json;

use super::{Fake, Gives, World};
use crate::support::web::{Asked, Said};

/// A system that answers JSON with its own time.
pub struct Json;

impl Fake for Json {
    const NAME: &'static str = "http";
    const REMEMBERS: bool = false;
    const QUERY: &'static str = "/actuator/metrics/pool.active?tag=pool:blue#/measurements/0/value";

    fn keys(at: &str, secret: &Path) -> String {
        format!("at = \"{at}\"\ntime = \"/at\"\nuser = \"ops\"\npassword = {{ file = \"{}\" }}", secret.display())
    }

    fn answer(world: &mut World, asked: &Asked) -> Said {
        use base64::Engine as _;

        let shown = base64::engine::general_purpose::STANDARD.encode(format!("ops:{}", world.secret));
        if asked.header("authorization") != format!("Basic {shown}") {
            return Said::text(401, "Unauthorized");
        }
        if let Gives::Said(said) = &world.gives {
            return said.clone();
        }
        if asked.path != "/actuator/metrics/pool.active?tag=pool:blue" {
            return Said::text(404, "no such metric");
        }
        let value = match world.gives {
            Gives::Value(value) => json!(value.to_string()),
            Gives::NotANumber => json!("NaN"),
            Gives::Several => json!([1, 2]),
            Gives::Nothing | Gives::Said(_) => json!(null),
        };
        Said::json(200, &json!({ "at": world.at, "measurements": [{ "statistic": "VALUE", "value": value }] }))
    }
}
