//! Mistakes in the keys of a check of a system, each with its place and what is accepted.

use super::{PATIENT, configured};

#[test]
fn every_mistake_is_named() {
    for (kind, keys, said) in [
        (
            "argocd",
            "at = \"https://argocd.example.net\"\napplication = \"shop\"\ntoken = { env = \"T\" }",
            "project: is missing",
        ),
        (
            "argocd",
            "at = \"https://argocd.example.net\"\napplication = \"shop\"\nproject = \"p\"",
            "token: is missing: where the token is kept",
        ),
        ("argocd", "application = \"shop-{version}\"", "has `version` in braces"),
        ("github-run", "repository = \"shop\"\nrun = 1", "repository: cannot be `shop`"),
        ("github-run", "repository = \"a/b\"", "names no run and no workflow"),
        ("github-run", "repository = \"a/b\"\nrun = 1\nworkflow = \"x.yml\"", "names a run and a workflow"),
        (
            "github-run",
            "repository = \"a/b\"\nworkflow = \"x.yml\"\nbranch = \"main\"",
            "names a workflow and not which of its runs",
        ),
        (
            "github-run",
            "repository = \"a/b\"\nrun = 1\nconclusions = [\"failure\"]",
            "\"success\", \"neutral\", \"skipped\"",
        ),
        ("github-deployment", "repository = \"a/b\"\nrun = 1", "environment: is missing: the environment"),
        ("github-deployment", "repository = \"a/b\"\nenvironment = \"prod\"", "names no run and no workflow"),
        (
            "github-deployment",
            "repository = \"a/b\"\nrun = 1\nenvironment = \"prod\"\nreviewers = [\"a b\"]",
            "reviewers[1]: cannot be `a b`",
        ),
        ("image", "image = \"shop:1\"", "image: names no registry"),
        ("image", "image = \"ghcr.io/a/b\"", "names no tag and no digest"),
        ("image", "image = \"ghcr.io/a/b:1\"\ndigest = \"sha256:1\"", "digest: is not a digest"),
        ("image", "image = \"ghcr.io/a/b:1\"\nuser = \"u\"", "names one of `user` and `password` without the other"),
        ("image-signed", "image = \"ghcr.io/a/b:1\"", "does not say who must have signed it"),
        (
            "image-signed",
            "image = \"ghcr.io/a/b:1\"\nidentity = \"a@b.example\"",
            "does not say one way who must have signed it",
        ),
        ("image-signed", "image = \"ghcr.io/a/b:1\"\nkey = \"release.pub\"", "key: cannot be `release.pub`"),
        ("image-signed", "image = \"ghcr.io/a/b:1\"\nkey = \"/k\"\noptions = [\"-f\"]", "cannot be `-f`"),
        (
            "jira-issue",
            "at = \"https://a.example\"\nissue = \"R-1\"\ntoken = { env = \"T\" }",
            "asks nothing about the issue",
        ),
        ("prometheus-alerts", "at = \"http://p:9090\"\nmatch = [\"severity\"]", "`severity` has no ="),
        ("prometheus-alerts", "at = \"http://p:9090\"\nmatch = [\"service=~(\"]", "is not a regular expression"),
        ("prometheus-alerts", "at = \"http://p:9090\"\nsince = \"yesterday\"", "since: cannot be `yesterday`"),
        (
            "datadog-monitors",
            "tags = [\"a:b\"]\napi_key = { env = \"A\" }",
            "app_key: is missing: both keys are needed",
        ),
        ("datadog-monitors", "api_key = { env = \"A\" }\napp_key = { env = \"B\" }", "names no monitors"),
        ("datadog-monitors", "site = \"datadoghq.org\"", "did you mean \"datadoghq.com\"?"),
        ("pagerduty-incidents", "services = []\ntoken = { env = \"T\" }", "services: is an empty list"),
        ("kubernetes-rollout", "namespace = \"shop\"\ndeployment = \"a\"", "context: is missing"),
        ("kubernetes-pods", "context = \"c\"\nnamespace = \"shop\"", "selector: is missing"),
        ("ecs-stable", "region = \"Ireland\"\ncluster = \"c\"\nservice = \"s\"", "region: cannot be `Ireland`"),
        ("ecr-image", "image = \"ghcr.io/a/b:1\"", "is in another registry than ECR"),
        ("cloudwatch-alarms", "region = \"eu-west-1\"", "names no alarms"),
        ("cloudwatch-alarms", "region = \"eu-west-1\"\nalarms = [\"a\"]\nprefix = \"b\"", "names alarms and a prefix"),
        (
            "jira-issue",
            "at = \"https://a.example\"\nissue = \"R-1\"\nstatus = [\"Done\"]\ntokn = { env = \"T\" }",
            "did you mean `token`?",
        ),
    ] {
        let problems = configured(kind, keys, PATIENT).err().unwrap_or_else(|| panic!("{kind} takes {keys}"));
        assert!(problems.contains(said), "{kind}\n{keys}\n{problems}");
    }
}
