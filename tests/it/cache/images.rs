//! Caches in images with other tools, or none.

use super::{LIST, MAKE, summary, write};
use crate::engine;
use crate::env::TestEnv;

#[test]
fn an_image_without_tar_has_caches_too() {
    let image = engine::image_without(&["tar"]);
    for cache in [
        "{paths: [tree, '**/*.none', /opt/x/**/*]}",
        "{paths: ['tr*e']}",
    ] {
        let env = TestEnv::new().image(&image).args(&["--cache", "s3"]);
        write(
            &env,
            cache,
            &[MAKE, LIST, "mkdir /opt/x; echo x > /opt/x/y"],
        );
        let first = env.run();
        first.assert_succeeded();
        write(&env, cache, &[LIST]);
        let second = env.run();
        second.assert_succeeded();
        assert!(summary(&second).starts_with("hit"), "{second}");
        // Engines take set-user-id bits away.
        let made = first.output_of(LIST).replace(" 4711 ", " 711 ");
        assert_eq!(second.output_of(LIST), made, "{cache}");
    }
}

#[test]
fn without_find_patterns_are_looked_for_all_the_same() {
    let image = engine::image_without(&["find"]);
    let env = TestEnv::new().image(&image).args(&["--cache", "s3"]);
    let cache = "{paths: ['**/kept/*']}";
    write(
        &env,
        cache,
        &["mkdir -p a/b/kept c && echo x > a/b/kept/file && echo y > c/file"],
    );
    env.run().assert_succeeded();
    write(&env, cache, &["ls -d */* */*/*/*"]);
    let run = env.run();
    assert_eq!(
        run.output_of("ls -d */* */*/*/*"),
        "a/b\na/b/kept/file\n",
        "{run}"
    );
}

#[test]
fn busybox_has_caches_too() {
    let make = "mkdir -p 'tree/a b' tree/empty && echo x > 'tree/a b/new
line' && ln -s 'a b' tree/link && chmod 751 'tree/a b/new
line' && mkfifo tree/pipe";
    // Busybox sets no times of directories and links.
    let list = "cd tree && ls -lR . | grep -v '^total\\|^p' | sed 's/[A-Z].* [0-9][0-9]:[0-9][0-9] //'; cat link/*";
    for mode in ["s3", "local"] {
        let env = TestEnv::new()
            .image(engine::busybox_image())
            .args(&["--cache", mode]);
        write(&env, "{paths: [tree/**/*]}", &[make, list]);
        let first = env.run();
        first.assert_succeeded();
        write(&env, "{paths: [tree/**/*]}", &[list]);
        let second = env.run();
        second.assert_succeeded();
        assert_eq!(second.output_of(list), first.output_of(list), "{mode}");
    }
}
