//! How much something is, as people read it.

/// Writes a number of bytes in units of a thousand.
pub fn size(bytes: u64) -> String {
    let mut unit: u64 = 1;
    let mut name = "B";
    for larger in ["KB", "MB", "GB", "TB"] {
        if bytes / unit < 1000 {
            break;
        }
        unit *= 1000;
        name = larger;
    }
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    if unit == 1 {
        format!("{bytes} B")
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (12_345_678, "12.3 MB"),
            (999_999_999, "999.9 MB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
