//! Comma-separated values that are safe for spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::plain::plain;

/// Writes one line of fields.
pub(crate) fn write_line<'f>(
    out: &mut impl Write,
    fields: impl Iterator<Item = &'f str>,
) -> io::Result<()> {
    for (position, field) in fields.enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        let field = shown(field);
        if field.contains([',', ';', '"', '\'']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    writeln!(out)
}

/// Escapes control characters, and puts `'` before text that a spreadsheet would evaluate.
fn shown(field: &str) -> Cow<'_, str> {
    let field = plain(field);
    match field.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        true => Cow::Owned(format!("'{field}")),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_or_a_separate_line() {
        for (field, expected) in [
            ("sa/shop:web", "sa/shop:web"),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("＝1", "\"'＝1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\n=1", "a\\n=1"),
            ("\t=1", "\\t=1"),
        ] {
            let mut out = Vec::new();
            write_line(&mut out, [field].into_iter()).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
        }
    }
}
