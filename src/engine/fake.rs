//! A scripted engine for the tests of the run loop: it speaks the driver protocol, records
//! requests, and runs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream};
use tokio::sync::mpsc;

use super::{
    Attachment, ByteStream, ContainerId, ContainerSpec, CreatedContainer, Engine, EngineDetails,
    EngineError, EngineFacts, ImageFacts, ImportSpec, LayerState, ListedContainer, ListedObject,
    ListedVolume, Operation, Process, ProcessOutput, PullRequest, PullStep, PullStream, Terminal,
    TerminalId, TerminalSize, TerminalSpec, UploadStream,
};

/// What a scripted command does.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Prints this and ends with this status.
    Ends(&'static str, i32),
    /// Prints and ends like this in its first run, its second and so on; the last goes on for ever.
    EndsInTurn(Vec<(&'static str, i32)>),
    /// Runs until it gets a signal.
    Hangs,
    /// Runs whatever it gets.
    Ignores,
    /// Takes the container with it.
    Dies,
    /// Makes the engine fail.
    Breaks,
}

/// The engine; clones share everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeEngine {
    reactions: BTreeMap<String, Reaction>,
    /// The image's table of runtimes, when it has one.
    runtimes: Option<&'static str>,
    log: Arc<Mutex<Vec<String>>>,
    /// The answer to the start of a container, when it is a refusal.
    refusals: Arc<Mutex<Vec<&'static str>>>,
    /// What the engine says of a container that it creates.
    warnings: Vec<String>,
    out_of_memory: bool,
    /// Name and platform of what is local.
    images: Arc<Mutex<Vec<(String, String)>>>,
    /// What becomes of the next pulls: `None` is well, else why not.
    pulls: Arc<Mutex<Vec<Option<&'static str>>>>,
    /// Its processor; without one, every image is local but `absent`.
    architecture: Option<&'static str>,
}

impl FakeEngine {
    /// An engine whose commands succeed silently, but for these.
    pub(crate) fn new(reactions: &[(&str, Reaction)]) -> Self {
        Self {
            reactions: reactions
                .iter()
                .map(|(text, reaction)| ((*text).to_owned(), reaction.clone()))
                .collect(),
            ..Self::default()
        }
    }

    /// Gives the image a table of runtimes.
    pub(crate) fn with_runtimes(mut self, table: &'static str) -> Self {
        self.runtimes = Some(table);
        self
    }

    /// Refuses the next starts for these reasons.
    pub(crate) fn refusing(self, reasons: &[&'static str]) -> Self {
        self.refusals.lock().unwrap().extend(reasons.iter().rev());
        self
    }

    /// Says this of a container that it creates.
    pub(crate) fn warning(mut self, text: &str) -> Self {
        self.warnings.push(text.to_owned());
        self
    }

    /// Ends containers for lack of memory.
    pub(crate) fn out_of_memory(mut self) -> Self {
        self.out_of_memory = true;
        self
    }

    /// Has these images, by name and platform, and runs on this processor.
    pub(crate) fn with_images(self, architecture: &'static str, images: &[(&str, &str)]) -> Self {
        let owned = |(name, platform): &(&str, &str)| ((*name).to_owned(), (*platform).to_owned());
        self.images.lock().unwrap().extend(images.iter().map(owned));
        Self {
            architecture: Some(architecture),
            ..self
        }
    }

    /// Answers the next pulls like this.
    pub(crate) fn pulling(self, answers: &[Option<&'static str>]) -> Self {
        self.pulls.lock().unwrap().extend(answers.iter().rev());
        self
    }

    /// Everything the engine was asked for, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn record(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    /// Records the run of a command and returns how often it ran before.
    fn record_run(&self, command: &str) -> usize {
        let what = format!("run {command}");
        let mut log = self.log.lock().unwrap();
        let before = log.iter().filter(|asked| **asked == what).count();
        log.push(what);
        before
    }
}

impl Engine for FakeEngine {
    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        Ok(EngineFacts {
            has_init: true,
            architecture: self.architecture.unwrap_or_default().to_owned(),
            ..EngineFacts::default()
        })
    }

    async fn inspect_image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        if self.architecture.is_none() {
            return Ok((image != "absent").then(ImageFacts::default));
        }
        self.record(format!("inspect {image}"));
        let images = self.images.lock().unwrap();
        let found = images.iter().rev().find(|(name, _)| name == image);
        Ok(found.map(|(_, platform)| {
            let (system, architecture) = platform.split_once('/').unwrap_or_default();
            ImageFacts {
                system: system.to_owned(),
                architecture: architecture.to_owned(),
                ..ImageFacts::default()
            }
        }))
    }

    fn pull_image(&self, request: &PullRequest) -> PullStream {
        let platform = request.platform.as_deref().unwrap_or("any");
        let who = request
            .credential
            .as_ref()
            .and_then(|credential| credential.username.clone());
        let who = who.map(|user| format!(" as {user}")).unwrap_or_default();
        if self.architecture.is_some() {
            self.record(format!("pull {} for {platform}{who}", request.image));
        }
        let reason = self.pulls.lock().unwrap().pop();
        let reason = reason.unwrap_or(Some("no such image"));
        let step = match reason {
            None => {
                let mut images = self.images.lock().unwrap();
                images.push((request.image.clone(), platform.to_owned()));
                Ok(PullStep {
                    layer: "layer".to_owned(),
                    state: LayerState::Complete,
                })
            }
            Some(reason) => Err(EngineError {
                operation: Operation::PullImage(request.image.clone()),
                status: None,
                source: reason.into(),
            }),
        };
        futures_util::stream::iter([step]).boxed()
    }

    async fn details(&self) -> Result<EngineDetails, EngineError> {
        Ok(EngineDetails::default())
    }

    async fn import_image(&self, _spec: &ImportSpec, _tar: Bytes) -> Result<(), EngineError> {
        Ok(())
    }

    async fn list_images(&self, _label: Option<&str>) -> Result<Vec<ListedObject>, EngineError> {
        let images = self.images.lock().unwrap();
        let listed = images.iter().map(|(name, _)| ListedObject {
            name: name.clone(),
            ..ListedObject::default()
        });
        Ok(listed.collect())
    }

    async fn remove_image(&self, _name: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn list_networks(&self, _label: &str) -> Result<Vec<ListedObject>, EngineError> {
        Ok(Vec::new())
    }

    async fn remove_network(&self, _name: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn create_container(
        &self,
        spec: &ContainerSpec,
    ) -> Result<CreatedContainer, EngineError> {
        self.record(format!("create init={}", spec.init));
        Ok(CreatedContainer {
            id: ContainerId("0123456789abcdef".to_owned()),
            warnings: self.warnings.clone(),
        })
    }

    async fn attach(&self, _container: &ContainerId) -> Result<Attachment, EngineError> {
        let (input, theirs) = tokio::io::duplex(64 * 1024);
        let (sender, mut output) = mpsc::unbounded_channel();
        tokio::spawn(serve(self.clone(), theirs, sender));
        let output = futures_util::stream::poll_fn(move |context| output.poll_recv(context));
        Ok(Attachment {
            input: Box::pin(input),
            output: output.boxed(),
        })
    }

    /// The image has no programs.
    async fn spawn(
        &self,
        _container: &ContainerId,
        command: &[&str],
    ) -> Result<Process, EngineError> {
        self.record(format!("spawn {}", command.join(" ")));
        Ok(Process {
            input: Box::pin(tokio::io::sink()),
            output: futures_util::stream::iter([Ok(ProcessOutput::Ended(127))]).boxed(),
            patience: Duration::MAX,
        })
    }

    async fn open_terminal(
        &self,
        _container: &ContainerId,
        _spec: &TerminalSpec,
    ) -> Result<Terminal, EngineError> {
        Err(EngineError {
            operation: Operation::OpenTerminal,
            status: None,
            source: "there is none".into(),
        })
    }

    async fn resize_terminal(
        &self,
        _terminal: &TerminalId,
        _size: TerminalSize,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    async fn start_container(&self, _container: &ContainerId) -> Result<(), EngineError> {
        match self.refusals.lock().unwrap().pop() {
            None => Ok(()),
            Some(reason) => Err(EngineError {
                operation: Operation::StartContainer,
                status: Some(500),
                source: reason.into(),
            }),
        }
    }

    async fn wait_removed(&self, _container: &ContainerId) -> Result<(), EngineError> {
        self.record("removed");
        Ok(())
    }

    async fn ran_out_of_memory(&self, _container: &ContainerId) -> Result<bool, EngineError> {
        Ok(self.out_of_memory)
    }

    async fn is_alive(&self, _container: &ContainerId) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn remove_container(&self, _container: &ContainerId) -> Result<(), EngineError> {
        self.record("kill");
        Ok(())
    }

    async fn list_containers(
        &self,
        _label: &str,
        _state: Option<&str>,
    ) -> Result<Vec<ListedContainer>, EngineError> {
        Ok(Vec::new())
    }

    async fn rename_container(
        &self,
        _container: &ContainerId,
        _name: &str,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    async fn list_volumes(&self, _label: &str) -> Result<Vec<ListedVolume>, EngineError> {
        Ok(Vec::new())
    }

    async fn inspect_volume(&self, _name: &str) -> Result<Option<ListedVolume>, EngineError> {
        Ok(None)
    }

    async fn volume_users(&self, _name: &str) -> Result<Vec<ContainerId>, EngineError> {
        Ok(Vec::new())
    }

    async fn nameless_volumes(&self, _container: &ContainerId) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    async fn remove_volume(&self, _name: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn upload(
        &self,
        _container: &ContainerId,
        _directory: &str,
        mut tar: UploadStream,
    ) -> Result<(), EngineError> {
        while let Some(chunk) = tar.next().await {
            chunk.unwrap();
        }
        self.record("upload");
        Ok(())
    }

    fn download(&self, _container: &ContainerId, path: &str) -> ByteStream {
        let error = EngineError {
            operation: Operation::Download(path.to_owned()),
            status: Some(404),
            source: "no such path".into(),
        };
        futures_util::stream::iter([Err(error)]).boxed()
    }
}

/// Plays the container: reads the driver's program and answers its calls.
async fn serve(
    engine: FakeEngine,
    input: DuplexStream,
    output: mpsc::UnboundedSender<Result<Bytes, EngineError>>,
) {
    let mut lines = BufReader::new(input).lines();
    let token = lines.next_line().await.unwrap().unwrap_or_default();
    let say = |text: &str| {
        let _ = output.send(Ok(Bytes::copy_from_slice(text.as_bytes())));
    };
    let fence = |word: &str| say(&format!("\x1e{token} {word}\x1e"));
    let mut statement = String::new();
    let mut hanging = false;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(signal) = line.strip_prefix(&format!("{token} ")) {
            engine.record(format!("signal {signal}"));
            if std::mem::take(&mut hanging) {
                fence("143");
            }
            continue;
        }
        if statement.is_empty() && line.starts_with('#') {
            continue;
        }
        statement.push_str(&line);
        statement.push('\n');
        let Some(words) = words(&statement) else {
            continue;
        };
        statement.clear();
        match words.first().map(String::as_str) {
            Some("cobuild_run" | "cobuild_run_alone") => {
                let runs = engine.record_run(&words[1]);
                match engine.reactions.get(&words[1]) {
                    None => fence("0"),
                    Some(Reaction::Ends(printed, status)) => {
                        say(printed);
                        fence(&status.to_string());
                    }
                    Some(Reaction::EndsInTurn(turns)) => {
                        let (printed, status) = turns[runs.min(turns.len() - 1)];
                        say(printed);
                        fence(&status.to_string());
                    }
                    Some(Reaction::Hangs) => hanging = true,
                    Some(Reaction::Ignores) => {}
                    Some(Reaction::Dies) => return,
                    Some(Reaction::Breaks) => {
                        let _ = output.send(Err(EngineError {
                            operation: Operation::ReadOutput,
                            status: Some(500),
                            source: "broken".into(),
                        }));
                    }
                }
            }
            Some("cobuild_append") => engine.record(format!("tell {}", words[2].trim_end())),
            Some("cobuild_evaluate") => {
                fence("begin");
                say(".");
                fence("0");
            }
            Some("cobuild_count") => fence("4"),
            Some("cobuild_greet") => fence(""),
            // The image has every program, and a daemon that never answers.
            Some("cobuild_find") => fence("/usr/bin/program"),
            Some("cobuild_daemon_state") => fence("waiting"),
            Some("cobuild_fence_if_there") => fence(match engine.runtimes {
                Some(_) => "there",
                None => "absent",
            }),
            Some("cobuild_print") => {
                fence("begin");
                say(engine.runtimes.unwrap_or_default());
                fence("0");
            }
            _ => {}
        }
    }
}

/// The words of a statement, `None` while a quote is open.
fn words(statement: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut chars = statement.chars();
    while let Some(c) = chars.next() {
        let word = words.last_mut()?;
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => word.extend(chars.next()),
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => word.push(c),
        }
    }
    (!quoted).then_some(words)
}
