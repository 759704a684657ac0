//! Keys: a signature is a name for what was signed, and checking one compares every field.

use super::*;

/// What was signed, by which key.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    pub act: SignedAct,
    pub digest: Digest,
    pub head: (u64, Digest),
    pub at: Timestamp,
    pub until: Timestamp,
    pub cockpit: CockpitId,
    pub key: Signer,
}

impl World {
    pub fn sign(&mut self, at: usize, wanted: &ToSign) {
        let operator = self.cockpits[at].flight.me.operator.clone();
        let delay = 20 + self.random.below(250);
        let mut statement = Statement {
            act: wanted.act,
            digest: wanted.digest,
            head: wanted.head,
            at: wanted.at,
            until: wanted.until,
            cockpit: self.cockpits[at].flight.me.cockpit,
            key: scene::key_of(&operator),
        };
        if self.random.chance(4) {
            let result = Err("nobody touched the key".to_owned());
            return self.answer(at, delay, Msg::Signed { request: wanted.request, result });
        }
        if self.random.chance(8) {
            self.seen.mark("forged signature");
            match self.random.below(3) {
                0 => "SHA256:nobody".clone_into(&mut statement.key.fingerprint),
                1 => statement.digest = Digest([66; 32]),
                _ => statement.act = SignedAct::Confirm,
            }
        }
        let name = format!("statement {}", self.ledger.statements.len());
        self.ledger.statements.insert(name.clone(), statement);
        let signed = Signed { statement: name, signature: String::new() };
        self.answer(at, delay, Msg::Signed { request: wanted.request, result: Ok(signed) });
    }

    pub fn check_signature(&mut self, at: usize, asked: &ToCheck) {
        let result = self.verify(asked);
        let delay = self.random.below(60);
        self.answer(at, delay, Msg::SignatureChecked { entry: asked.entry, result });
    }

    fn verify(&self, asked: &ToCheck) -> Result<Signer, String> {
        let Some(statement) = self.ledger.statements.get(&asked.signed.statement) else {
            return Err("no such signature".to_owned());
        };
        let key = scene::key_of(&asked.by);
        let fits = statement.act == asked.act
            && statement.digest == asked.digest
            && statement.cockpit == asked.cockpit
            && statement.key == key
            && (statement.head.0 == 0 || asked.heads.contains(&statement.head));
        if fits { Ok(key) } else { Err("it is about something else, or by somebody else".to_owned()) }
    }

    /// Whether a kept confirmation was truly signed by who gave it.
    pub fn truly_signed(&self, signed: Option<&Signed>, by: &Operator, act: SignedAct, digest: Digest) -> bool {
        signed.and_then(|signed| self.ledger.statements.get(&signed.statement)).is_some_and(|statement| {
            statement.act == act && statement.digest == digest && statement.key == scene::key_of(by)
        })
    }
}
