//! The directories of the build container (contract §4.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The directory of the agent: the first working directory, and the home of an inline buildspec.
pub const READONLY: &str = "/codebuild/readonly";

/// An inline buildspec.
pub const INLINE_BUILDSPEC: &str = "/codebuild/readonly/buildspec.yml";

/// The generated script and the state between commands.
pub const SCRIPT_DIRECTORY: &str = "/codebuild/output/tmp";

/// The variables for the next command.
pub const ENVIRONMENT_FILE: &str = "/codebuild/output/tmp/env.sh";

/// The working directory of the next command.
pub const DIRECTORY_FILE: &str = "/codebuild/output/tmp/dir.txt";

/// Commands that CodeBuild adds to every build; the last entry of `PATH`.
pub const USER_BIN: &str = "/codebuild/user/bin";

/// The shared functions of the commands in [`USER_BIN`].
pub const USER_LIBRARY: &str = "/codebuild/user/programs.sh";

/// The certificates that the build trusts besides those of the image.
pub const CERTIFICATES: &str = "/codebuild/user/certificates.pem";

/// The files of a debugging session.
pub const DEBUG_DIRECTORY: &str = "/codebuild/user/debug";

/// Opens a shell with the build's variables, in its directory.
pub const DEBUG_SHELL: &str = "/codebuild/user/debug/shell";

/// What that shell reads first.
pub const DEBUG_PROFILE: &str = "/codebuild/user/debug/profile";

/// Exists after `codebuild-resume` was called.
pub const RESUME_FILE: &str = "/codebuild/user/debug/resume";

/// The directories of local custom caches.
pub const CUSTOM_CACHE: &str = "/codebuild/local-cache/custom";

/// The image's own table of runtimes.
pub const RUNTIMES: &str = "/codebuild/image/config/runtimes.yml";

/// The source directories of one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// `CODEBUILD_GOPATH`: the root of the primary source's tree, `/codebuild/output/src<N>`.
    pub root: String,
    /// `CODEBUILD_SRC_DIR`.
    pub source: String,
    /// Identifier and `CODEBUILD_SRC_DIR_<identifier>` of each secondary source.
    pub secondary: Vec<(String, String)>,
}

impl Layout {
    /// Lays out the sources: `numbers` are the build's random directory numbers, one per source;
    /// `below` is the path of the primary source below `src`, empty for a plain source; `secondary`
    /// are the identifiers of the others with their paths below their own `src`.
    pub fn new(
        mut numbers: impl Iterator<Item = u32>,
        below: &str,
        secondary: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut root = || format!("/codebuild/output/src{}", numbers.next().unwrap_or(0));
        let primary = root();
        Self {
            source: below_src(&primary, below),
            root: primary,
            secondary: secondary
                .into_iter()
                .map(|(identifier, below)| (identifier, below_src(&root(), &below)))
                .collect(),
        }
    }

    /// Lays out the inputs of a pipeline: a single one is a plain source, several lie side by side,
    /// the primary first.
    pub fn of_pipeline(number: u32, secondary: Vec<String>) -> Self {
        if secondary.is_empty() {
            return Self::new(std::iter::once(number), "", []);
        }
        let root = format!("/codebuild/output/src{number}");
        let input = |index: usize| format!("{root}/src/s3/{index:02}");
        Self {
            source: input(0),
            secondary: secondary
                .into_iter()
                .enumerate()
                .map(|(index, identifier)| (identifier, input(index + 1)))
                .collect(),
            root,
        }
    }
}

fn below_src(root: &str, below: &str) -> String {
    if below.is_empty() {
        format!("{root}/src")
    } else {
        format!("{root}/src/{below}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_inputs_of_a_pipeline_lie_side_by_side() {
        let layout = Layout::of_pipeline(7, vec!["Lib".into(), "Docs".into()]);
        assert_eq!(layout.source, "/codebuild/output/src7/src/s3/00");
        assert_eq!(
            layout.secondary,
            [
                ("Lib".into(), "/codebuild/output/src7/src/s3/01".into()),
                ("Docs".into(), "/codebuild/output/src7/src/s3/02".into()),
            ]
        );
        let layout = Layout::of_pipeline(7, Vec::new());
        assert_eq!(layout.source, "/codebuild/output/src7/src");
    }
}
