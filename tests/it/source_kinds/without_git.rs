//! Sources from S3 and of pipelines come without `.git` (trap 25).

use super::Repository;
use crate::env::TestEnv;

#[test]
fn git_stays_out_of_archives() {
    let ask =
        "ls -A $CODEBUILD_SRC_DIR_lib; ls -A; git rev-parse HEAD 2>/dev/null || echo no commit";
    for kind in ["s3", "codepipeline"] {
        for more in [&[][..], &["--source-version", "main"]] {
            for transfer in ["copy-on-write", "tar"] {
                let env = TestEnv::new()
                    .build_command(ask)
                    .args(&["--as", kind, "--source-transfer", transfer])
                    .args(&["-s", "source", "-s", "lib:lib"])
                    .args(more);
                Repository::of(&env);
                Repository::new(env.path("lib")).commit("lib");
                let run = env.run();
                run.assert_succeeded();
                // Other kinds are the primary source's alone.
                let lib = if kind == "s3" {
                    ".git\ntext\n"
                } else {
                    "text\n"
                };
                assert_eq!(
                    run.output_of(ask),
                    format!("{lib}buildspec.yml\ntext\nno commit\n"),
                    "{kind} {transfer} {more:?}"
                );
                assert!(env.source().join(".git").exists());
            }
        }
    }
}
