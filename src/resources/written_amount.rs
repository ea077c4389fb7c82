//! Reads amounts of memory and processors as a user writes them.

use std::str::FromStr;

use super::amount::{BILLION, Cpus, LEAST_MEMORY, Memory};
use super::error::ResourceError;

impl Memory {
    /// Reads the limit of a container's memory.
    pub fn limit(text: &str) -> Result<Self, ResourceError> {
        let given: Self = text.parse()?;
        if given < LEAST_MEMORY {
            return Err(ResourceError::TooLittleMemory { given });
        }
        Ok(given)
    }
}

impl FromStr for Memory {
    type Err = ResourceError;

    /// Reads a size as docker writes it: a number and a binary unit, `k`, `m`, `g` or `t`; in either
    /// case, with or without `b` or `ib` behind it.
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let text = text.trim().to_ascii_lowercase();
        let unit = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(unit);
        let shift = match unit.trim_start() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(ResourceError::Size),
        };
        billionths(number)
            .and_then(|count| {
                let bytes = count.checked_mul(1 << shift)? / u128::from(BILLION);
                u64::try_from(bytes).ok()
            })
            // The API counts in signed numbers.
            .filter(|bytes| (1..=i64::MAX.unsigned_abs()).contains(bytes))
            .map(Self)
            .ok_or(ResourceError::Size)
    }
}

impl FromStr for Cpus {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        billionths(text.trim())
            .and_then(|count| u64::try_from(count).ok())
            // Engines accept at least a hundredth.
            .filter(|count| (BILLION / 100..=i64::MAX.unsigned_abs()).contains(count))
            .map(Self)
            .ok_or(ResourceError::Cpus)
    }
}

/// Reads a decimal number, exactly, in billionths; further digits do not count.
fn billionths(number: &str) -> Option<u128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let number = |digits: &str| match digits {
        "" => Some(0),
        digits => digits.parse::<u64>().ok(),
    };
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    Some(u128::from(number(whole)?) * u128::from(BILLION) + u128::from(number(&part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_writes_them() {
        for (text, bytes) in [
            ("512m", 512 << 20),
            ("2g", 2 << 30),
            ("1.5g", 3 << 29),
            ("1.5GiB", 3 << 29),
            ("64MB", 64 << 20),
            ("1024", 1024),
            ("10b", 10),
            ("1 k", 1024),
            (".5k", 512),
            ("1t", 1 << 40),
        ] {
            assert_eq!(text.parse(), Ok(Memory(bytes)), "{text}");
        }
        for text in [
            "", "m", ".", "x", "1x", "-1m", "1.2.3g", "0", "9999999t", "1e3",
        ] {
            assert_eq!(text.parse::<Memory>(), Err(ResourceError::Size), "{text}");
        }
    }

    #[test]
    fn no_container_gets_less_memory_than_it_runs_with() {
        assert_eq!(Memory::limit("6m"), Ok(Memory(6 << 20)));
        let problem = Memory::limit("4m").unwrap_err().to_string();
        assert_eq!(
            problem,
            "4 MiB is too little memory: a container needs at least 6 MiB"
        );
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit() {
        for (bytes, text) in [
            (1, "1 B"),
            (64 << 20, "64 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(Memory(bytes).to_string(), text);
        }
    }

    #[test]
    fn processors_may_be_shared() {
        for (text, billionths, shown) in [
            ("2", 2_000_000_000, "2"),
            ("0.5", 500_000_000, "0.5"),
            ("1.25", 1_250_000_000, "1.25"),
            (".01", 10_000_000, "0.01"),
        ] {
            let cpus: Cpus = text.parse().unwrap();
            assert_eq!(
                (cpus.billionths(), cpus.to_string().as_str()),
                (billionths, shown)
            );
        }
        for text in ["", "0", "0.001", "two", "-1", "1,5", "99999999999999"] {
            assert_eq!(text.parse::<Cpus>(), Err(ResourceError::Cpus), "{text}");
        }
    }
}
