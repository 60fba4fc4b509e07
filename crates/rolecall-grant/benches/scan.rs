//! Measures the scan for refusals: `cargo bench -p rolecall-grant`.

use divan::Bencher;
use divan::counter::BytesCount;
use rolecall_grant::refusal::Scan;

fn main() {
    divan::main();
}

const SIZE: usize = 64 << 20;

/// A log in which one in `lines` lines is a refusal.
#[divan::bench(args = [1, 50, 2000])]
fn log_with_a_refusal_every(bencher: Bencher<'_, '_>, lines: usize) {
    let mut log = String::with_capacity(SIZE + 400);
    for line in 0usize.. {
        if log.len() > SIZE {
            break;
        }
        log.push_str("I1121 10:20:30.123456 1 controller.go:42] ");
        if line.is_multiple_of(lines) {
            let verb = if (line / lines).is_multiple_of(2) { "get" } else { "list" };
            log.push_str("{\"error\":\"pods is forbidden: User \\\"system:serviceaccount:shop:api\\\" cannot ");
            log.push_str(verb);
            log.push_str(
                " resource \\\"pods\\\" in API group \\\"\\\" in the namespace \\\"shop\\\"\"}\n",
            );
        } else {
            log.push_str("the controller reconciled what it cannot leave alone, and renewed its lease in 12.5ms\n");
        }
    }
    bencher.counter(BytesCount::new(log.len())).bench(|| Scan::of(log.as_bytes()));
}
