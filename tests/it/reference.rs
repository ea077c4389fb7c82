//! The reference page of the command line is what the command line says.

use expect_test::expect_file;

#[test]
fn the_reference_page_is_not_stale() {
    // UPDATE_EXPECT=1 cargo test --test it reference
    expect_file!["../../docs/reference/cli.md"].assert_eq(&cobuild::cli::reference());
}

#[test]
fn each_command_and_flag_is_on_the_page() {
    let page = cobuild::cli::reference();
    for text in [
        "\n## cobuild run\n",
        "\n## cobuild cache list\n",
        "| `-i, --image IMAGE` |",
        "`-m, --mount[=BOOL]`",
        "`FILE\\|DIR`",
        "May be repeated.",
        "130  stopped by SIGINT",
    ] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    assert!(!page.contains("complete-words"), "{page}");
}
