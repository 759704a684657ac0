//! A container group as it is asked for: the one that it is made like, with another image.
//!
//! What Azure tells of a group is nearly what it takes: what only it writes is left out, and what it never tells, secrets,
//! must come from elsewhere.

use serde_json::{Map, Value, json};

use super::super::say;

/// The tag that carries an act's key.
pub(super) const TAG: &str = "flightdeck";

/// A group that is to be made.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Body {
    /// As it is sent, but for its secrets.
    pub(super) document: Value,
    /// What needs a secret, by name, and where in the document it goes.
    pub(super) needs: Vec<(String, String)>,
    /// The container that gets the image.
    pub(super) container: String,
}

/// Makes it out of the group that it is like, for a group that may be there.
///
/// # Errors
/// Why it cannot be made like that.
pub(super) fn made(
    like: &Value,
    there: Option<&Value>,
    container: Option<&str>,
    image: &str,
    dns_label: Option<&str>,
    key: &str,
) -> Result<Body, String> {
    let mut document = Map::new();
    for name in ["location", "tags", "zones", "properties", "identity"] {
        if let Some(value) = like.get(name).filter(|value| !value.is_null()) {
            document.insert(name.to_owned(), value.clone());
        }
    }
    let mut document = Value::Object(document);
    if !document["tags"].is_object() {
        document["tags"] = json!({});
    }
    document["tags"][TAG] = json!(key);
    // Who it is is given by name; the ids behind the names Azure finds itself.
    if let Some(all) = document.pointer_mut("/identity/userAssignedIdentities").and_then(Value::as_object_mut) {
        for one in all.values_mut() {
            *one = json!({});
        }
    }
    if let Some(identity) = document.get_mut("identity").and_then(Value::as_object_mut) {
        identity.retain(|name, _| matches!(name.as_str(), "type" | "userAssignedIdentities"));
    }
    let Some(properties) = document.get_mut("properties").and_then(Value::as_object_mut) else {
        return Err("what it is made like is no container group".to_owned());
    };
    for name in ["provisioningState", "instanceView", "isCustomProvisioningTimeout", "provisioningTimeoutInSeconds"] {
        properties.remove(name);
    }
    address(properties, there, dns_label);
    for list in ["containers", "initContainers"] {
        for each in properties.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(own) = each.get_mut("properties").and_then(Value::as_object_mut) {
                own.remove("instanceView");
            }
        }
    }
    let names: Vec<String> = containers(&document).map(|(name, _)| name.to_owned()).collect();
    let place = match container {
        Some(wanted) => names.iter().position(|name| name == wanted),
        None if names.len() == 1 => Some(0),
        None => None,
    };
    let Some((place, container)) = place.and_then(|place| Some((place, names.get(place)?.clone()))) else {
        let there = names.iter().map(|name| say::quoted(name)).collect::<Vec<_>>().join(", ");
        return Err(format!("which of its containers gets the image is not clear: {there}; name it by `container`"));
    };
    document["properties"]["containers"][place]["properties"]["image"] = json!(image);
    let needs = needs(&document)?;
    Ok(Body { document, needs, container })
}

/// The address is Azure's to give, and a DNS name belongs to one group alone.
fn address(properties: &mut Map<String, Value>, there: Option<&Value>, dns_label: Option<&str>) {
    let Some(address) = properties.get_mut("ipAddress").and_then(Value::as_object_mut) else { return };
    for given in ["ip", "fqdn"] {
        address.remove(given);
    }
    let own = there.and_then(|there| there.pointer("/properties/ipAddress/dnsNameLabel")).and_then(Value::as_str);
    match dns_label.or(own) {
        Some(label) => address.insert("dnsNameLabel".to_owned(), json!(label)),
        None => address.remove("dnsNameLabel"),
    };
}

/// What needs a secret, and where it goes.
fn needs(document: &Value) -> Result<Vec<(String, String)>, String> {
    let mut needs = Vec::new();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |pointer: &str| document.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    for kind in ["containers", "initContainers"] {
        for (place, _) in list(&format!("/properties/{kind}")).iter().enumerate() {
            let under = format!("/properties/{kind}/{place}/properties/environmentVariables");
            for (number, variable) in list(&under).iter().enumerate() {
                let is_told = !variable["value"].is_null() || !variable["secureValueReference"].is_null();
                if !is_told {
                    needs.push((text(variable, "name"), format!("{under}/{number}/secureValue")));
                }
            }
        }
    }
    for (number, login) in list("/properties/imageRegistryCredentials").iter().enumerate() {
        if !login["username"].is_null() && login["passwordReference"].is_null() {
            let place = format!("/properties/imageRegistryCredentials/{number}/password");
            needs.push((text(login, "server"), place));
        }
    }
    for (number, volume) in list("/properties/volumes").iter().enumerate() {
        if volume["secret"].is_object() {
            let name = say::quoted(&text(volume, "name"));
            return Err(format!(
                "its volume {name} holds secrets, whose files Azure does not tell: make the group by its own template"
            ));
        }
        if volume["azureFile"].is_object() {
            let place = format!("/properties/volumes/{number}/azureFile/storageAccountKey");
            needs.push((text(volume, "name"), place));
        }
    }
    if document.pointer("/properties/diagnostics/logAnalytics").is_some_and(Value::is_object) {
        let place = "/properties/diagnostics/logAnalytics/workspaceKey";
        needs.push(("log-analytics".to_owned(), place.to_owned()));
    }
    Ok(needs)
}

/// Puts a value where a pointer leads, whose last part may not be there yet.
pub(super) fn put(document: &mut Value, pointer: &str, value: &str) {
    let Some((above, last)) = pointer.rsplit_once('/') else { return };
    if let Some(object) = document.pointer_mut(above).and_then(Value::as_object_mut) {
        object.insert(last.to_owned(), json!(value));
    }
}

/// The containers of a group, with their names.
pub(super) fn containers(group: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = group.pointer("/properties/containers").and_then(Value::as_array);
    all.into_iter().flatten().map(|each| (each["name"].as_str().unwrap_or_default(), &each["properties"]))
}

/// What will be another one: images, processors, memory, and the names of variables. Never a value.
pub(super) fn differences(there: Option<&Value>, coming: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, new) in containers(coming) {
        let old = there.and_then(|there| containers(there).find(|(each, _)| *each == name)).map(|(_, old)| old);
        let shown = say::quoted(name);
        let image = |of: &Value| say::quoted(of["image"].as_str().unwrap_or("none"));
        let asks = |of: &Value, key: &str| of["resources"]["requests"][key].as_f64();
        let before = old.map_or_else(|| "none".to_owned(), &image);
        let after = image(new);
        lines.push(if before == after {
            format!("{shown} image: {before}, the same")
        } else {
            format!("{shown} image: {before} → {after}")
        });
        for (what, key, unit) in [("CPU", "cpu", ""), ("memory", "memoryInGB", " GB")] {
            let told =
                |amount: Option<f64>| amount.map_or_else(|| "none".to_owned(), |amount| format!("{amount}{unit}"));
            let (before, after) = (told(old.and_then(|old| asks(old, key))), told(asks(new, key)));
            if before != after {
                lines.push(format!("{shown} {what}: {before} → {after}"));
            }
        }
        let names = |of: &Value| -> Vec<String> {
            let all = of["environmentVariables"].as_array().into_iter().flatten();
            all.filter_map(|one| one["name"].as_str()).map(say::quoted).collect()
        };
        let (before, after) = (old.map(&names).unwrap_or_default(), names(new));
        let added: Vec<&str> = after.iter().filter(|name| !before.contains(name)).map(String::as_str).collect();
        let gone: Vec<&str> = before.iter().filter(|name| !after.contains(name)).map(String::as_str).collect();
        if !added.is_empty() {
            lines.push(format!("{shown} variables added: {}", added.join(", ")));
        }
        if !gone.is_empty() {
            lines.push(format!("{shown} variables gone: {}", gone.join(", ")));
        }
    }
    for (name, old) in there.into_iter().flat_map(containers) {
        if !containers(coming).any(|(each, _)| each == name) {
            let image = say::quoted(old["image"].as_str().unwrap_or("none"));
            lines.push(format!("{} image: {image} → none", say::quoted(name)));
        }
    }
    lines
}
