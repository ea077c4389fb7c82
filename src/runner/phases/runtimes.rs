//! Installs the runtimes of the buildspec: the last step of DOWNLOAD_SOURCE that can fail (contract
//! §1.7).

use crate::engine::Engine;
use crate::event::{Notice, RuntimeEvent};
use crate::phase::{PhaseContext, PhaseType};
use crate::plan::layout;
use crate::runner::container::program::{Program, exports};
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::phases::command_position::CommandPosition;
use crate::runner::phases::commands::{RUN, command_failed};
use crate::runtimes::{Installation, Selection, Table, TableError, select};

/// The variable with the requested version for the commands of the label `default`.
const VERSION: &str = "VERSION";

impl<E: Engine> Live<'_, E> {
    /// Selects the runtimes of the buildspec and runs their commands. Returns the context when
    /// DOWNLOAD_SOURCE fails.
    ///
    /// Some old images required a selection; their tables do not show it, so none is required here.
    pub(in crate::runner) async fn select_runtimes(
        &mut self,
        has_table: bool,
    ) -> Result<Option<PhaseContext>, Interruption> {
        let wanted = &self.work.runtime_versions;
        match (wanted.is_empty(), has_table) {
            (true, false) => {}
            (true, true) => self.run.events.emit(RuntimeEvent::NoneSelected).await,
            (false, false) => self.run.events.emit(RuntimeEvent::Unsupported).await,
            (false, true) => return self.select_from_table(wanted).await,
        }
        Ok(None)
    }

    async fn select_from_table(
        &mut self,
        wanted: &[(String, String)],
    ) -> Result<Option<PhaseContext>, Interruption> {
        let table = match self.table().await? {
            Ok(table) => table,
            Err(error) => {
                // The text is assumed.
                let message = format!("cannot read {}: {error}", layout::RUNTIMES);
                return Ok(Some(PhaseContext::new("YAML_FILE_ERROR", message)));
            }
        };
        let mut versions = Vec::new();
        for (runtime, written) in wanted {
            let version = self.expand(written).await?;
            if version.is_empty() && !written.is_empty() {
                let message = format!("`{runtime}: {written}` expands to an empty version");
                self.run.events.emit(Notice::Hint { message }).await;
            }
            versions.push((runtime.clone(), version));
        }
        let Selection {
            choices,
            installations,
        } = select(&table, &versions);
        for choice in choices {
            self.run.events.emit(choice).await;
        }
        match installations {
            Ok(installations) => self.install(&installations).await,
            Err(error) => Ok(Some(PhaseContext::new(
                "YAML_FILE_ERROR",
                error.to_string(),
            ))),
        }
    }

    /// Reads the image's table.
    async fn table(&mut self) -> Result<Result<Table, TableError>, Interruption> {
        let text = self.print(layout::RUNTIMES).await?;
        Ok(Table::parse(&text))
    }

    /// Runs the commands of runtimes up to the first failure, and returns its context.
    ///
    /// Assumed: they run in the source directory, as root, and keep their state even in version
    /// 0.1, where each command of the buildspec has a shell of its own. `VERSION` is set only for
    /// them: a variable of the build with that name is restored afterwards.
    async fn install(
        &mut self,
        installations: &[Installation],
    ) -> Result<Option<PhaseContext>, Interruption> {
        let own = if installations.iter().any(|it| it.version.is_some()) {
            self.version_variable().await?
        } else {
            None
        };
        for installation in installations {
            if let Some(version) = &installation.version {
                self.set_version(Some(version)).await?;
            }
            for (index, command) in installation.commands.iter().enumerate() {
                let place = CommandPosition {
                    phase: PhaseType::DownloadSource,
                    is_finally: false,
                    number: index + 1,
                };
                let status = self.run_command(RUN, command, place).await?;
                if status != 0 {
                    return Ok(Some(command_failed(command, status)));
                }
            }
            if installation.version.is_some() {
                self.set_version(own.as_deref()).await?;
            }
        }
        // The buildspec's own commands begin in the source directory wherever these went.
        let directory = format!("{}\n", self.run.plan.layout.source);
        let mut program = Program::default();
        program.call("cobuild_write", &[layout::DIRECTORY_FILE, &directory]);
        self.send(program.text()).await?;
        Ok(None)
    }

    /// Returns the value of the build's own variable `VERSION`, when it has one.
    async fn version_variable(&mut self) -> Result<Option<String>, Interruption> {
        // The full stop keeps newlines at the end of the value.
        let script = format!("printf '%s' \"${{{VERSION}-}}${{{VERSION}+.}}\"");
        let value = self.evaluate(&script, "`VERSION`").await?;
        Ok(value.strip_suffix('.').map(str::to_owned))
    }

    /// Sets the variable `VERSION`, or takes it away.
    async fn set_version(&mut self, version: Option<&str>) -> Result<(), Interruption> {
        let line = version.map_or_else(
            || format!("unset {VERSION}\n"),
            |version| exports([(VERSION, version)]),
        );
        let mut program = Program::default();
        program.call("cobuild_append", &[layout::ENVIRONMENT_FILE, &line]);
        self.send(program.text()).await
    }
}
