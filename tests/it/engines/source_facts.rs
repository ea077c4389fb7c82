//! The source is root's, plain and whole on every engine, whichever way it comes in.

use super::way::Way;
use crate::engine::{self, user::USER};
use crate::transfer::facts::{FACTS, OWNERS, ask, assert_hold, lay};

/// Checks what must hold of a source, for each transfer and owner. Brings the image that it needs.
pub(super) fn check(reached: &str, way: &Way<'_>) {
    let directory = tempfile::tempdir().unwrap();
    let tar = directory.path().join("image.tar");
    engine::export(engine::facts_image(), &tar);
    way.import(&tar, IMAGE);
    for owner in OWNERS {
        // A plain user cannot read all of root's files.
        if way.user.is_some() && owner != USER {
            continue;
        }
        for transfer in ["auto", "tar"] {
            let env = ask(lay(way.env().image(IMAGE), owner), FACTS).args(&[
                "-v",
                "--source-transfer",
                transfer,
            ]);
            let run = way.run(&env);
            assert_hold(&run, FACTS, &format!("{reached}: {transfer} of {owner}"));
            way.assert_nothing_is_left();
        }
    }
}

/// The image's name in the engine.
const IMAGE: &str = "cobuild-test-facts";
