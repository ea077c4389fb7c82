//! Installs the certificates that a build trusts besides those of its image (contract §8.1).

use crate::plan::{Certificate, layout};
use crate::runner::container::driver::{Aside, Driver, DriverError, MOST_WORDS};
use crate::runner::container::program::Program;
use crate::runner::container::tail::Tail;

/// Adds certificates to the trust stores of programs in the container; returns a warning when that fails.
///
/// Programs with a store of their own read the variables that they document (assumed; the cloud adds
/// certificates to the store of the system alone). Java has a store and no variable, so it does not trust them.
pub(in crate::runner) async fn install(
    driver: &mut Driver,
    certificate: &Certificate,
) -> Result<Option<String>, DriverError> {
    let texts = certificate.certificates.iter().map(String::as_str);
    let words: Vec<&str> = std::iter::once(layout::CERTIFICATES).chain(texts).collect();
    let mut program = Program::default();
    program.call("cobuild_trust", &words);
    driver.send(program.text()).await?;
    let mut printed = Tail::new(MOST_WORDS);
    let answer = driver.answer(&mut Aside::kept(&mut printed)).await?;
    let printed = printed.take();
    let printed = String::from_utf8_lossy(&printed);
    tracing::info!(%answer, %printed, "certificates of `{}`", certificate.location);
    Ok((answer != "trusted").then(|| {
        let reason = printed.trim();
        format!(
            "cannot install the certificates of `{}` in the container: {reason}",
            certificate.location
        )
    }))
}
