//! What the console would hold of a project: the image's name and the kind of source.

pub mod image;
mod source_kind;

pub use source_kind::{Fallback, KindName, SourceKind};

/// Makes a project name out of any text: CodeBuild allows letters, digits, `-` and `_`, 2 to 150 of
/// them, with a letter or digit first (contract §8.1).
pub fn project_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(150)
        .collect();
    if name.len() < 2 {
        "local".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_name_becomes_a_project_name() {
        assert_eq!(project_name("my.app"), "my-app");
        assert_eq!(project_name(".hidden_one"), "hidden_one");
        assert_eq!(project_name("é"), "local");
        assert_eq!(project_name(&"x".repeat(200)).len(), 150);
    }
}
