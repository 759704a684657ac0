//! The operator's key, and the keys of the others: signs and checks for the flight, where the profile names keys (F3).

use std::path::Path;
use std::sync::Arc;

use super::clock;
use crate::adapter::signer::{Progress, Signer, Tools, find_signer, verify_with_ssh_keygen};
use crate::domain::{self, CockpitId, Operator, SessionId, Signed};
use crate::flight::{SignedAct, ToCheck, ToSign};
use crate::signature::{Act, AllowedSigners, Claim, Expected, Head, Statement, check_statement};

/// What signing and checking need in one session.
pub struct Keys {
    tools: Tools,
    allowed: AllowedSigners,
    signer: Option<Box<dyn Signer>>,
    session: SessionId,
    service: String,
    environment: String,
    cockpit: CockpitId,
    operator: Operator,
}

/// Whose keys they are, and where.
#[derive(Clone, Debug)]
pub struct Whose {
    /// The session.
    pub session: SessionId,
    /// Its service.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// This cockpit.
    pub cockpit: CockpitId,
    /// Its operator.
    pub operator: Operator,
}

impl Keys {
    /// Finds the operator's key among those that the list allows, without asking a person anything. Without one, others'
    /// signatures can be checked and nothing signed; why is given back.
    pub async fn find(allowed: AllowedSigners, key: Option<&Path>, whose: Whose) -> (Self, Option<String>) {
        let tools = Tools::from_environment();
        let Whose { session, service, environment, cockpit, operator } = whose;
        let found = find_signer(&tools, key, &allowed, operator.as_str(), clock::now().wall).await;
        let (signer, why) = match found {
            Ok(Some(signer)) => (Some(Box::new(signer) as Box<dyn Signer>), None),
            Ok(None) => (None, Some(format!("your agent holds no key that the profile lists for {operator}"))),
            Err(trouble) => (None, Some(trouble.to_string())),
        };
        (Self { tools, allowed, signer, session, service, environment, cockpit, operator }, why)
    }

    /// The operator's own key, where one was found.
    pub fn own(&self) -> Option<domain::Signer> {
        let described = self.signer.as_ref()?.describe();
        Some(domain::Signer { principal: described.principal.clone(), fingerprint: described.fingerprint.clone() })
    }

    /// Signs a statement; `touch` is called when the key waits for a touch.
    ///
    /// # Errors
    /// Why there is no signature, for people.
    pub async fn sign(&self, to_sign: &ToSign, touch: impl Fn() + Send + Sync + 'static) -> Result<Signed, String> {
        let Some(signer) = &self.signer else {
            return Err(format!(
                "no key of {} was found at opening; load it with ssh-add, or name it with --key, and open again",
                self.operator
            ));
        };
        let (number, hash) = to_sign.head;
        let claim = Claim {
            act: act(to_sign.act),
            session: self.session,
            service: self.service.clone(),
            environment: self.environment.clone(),
            head: Head { number, hash },
            about: to_sign.digest,
            what: to_sign.what.clone(),
            cockpit: self.cockpit,
            operator: self.operator.clone(),
            at: to_sign.at,
            valid_until: to_sign.until,
        };
        let statement = Statement::new(claim).map_err(|bad| bad.to_string())?;
        let bytes = statement.bytes();
        let progressed = move |progress| match progress {
            Progress::Touch => touch(),
        };
        let signature = signer.sign(&bytes, &progressed).await.map_err(|trouble| trouble.to_string())?;
        let statement = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        Ok(Signed { statement, signature })
    }

    /// Checks a signature: whose it is, and whether it speaks of this place in the journal.
    ///
    /// # Errors
    /// Why it does not count, for people.
    pub async fn check(&self, to_check: &ToCheck) -> Result<domain::Signer, String> {
        let place = Deployment { session: self.session, service: &self.service, environment: &self.environment };
        check(&self.tools, &self.allowed, &place, to_check).await
    }
}

/// The deployment that a signature must speak of.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// The session.
    pub session: SessionId,
    /// Its service.
    pub service: &'a str,
    /// Its environment.
    pub environment: &'a str,
}

/// Checks a signature against a list of keys: whose it is, and whether it speaks of its place in the journal. As it comes
/// and years later alike.
///
/// # Errors
/// Why it does not count, for people.
pub async fn check(
    tools: &Tools,
    allowed: &AllowedSigners,
    deployment: &Deployment<'_>,
    to_check: &ToCheck,
) -> Result<domain::Signer, String> {
    let ToCheck { signed, by, at, .. } = to_check;
    let bytes = signed.statement.as_bytes();
    // Only the arithmetic of a few keys needs `ssh-keygen`.
    let signer = verify_with_ssh_keygen(tools, &signed.signature, bytes, allowed, by.as_str(), *at)
        .await
        .map_err(|not| not.to_string())?;
    let claimed = Statement::parse(bytes).map_err(|bad| bad.to_string())?.claim().head.number;
    let hash_at_head = to_check.heads.iter().find(|(number, _)| *number == claimed).map(|(_, hash)| *hash);
    let expected = Expected {
        act: act(to_check.act),
        session: deployment.session,
        service: deployment.service,
        environment: deployment.environment,
        about: to_check.digest,
        since: to_check.since,
        cockpit: to_check.cockpit,
        operator: by,
        number: to_check.entry,
        at: *at,
        hash_at_head,
        used_in: to_check.used_in,
    };
    check_statement(bytes, &signer, &expected).map_err(|misfit| misfit.to_string())?;
    Ok(domain::Signer { principal: signer.principal, fingerprint: signer.fingerprint })
}

/// The word that a statement has for an act. A rollback is one's own confirmation, given late.
pub fn act(act: SignedAct) -> Act {
    match act {
        SignedAct::Confirm | SignedAct::Rollback => Act::Confirm,
        SignedAct::Give | SignedAct::Approval => Act::Approve,
        SignedAct::Run => Act::Run,
        SignedAct::Alone => Act::BreakGlass,
    }
}

/// Shared keys, or none where the profile names none.
pub type SharedKeys = Option<Arc<Keys>>;
