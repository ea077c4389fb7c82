//! Attacks: what a repository, a build, an image, an engine or another user of the machine does that means
//! harm, and what must not come of it (`SECURITY.md`). Each file is a kind.

mod directories;
mod engines;
mod git;
mod leftovers;
mod links;
mod many;
mod measured;
mod ownership;
mod places;
mod reads;
mod secrets;
mod shapes;
mod sources;
mod terminal;
mod texts;
