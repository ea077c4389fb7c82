//! The program of the trial containers, as bytes, so that no image and no compiler is needed.
//!
//! It opens each file of its arguments for reading, creates missing ones, prints their content, and
//! ends with the line `cobuild` and status 0. At the first file that it cannot open it ends with
//! status 1, without that line.

/// The last line of a successful program.
pub(super) const MARK: &str = "cobuild\n";

/// A processor architecture that there is a program for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Architecture {
    X86_64,
    Aarch64,
}

impl Architecture {
    /// Recognizes an architecture by its name in the kernel or the engine.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "x86_64" | "amd64" => Some(Self::X86_64),
            "aarch64" | "arm64" => Some(Self::Aarch64),
            _ => None,
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::X86_64 => Self::Aarch64,
            Self::Aarch64 => Self::X86_64,
        }
    }

    /// Its name in platforms of images.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// Its number in the head of an executable.
    fn machine(self) -> u16 {
        match self {
            Self::X86_64 => 62,
            Self::Aarch64 => 183,
        }
    }

    fn code(self) -> &'static [u8] {
        match self {
            Self::X86_64 => X86_64,
            Self::Aarch64 => AARCH64,
        }
    }

    /// The program, as a static executable (ELF, System V ABI).
    pub(super) fn executable(self) -> Vec<u8> {
        // One segment holds the heads and the code, at an address that suits pages of up to 64 KiB.
        const BASE: u64 = 0x40_0000;
        const PAGE: u64 = 0x1_0000;
        const FILE_HEAD: u16 = 64;
        const SEGMENT_HEAD: u16 = 56;
        let heads = u64::from(FILE_HEAD + SEGMENT_HEAD);
        let size = heads + self.code().len() as u64;
        let mut file = Vec::new();
        // 64 bits, little-endian, version 1.
        file.extend(b"\x7fELF\x02\x01\x01");
        file.extend([0; 9]);
        // An executable.
        file.extend(2_u16.to_le_bytes());
        file.extend(self.machine().to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        // Where it begins, where the head of its segment is, and that it has no sections.
        for number in [BASE + heads, u64::from(FILE_HEAD), 0] {
            file.extend(number.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        for number in [FILE_HEAD, SEGMENT_HEAD, 1, 0, 0, 0] {
            file.extend(number.to_le_bytes());
        }
        // To be loaded, to be read and run.
        file.extend(1_u32.to_le_bytes());
        file.extend(5_u32.to_le_bytes());
        for number in [0, BASE, BASE, size, size, PAGE] {
            file.extend(number.to_le_bytes());
        }
        file.extend(self.code());
        file
    }
}

#[rustfmt::skip]
const X86_64: &[u8] = &[
    0x4c, 0x8d, 0x64, 0x24, 0x10,             //         lea  r12, [rsp+16]    the first argument
    0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00, //         sub  rsp, 4096        the buffer
    0x49, 0x8b, 0x3c, 0x24,                   // next:   mov  rdi, [r12]
    0x48, 0x85, 0xff,                         //         test rdi, rdi
    0x74, 0x34,                               //         jz   finish
    0x6a, 0x40, 0x5e,                         //         mov  esi, O_RDONLY|O_CREAT
    0xba, 0xa4, 0x01, 0x00, 0x00,             //         mov  edx, 0644
    0x6a, 0x02, 0x58,                         //         mov  eax, open
    0x0f, 0x05,                               //         syscall
    0x85, 0xc0,                               //         test eax, eax
    0x78, 0x36,                               //         js   fail
    0x89, 0xc3,                               //         mov  ebx, eax
    0x89, 0xdf,                               // copy:   mov  edi, ebx
    0x48, 0x89, 0xe6,                         //         mov  rsi, rsp
    0xba, 0x00, 0x10, 0x00, 0x00,             //         mov  edx, 4096
    0x31, 0xc0,                               //         mov  eax, read
    0x0f, 0x05,                               //         syscall
    0x85, 0xc0,                               //         test eax, eax
    0x7e, 0x09,                               //         jle  after
    0x89, 0xc2,                               //         mov  edx, eax
    0xe8, 0x23, 0x00, 0x00, 0x00,             //         call print
    0xeb, 0xe5,                               //         jmp  copy
    0x49, 0x83, 0xc4, 0x08,                   // after:  add  r12, 8
    0xeb, 0xc3,                               //         jmp  next
    0x48, 0x8d, 0x35, 0x1d, 0x00, 0x00, 0x00, // finish: lea  rsi, mark
    0x6a, 0x08, 0x5a,                         //         mov  edx, 8
    0xe8, 0x0c, 0x00, 0x00, 0x00,             //         call print
    0x31, 0xff,                               //         mov  edi, 0
    0xeb, 0x03,                               //         jmp  end
    0x6a, 0x01, 0x5f,                         // fail:   mov  edi, 1
    0x6a, 0x3c, 0x58,                         // end:    mov  eax, exit
    0x0f, 0x05,                               //         syscall
    0x6a, 0x01, 0x5f,                         // print:  mov  edi, 1
    0x6a, 0x01, 0x58,                         //         mov  eax, write
    0x0f, 0x05,                               //         syscall
    0xc3,                                     //         ret
    b'c', b'o', b'b', b'u', b'i', b'l', b'd', b'\n',
];

#[rustfmt::skip]
const AARCH64: &[u8] = &[
    0xf3, 0x43, 0x00, 0x91, //         add  x19, sp, 16       the first argument
    0xff, 0x07, 0x40, 0xd1, //         sub  sp, sp, 4096      the buffer
    0x61, 0x86, 0x40, 0xf8, // next:   ldr  x1, [x19], 8
    0xa1, 0x02, 0x00, 0xb4, //         cbz  x1, finish
    0x60, 0x0c, 0x80, 0x92, //         mov  x0, AT_FDCWD
    0x02, 0x08, 0x80, 0xd2, //         mov  x2, O_RDONLY|O_CREAT
    0x83, 0x34, 0x80, 0xd2, //         mov  x3, 0644
    0x08, 0x07, 0x80, 0xd2, //         mov  x8, openat
    0x01, 0x00, 0x00, 0xd4, //         svc  0
    0xc0, 0x02, 0xf8, 0xb7, //         tbnz x0, 63, fail
    0xf4, 0x03, 0x00, 0xaa, //         mov  x20, x0
    0xe0, 0x03, 0x14, 0xaa, // copy:   mov  x0, x20
    0xe1, 0x03, 0x00, 0x91, //         mov  x1, sp
    0x02, 0x00, 0x82, 0xd2, //         mov  x2, 4096
    0xe8, 0x07, 0x80, 0xd2, //         mov  x8, read
    0x01, 0x00, 0x00, 0xd4, //         svc  0
    0x1f, 0x00, 0x00, 0xf1, //         cmp  x0, 0
    0x2d, 0xfe, 0xff, 0x54, //         b.le next
    0xe2, 0x03, 0x00, 0xaa, //         mov  x2, x0
    0x20, 0x00, 0x80, 0xd2, //         mov  x0, 1
    0xe1, 0x03, 0x00, 0x91, //         mov  x1, sp
    0x08, 0x08, 0x80, 0xd2, //         mov  x8, write
    0x01, 0x00, 0x00, 0xd4, //         svc  0
    0xf4, 0xff, 0xff, 0x17, //         b    copy
    0x20, 0x00, 0x80, 0xd2, // finish: mov  x0, 1
    0x21, 0x01, 0x00, 0x10, //         adr  x1, mark
    0x02, 0x01, 0x80, 0xd2, //         mov  x2, 8
    0x08, 0x08, 0x80, 0xd2, //         mov  x8, write
    0x01, 0x00, 0x00, 0xd4, //         svc  0
    0x00, 0x00, 0x80, 0xd2, //         mov  x0, 0
    0x02, 0x00, 0x00, 0x14, //         b    end
    0x20, 0x00, 0x80, 0xd2, // fail:   mov  x0, 1
    0xa8, 0x0b, 0x80, 0xd2, // end:    mov  x8, exit
    0x01, 0x00, 0x00, 0xd4, //         svc  0
    b'c', b'o', b'b', b'u', b'i', b'l', b'd', b'\n',
];

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use super::*;

    /// Runs the program of this machine's own architecture.
    fn run(directory: &Path, arguments: &[PathBuf]) -> Output {
        let architecture = Architecture::named(std::env::consts::ARCH).unwrap();
        let path = directory.join("program");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o755)
            .open(&path)
            .unwrap();
        file.write_all(&architecture.executable()).unwrap();
        drop(file);
        // A child that another test is just starting may hold the file open for writing.
        std::iter::repeat_with(|| Command::new(&path).args(arguments).output())
            .take(100)
            .inspect(|_| std::thread::yield_now())
            .find_map(Result::ok)
            .unwrap()
    }

    #[test]
    fn it_shows_files_and_makes_those_that_are_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let [large, made] = ["large", "made"].map(|name| directory.path().join(name));
        let text = "0123456789\n".repeat(1000);
        std::fs::write(&large, &text).unwrap();
        let output = run(directory.path(), &[large, made.clone()]);
        assert!(output.status.success());
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("{text}{MARK}")
        );
        assert_eq!(std::fs::read(made).unwrap(), b"");
    }

    #[test]
    fn what_it_cannot_open_it_does_not_pass_over() {
        let directory = tempfile::tempdir().unwrap();
        let output = run(directory.path(), &[directory.path().join("no/such/file")]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
    }

    #[test]
    fn both_programs_are_whole() {
        for (architecture, size) in [(Architecture::X86_64, 237), (Architecture::Aarch64, 264)] {
            let executable = architecture.executable();
            assert_eq!(executable.len(), size);
            assert!(executable.ends_with(MARK.as_bytes()));
            assert_ne!(architecture.other(), architecture);
        }
    }
}
