//! The name of an image: registry, repository, and a tag or a digest.

/// The name of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    host: String,
    repository: String,
    /// A tag, or a digest with its algorithm.
    version: String,
}

impl Reference {
    /// Reads `registry.example.net/team/shop:2.5.0` or `…@sha256:…`. A name without a registry is nobody's: it is refused.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (host, rest) = text.split_once('/').ok_or("names no registry")?;
        // As container tools tell a registry from the first part of a name.
        if !(host.contains('.') || host.contains(':') || host == "localhost") {
            return Err("names no registry".to_owned());
        }
        let (name, digest) = match rest.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (rest, None),
        };
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (name, None),
        };
        let version = digest.or(tag).filter(|version| !version.is_empty()).ok_or("names no tag and no digest")?;
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c))
        };
        if !repository.split('/').all(is_part) {
            return Err("has a repository that is not lower-case letters, digits, -, . and _".to_owned());
        }
        if version.contains('/') || digest.is_none() && version.contains(':') {
            return Err("has a tag that is none".to_owned());
        }
        let (host, repository) = match (host, repository.contains('/')) {
            // The public registry of Docker has another address than name, and a folder for names without one.
            ("docker.io" | "index.docker.io", true) => ("registry-1.docker.io", repository.to_owned()),
            ("docker.io" | "index.docker.io", false) => ("registry-1.docker.io", format!("library/{repository}")),
            _ => (host, repository.to_owned()),
        };
        Ok(Self { host: host.to_owned(), repository, version: version.to_owned() })
    }

    /// The registry's host, with its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, or the digest with its algorithm.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The path of its manifest.
    pub fn path(&self) -> String {
        format!("/v2/{}/manifests/{}", self.repository, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn whole_names_are_read() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (text, host, path) in [
            (
                "registry.example.net/team/shop:2.5.0",
                "registry.example.net",
                "/v2/team/shop/manifests/2.5.0".to_owned(),
            ),
            ("localhost:5000/shop:1", "localhost:5000", "/v2/shop/manifests/1".to_owned()),
            ("docker.io/nginx:1.27", "registry-1.docker.io", "/v2/library/nginx/manifests/1.27".to_owned()),
            (&format!("ghcr.io/a/b:1@{digest}"), "ghcr.io", format!("/v2/a/b/manifests/{digest}")),
        ] {
            let read = Reference::parse(text).unwrap_or_else(|why| unreachable!("{text}: {why}"));
            assert_eq!((read.host(), read.path()), (host, path));
        }
    }

    #[test]
    fn parts_of_names_are_refused() {
        for bad in [
            "shop:1",
            "team/shop:1",
            "ghcr.io/shop",
            "ghcr.io/Shop:1",
            "ghcr.io/a//b:1",
            "ghcr.io/shop:",
            "ghcr.io/../b:1:2",
        ] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
    }
}
