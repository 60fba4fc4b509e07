//! Regions of files in JSON.

use rolecall_yaml::Region;
use serde::Serialize;

/// The location of a field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegionDetails {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl From<Region> for RegionDetails {
    fn from(region: Region) -> Self {
        Self {
            start_line: region.start.line,
            start_column: region.start.column,
            end_line: region.end.line,
            end_column: region.end.column,
        }
    }
}
