//! What is carried to the next command beyond plain values, and what is not.

use super::{build, in_every_shell, last_output};
use crate::engine;
use crate::env::TestEnv;

#[test]
fn large_values_empty_ones_and_equals_signs_are_carried() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "BIG=$(head -c 100000 /dev/zero | tr '\\0' x); EMPTY=; EQUALS==a=b=; NAMES='X=1 Y=2'",
                "unset X; ls / > /dev/null; A=1",
                "echo ${#BIG} [$EMPTY] ${EMPTY-unset} $EQUALS $NAMES ${X-unset} $A",
            ],
        );
        assert_eq!(output, "100000 [] =a=b= X=1 Y=2 unset 1\n", "in {image}");
    });
}

#[test]
fn bytes_that_are_no_text_are_carried_whatever_the_locale() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .args(&["--env", "LC_ALL=C.UTF-8"])
            .build_commands(&[
                r"V=$(printf '\377\200\303(\001\177\n\r\t\n\303x')",
                "A=1",
                "printf %s \"$V\" | od -An -tx1 | tr -d ' \\n'; echo $A $LC_ALL",
            ])
            .run();
        run.assert_succeeded();
        assert!(
            run.stdout.contains("\nff80c328017f0a0d090ac3781 C.UTF-8\n"),
            "in {image}: {run}"
        );
    });
}

#[test]
fn what_the_shell_alone_remembers_is_not_carried() {
    in_every_shell(|image| {
        let run = build(
            image,
            &[
                "set -- one two; sleep 0 & wait; : marker",
                "echo $# [$1] [$!] $(case ${_-} in *marker*) echo kept; esac)",
                "cd /bin; cd /codebuild",
                "cd - && pwd",
            ],
        );
        run.assert_succeeded();
        assert_eq!(
            run.output_of("echo $# [$1] [$!] $(case ${_-} in *marker*) echo kept; esac)"),
            "0 [] []\n",
            "in {image}"
        );
        // The directory before this one is a variable.
        assert_eq!(run.output_of("cd - && pwd"), "/bin\n/bin\n", "in {image}");
    });
}

#[test]
fn arrays_and_exported_functions_of_bash_are_not_carried() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
env:
  shell: bash
phases:
  build:
    commands:
      - list=(a b); declare -A map=([k]=v); f() { echo f; }; export -f f
      - echo ${list-none} ${map[k]-none}
      - f
",
        )
        .run();
    run.assert_failed();
    assert_eq!(
        run.output_of("echo ${list-none} ${map[k]-none}"),
        "none none\n"
    );
    assert!(run.log().contains("exit successfully f exit status 127\n"));
}

#[test]
fn variables_that_a_shell_uses_itself_are_carried_like_others() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "IFS=:; PS4='trace '; OPTIND=3; A=a:b",
                "OLDPWD=/nowhere; PWD=/nowhere; SHLVL=9; _=x",
                "set -- $A; printf '%s ' $# \"$PS4\" $OPTIND $OLDPWD; pwd",
            ],
        );
        let expected = "2 trace  3 /nowhere /codebuild/output/srcN/src\n";
        assert_eq!(output, expected, "in {image}");
    });
}

#[test]
fn variables_that_bash_lets_nobody_set_end_no_build_when_they_are_exported() {
    let commands = [
        "export UID EUID PPID SHELLOPTS BASHOPTS; A=1",
        "B=2",
        "echo $A $B",
    ];
    in_every_shell(|image| {
        assert_eq!(last_output(image, &commands), "1 2\n", "in {image}");
    });
    let spec = serde_json::json!({
        "version": 0.2,
        "env": { "shell": "bash" },
        "phases": { "build": { "commands": commands } }
    });
    let run = TestEnv::new().buildspec(&spec.to_string()).run();
    run.assert_succeeded();
    assert_eq!(run.output_of("B=2"), "", "{run}");
    assert_eq!(run.output_of("echo $A $B"), "1 2\n");
}

#[test]
fn the_script_and_its_state_are_where_codebuild_has_them() {
    let tmp = "/codebuild/output/tmp";
    let script = format!("sed -n 4,5p {tmp}/script.sh\n# its second line");
    in_every_shell(|image| {
        let run = build(
            image,
            &[
                "cd /codebuild; KEY=value",
                &script,
                &format!("cat {tmp}/dir.txt"),
                &format!("grep KEY= {tmp}/env.sh"),
            ],
        );
        run.assert_succeeded();
        assert_eq!(run.output_of(&script), format!("{script}\n"), "in {image}");
        assert_eq!(run.output_of(&format!("cat {tmp}/dir.txt")), "/codebuild\n");
        let quote = if image == engine::bash_image() {
            '"'
        } else {
            '\''
        };
        assert_eq!(
            run.output_of(&format!("grep KEY= {tmp}/env.sh")),
            format!("export KEY={quote}value{quote}\n"),
            "in {image}"
        );
    });
}
