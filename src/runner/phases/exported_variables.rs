//! Reads the exported variables (contract §1.4).

use crate::engine::Engine;
use crate::event::{BuildEvent, ExportedVariable};
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;

impl<E: Engine> Live<'_, E> {
    /// Reads the exported variables after POST_BUILD. Unset variables (assumed) and values that are
    /// not UTF-8 are left out.
    pub(in crate::runner) async fn export_variables(&mut self) -> Result<(), Interruption> {
        let names = self.exported.clone();
        if names.is_empty() {
            return Ok(());
        }
        let mut variables = Vec::with_capacity(names.len());
        for name in &names {
            // The letter keeps line ends at the end of the value, and tells empty from unset.
            let script = format!("if [ -n \"${{{name}+x}}\" ]; then printf %sx \"${name}\"; fi");
            let what = format!("the exported variable `{name}`");
            let printed = self.evaluate_bytes(&script, &what).await?;
            if let Some(value) = printed.strip_suffix(b"x") {
                let value = String::from_utf8_lossy(value).into_owned();
                let name = name.clone();
                variables.push(ExportedVariable { name, value });
            }
        }
        self.run
            .events
            .emit(BuildEvent::VariablesExported { variables })
            .await;
        Ok(())
    }
}
