//! The curated images and their runtimes, as data (contract §8.6).

use super::curated::{Architecture, Curated, System};

type Runtimes = &'static [(&'static str, &'static [&'static str])];

const X86_4: &str = "aws/codebuild/amazonlinux-x86_64-standard:4.0";
const X86_5: &str = "aws/codebuild/amazonlinux-x86_64-standard:5.0";
const X86_6: &str = "aws/codebuild/amazonlinux-x86_64-standard:6.0";
const ARM_2: &str = "aws/codebuild/amazonlinux-aarch64-standard:2.0";
const ARM_3: &str = "aws/codebuild/amazonlinux-aarch64-standard:3.0";
const ARM_4: &str = "aws/codebuild/amazonlinux-aarch64-standard:4.0";

const JAVA: &[&str] = &[
    "corretto25",
    "corretto21",
    "corretto17",
    "corretto11",
    "corretto8",
];
const PYTHON_OF_7: &[&str] = &["3.14", "3.13", "3.12", "3.11", "3.10", "3.9"];
const PYTHON_OF_8: &[&str] = &["3.14", "3.13", "3.12", "3.11", "3.10"];
const GOLANG_OF_7: &[&str] = &["1.26", "1.25", "1.24", "1.23", "1.22", "1.21", "1.20"];
const GOLANG_OF_8: &[&str] = &["1.26", "1.25", "1.24"];
const PHP: &[&str] = &["8.5", "8.4", "8.3", "8.2"];
const RUBY_OF_7: &[&str] = &["4.0", "3.4", "3.3", "3.2", "3.1"];
const RUBY_OF_8: &[&str] = &["4.0", "3.4", "3.3"];
const NODEJS_OF_7: &[&str] = &["24", "22", "20", "18"];
const NODEJS_OF_8: &[&str] = &["24", "22"];
const DOTNET_OF_7: &[&str] = &["10.0", "8.0", "6.0"];
const DOTNET_OF_8: &[&str] = &["10.0", "8.0"];

/// Of `standard:7.0`.
const GENERATION_7: Runtimes = &[
    ("java", JAVA),
    ("golang", GOLANG_OF_7),
    ("python", PYTHON_OF_7),
    ("php", PHP),
    ("ruby", RUBY_OF_7),
    ("nodejs", NODEJS_OF_7),
    ("dotnet", DOTNET_OF_7),
];

const GENERATION_7_ARM: Runtimes = &[
    ("java", JAVA),
    ("golang", GOLANG_OF_7),
    ("rust", &["1.94"]),
    ("python", PYTHON_OF_7),
    ("php", &["8.5", "8.4", "8.3", "8.2", "8.1"]),
    ("ruby", RUBY_OF_7),
    ("nodejs", NODEJS_OF_7),
    ("dotnet", DOTNET_OF_7),
    ("docker", &["23"]),
];

/// Of `standard:8.0`.
const GENERATION_8: Runtimes = &[
    ("java", JAVA),
    ("golang", GOLANG_OF_8),
    ("rust", &["1.93"]),
    ("python", PYTHON_OF_8),
    ("php", PHP),
    ("ruby", RUBY_OF_8),
    ("nodejs", NODEJS_OF_8),
    ("dotnet", DOTNET_OF_8),
];

const GENERATION_8_ARM: Runtimes = &[
    ("java", JAVA),
    ("golang", GOLANG_OF_8),
    ("rust", &["1.94"]),
    ("python", PYTHON_OF_8),
    ("php", PHP),
    ("ruby", RUBY_OF_8),
    ("nodejs", NODEJS_OF_8),
    ("dotnet", DOTNET_OF_8),
    ("docker", &["23"]),
];

const UBUNTU: Curated = Curated {
    repository: "standard",
    tag: "",
    former: None,
    architecture: Architecture::X86_64,
    system: System::Linux,
    is_published: false,
    runtimes: &[],
    nearest: None,
    note: None,
};

const AMAZON_X86_64: Curated = Curated {
    repository: "amazonlinux-x86_64-standard",
    former: Some("amazonlinux2-x86_64-standard"),
    is_published: true,
    ..UBUNTU
};

const AMAZON_AARCH64: Curated = Curated {
    repository: "amazonlinux-aarch64-standard",
    former: Some("amazonlinux2-aarch64-standard"),
    architecture: Architecture::Aarch64,
    ..AMAZON_X86_64
};

const WINDOWS: Curated = Curated {
    repository: "windows-base",
    system: System::Windows,
    note: Some("cobuild runs Linux images only"),
    ..UBUNTU
};

/// All images but those for Lambda compute, the newest of each repository first. Of equally similar
/// images, the one with the most runtimes in common is the nearest (assumed).
pub(super) const IMAGES: &[Curated] = &[
    Curated {
        tag: "8.0",
        runtimes: GENERATION_8,
        nearest: Some((X86_6, ARM_4)),
        ..UBUNTU
    },
    Curated {
        tag: "7.0",
        runtimes: GENERATION_7,
        nearest: Some((X86_5, ARM_3)),
        ..UBUNTU
    },
    Curated {
        tag: "6.0",
        runtimes: &[
            ("java", &["corretto17"]),
            ("golang", &["1.18"]),
            ("python", &["3.10"]),
            ("php", &["8.1"]),
            ("ruby", &["3.1"]),
            ("nodejs", &["16"]),
            ("dotnet", &["6.0"]),
        ],
        nearest: Some((X86_4, ARM_3)),
        ..UBUNTU
    },
    Curated {
        tag: "5.0",
        runtimes: &[
            ("java", &["corretto11", "corretto8"]),
            ("golang", &["1.16", "1.15"]),
            ("python", &["3.9", "3.8", "3.7"]),
            ("php", &["8.0", "7.4", "7.3"]),
            ("ruby", &["2.7", "2.6"]),
            ("nodejs", &["14", "12"]),
            ("dotnet", &["5.0", "3.1"]),
        ],
        nearest: Some((X86_4, ARM_2)),
        ..UBUNTU
    },
    Curated {
        tag: "6.0",
        runtimes: GENERATION_8,
        nearest: Some((X86_6, ARM_4)),
        ..AMAZON_X86_64
    },
    Curated {
        tag: "5.0",
        runtimes: GENERATION_7,
        nearest: Some((X86_5, ARM_3)),
        ..AMAZON_X86_64
    },
    Curated {
        tag: "4.0",
        runtimes: &[
            ("java", &["corretto17"]),
            ("golang", &["1.18"]),
            ("python", &["3.9"]),
            ("php", &["8.1"]),
            ("ruby", &["3.1"]),
            ("nodejs", &["16"]),
            ("dotnet", &["6.0"]),
            ("docker", &["20"]),
        ],
        nearest: Some((X86_4, ARM_3)),
        ..AMAZON_X86_64
    },
    Curated {
        tag: "corretto11",
        runtimes: &[("java", &["corretto11"])],
        ..AMAZON_X86_64
    },
    Curated {
        tag: "corretto8",
        runtimes: &[("java", &["corretto8"])],
        ..AMAZON_X86_64
    },
    Curated {
        tag: "4.0",
        runtimes: GENERATION_8_ARM,
        nearest: Some((X86_6, ARM_4)),
        ..AMAZON_AARCH64
    },
    Curated {
        tag: "3.0",
        runtimes: GENERATION_7_ARM,
        nearest: Some((X86_5, ARM_3)),
        ..AMAZON_AARCH64
    },
    Curated {
        tag: "2.0",
        runtimes: &[
            ("java", &["corretto11", "corretto8"]),
            ("golang", &["1.14", "1.13", "1.12"]),
            ("python", &["3.9", "3.8", "3.7"]),
            ("php", &["7.4", "7.3"]),
            ("ruby", &["2.7", "2.6"]),
            ("nodejs", &["12", "10"]),
            ("docker", &["19"]),
            ("dotnet", &["3.1"]),
        ],
        nearest: Some((X86_4, ARM_2)),
        ..AMAZON_AARCH64
    },
    Curated {
        tag: "2022-1.0",
        ..WINDOWS
    },
    Curated {
        tag: "2019-3.0",
        ..WINDOWS
    },
    Curated {
        tag: "2019-2.0",
        ..WINDOWS
    },
    Curated {
        tag: "2019-1.0",
        ..WINDOWS
    },
    Curated {
        repository: "macos-arm-base",
        tag: "14",
        architecture: Architecture::Aarch64,
        system: System::MacOs,
        ..WINDOWS
    },
];

/// The images for Lambda compute, each for both processors.
pub(super) const LAMBDA_TAGS: &[&str] = &[
    "corretto21",
    "corretto17",
    "corretto11",
    "dotnet8",
    "dotnet6",
    "go1.24",
    "go1.21",
    "nodejs22",
    "nodejs20",
    "nodejs18",
    "python3.13",
    "python3.12",
    "python3.11",
    "ruby3.4",
    "ruby3.2",
];
