//! What is known of the flags that a layer can set.

/// How the values of a flag are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// On or off.
    Switch,
    /// One text.
    Text,
    /// One text or number.
    Number,
    /// Texts.
    List,
    /// Names and values, or a list as the flag takes it.
    Pairs,
}

impl Form {
    /// Whether there can be more values than one.
    pub fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Pairs)
    }
}

/// A flag that a layer can set.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Its long name, without dashes.
    pub name: String,
    /// How its values are written.
    pub form: Form,
    /// The words it takes; none when it takes any text.
    pub words: Vec<String>,
    /// What it means.
    pub help: String,
    /// What holds without it, in words, where there is something to say.
    pub default: Option<String>,
    /// The flags that it excludes, or that exclude it.
    pub excludes: Vec<String>,
}

/// All flags that a layer can set.
#[derive(Debug, Clone, Default)]
pub struct Flags(Vec<Flag>);

/// Checks a value of a flag as the flag does; says what is wrong with it.
pub type ValueCheck<'a> = dyn Fn(&Flag, &str) -> Result<(), String> + 'a;

impl Flags {
    /// These flags, in the order of the help.
    pub fn new(flags: Vec<Flag>) -> Self {
        Self(flags)
    }

    /// The flag of this name.
    pub fn get(&self, name: &str) -> Option<&Flag> {
        self.0.iter().find(|flag| flag.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        self.0.iter()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|flag| flag.name.as_str())
    }
}

/// How alike two names have to be for one to be meant by the other; as clap has it.
const ALIKE: f64 = 0.7;

/// How long a name is at the most that could be one of a flag or a profile, mistyped.
const LONGEST: usize = 100;

/// The name among `known` that is most like this one, when one is.
pub fn most_alike<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter().filter(|_| name.len() <= LONGEST);
    known
        .map(|known| (strsim::jaro(name, known), known))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
