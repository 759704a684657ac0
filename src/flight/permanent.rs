//! Weights that live in memory only: what is left to do once the session is over.

use super::Flight;

impl Flight {
    /// What is left to do once the session is over, a sentence each: acts of a way back, routers that were left out, and
    /// weights that live in memory only.
    pub fn left_to_do(&self) -> Vec<String> {
        let out = self.session.excluded.iter().map(|(router, why)| {
            let has = self.watches.get(router).and_then(|watch| watch.shares());
            let has = has.map_or_else(|| "what it has is not known".to_owned(), |shares| format!("it had {shares}"));
            format!("{router} was left out of the plan by {}: {}; {has}", why.by, why.what)
        });
        let acts = self.session.unwinding_left(&self.procedure);
        acts.into_iter().chain(out).chain(self.to_make_permanent()).collect()
    }

    /// One sentence for each router whose weights are lost with its process: what they are, and where to make them
    /// permanent.
    pub fn to_make_permanent(&self) -> Vec<String> {
        let each = self.procedure.routers.iter().filter_map(|router| {
            let how = router.capabilities.make_permanent.as_deref()?;
            let shares = self.watches.get(&router.id).and_then(|watch| watch.shares());
            let has = shares.map_or_else(|| "its weights".to_owned(), ToString::to_string);
            Some(format!("{}: {has} live in memory only; {how}", router.id))
        });
        each.collect()
    }
}
