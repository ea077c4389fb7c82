//! Buildspecs as people write them: about 3 KB each, no two alike, the same in every run.

use std::fmt::Write as _;

/// How long a buildspec is at least, in bytes; it ends with the command that reaches it.
const LENGTH: usize = 2950;

/// Commands in the styles that buildspecs have them in; `@` becomes a name of the buildspec's own.
const COMMANDS: &[&str] = &[
    "- echo Logging in to Amazon ECR for @...",
    "- npm ci --prefer-offline --cache .npm/@",
    "- \"echo \\\"Building @: started at $(date)\\\"\"",
    "- 'echo \"step: @\" | tee -a build.log'",
    "- aws ecr get-login-password --region $AWS_DEFAULT_REGION | docker login --username AWS --password-stdin $ECR_REPOSITORY/@",
    "- docker build --build-arg VERSION=$APP_VERSION -t $ECR_REPOSITORY/@:$IMAGE_TAG -f docker/Dockerfile .",
    "- >-\n        aws cloudformation deploy --stack-name @\n        --template-file packaged.yml --capabilities CAPABILITY_IAM\n        --no-fail-on-empty-changeset",
    "- |\n        if [ -f \"scripts/@.sh\" ]; then\n          bash \"scripts/@.sh\" --verbose\n        else\n          echo \"no script for @\"\n        fi",
    "# Layers of @ change seldom.\n      - mvn --batch-mode -Dmaven.repo.local=/root/.m2 -pl @ package",
    "- pip install --requirement @/requirements.txt --disable-pip-version-check",
    "- |\n        cat > @.json <<JSON\n        {\"name\": \"@\", \"tag\": \"$IMAGE_TAG\"}\n        JSON",
    "- for directory in services/*/; do (cd \"$directory\" && make test TARGET=@); done",
    "- terraform -chdir=infrastructure/@ plan -input=false -out=tfplan",
    "- export @_RESULT=$(cat target/@.txt)",
];

/// Writes the buildspec of a number; different numbers have different buildspecs.
pub(crate) fn buildspec(number: usize) -> String {
    let end = end(number);
    let mut text = beginning(number);
    for position in 0.. {
        text.push_str(&command(number, position));
        if text.len() + end.len() >= LENGTH {
            break;
        }
    }
    text + &end
}

/// Each number goes through the commands in steps of its own.
fn command(number: usize, position: usize) -> String {
    let steps = [1, 3, 5, 9, 11, 13];
    let index = (number + position * steps[number % steps.len()]) % COMMANDS.len();
    let name = format!("service{number}_{position}");
    format!("      {}\n", COMMANDS[index].replace('@', &name))
}

/// Everything up to the commands of the build phase.
fn beginning(number: usize) -> String {
    let mut text = format!("# Builds service{number} of the shop.\nversion: 0.2\n\nenv:\n");
    if number.is_multiple_of(2) {
        text.push_str("  shell: bash\n");
    }
    text.push_str("  variables:\n");
    for variable in 0..5 {
        let _ = writeln!(
            text,
            "    SETTING_{variable}: \"value {number}.{variable}\""
        );
    }
    let _ = writeln!(text, "    IMAGE_TAG: v{number} # replaced by a release");
    if number.is_multiple_of(3) {
        let _ = writeln!(
            text,
            "  parameter-store:\n    DOCKER_USER: /shop/service{number}/user\n    DOCKER_PASSWORD: /shop/service{number}/password"
        );
    }
    if number.is_multiple_of(4) {
        let _ = writeln!(
            text,
            "  secrets-manager:\n    API_TOKEN: shop/service{number}:token:AWSCURRENT"
        );
    }
    if number.is_multiple_of(5) {
        text.push_str("  exported-variables: [IMAGE_TAG, SETTING_0]\n");
    }
    if number.is_multiple_of(6) {
        text.push_str(&batch(number));
    }
    text.push_str("\nphases:\n  install:\n    runtime-versions:\n      nodejs: 22\n      python: 3.13\n    commands:\n");
    for position in 100..103 {
        text.push_str(&command(number, position));
    }
    text.push_str("  pre_build:\n    on-failure: ABORT\n    commands:\n");
    for position in 200..203 {
        text.push_str(&command(number, position));
    }
    text.push_str("  build:\n    commands:\n");
    text
}

fn batch(number: usize) -> String {
    format!(
        "\nbatch:
  fast-fail: true
  build-list:
    - identifier: amd64_{number}
      env:
        compute-type: BUILD_GENERAL1_SMALL
        variables: {{PLATFORM: linux/amd64}}
    - identifier: arm64_{number}
      env:
        type: ARM_CONTAINER
        compute-type: BUILD_GENERAL1_SMALL
        variables: {{PLATFORM: linux/arm64}}
      ignore-failure: true
"
    )
}

/// Everything after the commands of the build phase.
fn end(number: usize) -> String {
    let mut text = format!(
        "  post_build:
    commands:
      - printf '[{{\"name\":\"service{number}\",\"imageUri\":\"%s\"}}]' $ECR_REPOSITORY:$IMAGE_TAG > images.json
    finally:
      - rm -rf /tmp/service{number}
"
    );
    if number.is_multiple_of(2) {
        let _ = write!(
            text,
            "
reports:
  service{number}-tests:
    files:
      - '**/TEST-*.xml'
    base-directory: target/service{number}
    file-format: JUNITXML
"
        );
    }
    let anchors = number.is_multiple_of(8);
    let (anchor, alias) = if anchors {
        (" &excluded", " *excluded")
    } else {
        ("", "\n        - '**/*.map'")
    };
    let _ = write!(
        text,
        "
artifacts:
  name: service{number}-$(date +%Y-%m-%d)
  files: ['**/*', images.json]
  base-directory: dist
  exclude-paths:{anchor}
    - '**/*.map'
    - '**/.*'
"
    );
    if anchors || number.is_multiple_of(3) {
        let _ = write!(
            text,
            "  secondary-artifacts:
    templates{number}:
      files:
        - infrastructure/*.yml
      exclude-paths:{alias}
"
        );
    }
    if number.is_multiple_of(3) {
        text.push_str("\ncache:\n  paths:\n    - /root/.m2/**/*\n    - node_modules/**/*\n");
    }
    text
}
