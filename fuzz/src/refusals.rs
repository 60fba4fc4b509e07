use rolecall_grant::refusal::{Scan, Scanner};
use rolecall_rbac::Target;

/// Scans a log at once, in pieces and from a reader. The results are equal, and every name in them
/// can be a name.
pub fn refusals(data: &[u8]) {
    let Some((first, text)) = data.split_first() else { return };
    let whole = Scan::of(text);
    let mut scanner = Scanner::new();
    text.chunks(usize::from(*first).max(1)).for_each(|piece| scanner.push(piece));
    assert_eq!(scanner.finish(), whole, "{:?}", String::from_utf8_lossy(text));
    let mut scanner = Scanner::new();
    assert!(scanner.read(text).is_ok(), "reading from memory fails");
    assert_eq!(scanner.finish(), whole, "{:?}", String::from_utf8_lossy(text));
    for denial in &whole.denials {
        assert!(!denial.user.is_empty(), "{denial:?}");
        if let Target::Resource(target) = &denial.request.target {
            for name in [&target.group, &target.resource, &target.namespace] {
                let is_name = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*');
                assert!(is_name, "{denial:?}");
            }
        }
    }
    // Once more in another encoding, as the log of a container: nothing is found that is not there.
    let line = serde_json::json!({ "log": String::from_utf8_lossy(text) }).to_string();
    Scan::of(line.as_bytes());
}
