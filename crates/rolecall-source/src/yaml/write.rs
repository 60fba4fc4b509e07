use serde::Serialize;

/// Writes a value as one YAML document, without `---`.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, serde_yaml::Error> {
    serde_yaml::to_string(value)
}
