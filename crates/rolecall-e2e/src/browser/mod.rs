//! The pages of rolecall in Chromium.
//!
//! ```text
//! rolecall report -> file ----> Chromium <- chromedriver <- scenarios
//! rolecall serve --> loopback ---^
//! ```

mod driver;
mod look;
mod pages;
mod report;
mod served;
mod tools;

use std::path::Path;
use std::time::Instant;

use self::driver::Browser;
use self::pages::Pages;
use rolecall_task::failure::{Failure, Result};

/// A test of a page.
pub(crate) struct PageScenario {
    pub(crate) name: &'static str,
    /// The statement that holds if it passes.
    pub(crate) claim: &'static str,
    run: fn(&Pages) -> Result<()>,
}

/// All scenarios by file.
pub(crate) const ALL: [&[PageScenario]; 3] =
    [report::SCENARIOS, look::SCENARIOS, served::SCENARIOS];

/// Scenarios that take minutes: `--full` includes them, and `--only` with the whole name.
pub(crate) const LONG: &[PageScenario] = look::LONG_SCENARIOS;

/// The results of the scenarios.
#[derive(Default)]
pub(crate) struct PageOutcome {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<&'static str>,
}

/// Runs the scenarios in one browser, or prints a notice if there is none.
pub(crate) fn run(rolecall: &Path, chosen: &[&'static PageScenario]) -> Result<PageOutcome> {
    let mut outcome = PageOutcome::default();
    if let Some(package) = Browser::missing_package() {
        println!("notice: pages are not tested: install the Debian package {package}");
        return Ok(outcome);
    }
    let pages = Pages::start(rolecall)?;
    println!("Chromium {}", pages.version()?);
    for scenario in chosen {
        let started = Instant::now();
        let result = (scenario.run)(&pages).and_then(|()| pages.check_quiet());
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{:32}  {:>5.1} s  {verdict}", scenario.name, started.elapsed().as_secs_f64());
        match result {
            Ok(()) => outcome.passed += 1,
            Err(failure) => {
                println!("    {}", failure.to_string().replace('\n', "\n    "));
                outcome.failed.push(scenario.name);
            }
        }
        // A failed scenario can leave messages and a changed window.
        pages.reset()?;
    }
    Ok(outcome)
}

/// Fails unless two values are equal.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(Failure::new(format!("{what}: expected {expected:?}, found {found:?}"))),
    }
}

/// Fails unless something holds.
fn holds(what: impl Into<String>, it: bool) -> Result<()> {
    if it { Ok(()) } else { Err(Failure::new(format!("not true: {}", what.into()))) }
}
