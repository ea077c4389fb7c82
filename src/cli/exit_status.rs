//! What the help says of the exit status of a build.

/// The exit statuses of `cobuild run`.
pub(super) const EXIT_STATUS: &str = "\
Exit status:
  0    the build SUCCEEDED
  1    the build FAILED; buildspec errors and timeouts are failed builds too
  2    the command line, or a file it names, cannot be used
  3    no verdict: the engine cannot be reached, or cobuild is at fault
  130  stopped by SIGINT, or in the debugger
  141  stopped because nobody reads stdout any more
  143  stopped by SIGTERM";
