//! Formats measurements as a table.

use std::time::Duration;

use super::cases::Counted;
use super::command_line::CommandLine;
use super::measure::Measured;

/// A command and its measurements.
pub(super) struct Row {
    pub(super) line: CommandLine,
    /// The revision of the program, if it is another one.
    pub(super) revision: Option<String>,
    pub(super) amount: Option<Counted>,
    pub(super) measured: Measured,
}

const HEADINGS: [&str; 6] = ["COMMAND", "BEST", "MEDIAN", "RATIO", "THROUGHPUT", "PEAK"];

/// Formats rows. The ratio is relative to the best time of the first row.
pub(super) fn render(rows: &[Row]) -> String {
    let first = rows.first().map_or(Duration::ZERO, |row| row.measured.best());
    let mut lines: Vec<[String; 6]> = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| cells(row, first)));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row, first: Duration) -> [String; 6] {
    let measured = &row.measured;
    let best = measured.best().as_secs_f64();
    let throughput = |amount: Counted| format!("{}/s", counted(amount.number / best, amount.unit));
    [
        match &row.revision {
            Some(revision) => format!("{} at {revision}", row.line.0),
            None => row.line.0.to_owned(),
        },
        measured.failure().unwrap_or_else(|| time(measured.best())),
        time(measured.median()),
        format!("{:.2}", best / first.as_secs_f64()),
        row.amount.map(throughput).unwrap_or_default(),
        measured.peak().map(|kib| format!("{:.1} MB", kib as f64 * 1.024e-3)).unwrap_or_default(),
    ]
}

fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        0.0..100.0 => format!("{milliseconds:.1} ms"),
        _ => format!("{milliseconds:.0} ms"),
    }
}

fn counted(number: f64, unit: &str) -> String {
    match number {
        0.0..1e4 => format!("{number:.0} {unit}"),
        1e4..1e6 => format!("{:.0} k {unit}", number / 1e3),
        _ => format!("{:.1} M {unit}", number / 1e6),
    }
}
