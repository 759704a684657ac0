//! Weights that live in memory only: what is left to do once the session is over.

use super::Flight;

impl Flight {
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
