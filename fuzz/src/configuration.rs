use rolecall_check::CheckConfig;
use serde::Deserialize;

/// Reads a configuration as rolecall does and with serde_yaml. Where both accept it, they agree.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(documents) = rolecall_yaml::parse(text, 1) else { return };
    let [document] = documents.as_slice() else { return };
    let ours = CheckConfig::deserialize(document.root());
    if let Ok(ours) = ours
        && let Ok(theirs) = serde_yaml::from_str::<CheckConfig>(text)
    {
        assert_eq!(ours, theirs, "{text:?}");
    }
}
