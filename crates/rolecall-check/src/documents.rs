//! The rules, compiled from the documents in `rules/`.

use crate::{Category, RuleCode, RuleMeta, Severity, Versions};

include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// Returns the rule with a code.
pub(crate) fn find(code: RuleCode) -> Option<&'static RuleMeta> {
    let at = ALL.binary_search_by_key(&code, |rule| rule.code).ok()?;
    ALL.get(at).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rolecall_access::risk;

    use super::ALL;
    use crate::RuleCode;
    use crate::findings;

    #[test]
    fn each_rule_has_one_document_and_each_document_one_rule() {
        let with_logic = findings::rules().map(|rule| rule.meta.code);
        let risks: BTreeSet<RuleCode> = risk::all().map(|risk| risk.code).collect();
        // Expectations and suppressions are reported without a rule.
        let others = (601..=607).map(RuleCode);
        // One search finds all paths.
        let of_paths = (572..=574).map(RuleCode);
        let of_suppressions = (901..=903).map(RuleCode);
        // Rules that compare a rendering with its sources or defaults.
        let of_renderings = [701, 702, 703, 704, 705, 706, 707, 710, 711, 712, 713].map(RuleCode);
        let mut codes: Vec<RuleCode> = with_logic
            .chain(risks)
            .chain(others)
            .chain(of_paths)
            .chain(of_suppressions)
            .chain(of_renderings)
            .collect();
        codes.sort_unstable();
        let documented: Vec<RuleCode> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes, documented);
    }

    #[test]
    fn documents_repeat_the_catalogue_of_risks() {
        for risk in risk::all() {
            let rule = super::find(risk.code).unwrap();
            assert_eq!((rule.name, rule.versions), (risk.name, risk.versions), "{}", risk.code);
        }
        for rule in ALL {
            if let Some(severity) = risk::severity(rule.code) {
                assert_eq!(rule.severity, severity, "{}", rule.code);
            }
        }
    }
}
