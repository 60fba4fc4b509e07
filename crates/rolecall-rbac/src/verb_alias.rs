//! Maps words that are not verbs to verbs: kubectl's commands, HTTP methods and everyday words.

use crate::sentence_list;

/// The verbs, and sometimes the resource, that a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerbAlias {
    /// The verbs of the requests.
    pub verbs: &'static [&'static str],
    /// The resource of the requests; empty for the resource that the word is used with.
    pub resource: &'static str,
    /// The subresource of the requests; empty for none.
    pub subresource: &'static str,
}

impl VerbAlias {
    /// Returns the verbs that a word means; `None` if it means none.
    ///
    /// Servers compare verbs byte for byte, so a rule with such a word matches no request.
    pub fn of(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let verbs = |verbs| Self { verbs, resource: "", subresource: "" };
        let of = |verbs, resource, subresource| Self { verbs, resource, subresource };
        Some(match &*word {
            "add" | "post" => verbs(&["create"]),
            "all" | "any" => verbs(&["*"]),
            "annotate" | "label" | "restart" | "set" => verbs(&["get", "patch"]),
            "apply" => verbs(&["get", "create", "patch"]),
            "attach" => of(&["create"], "pods", "attach"),
            "cordon" | "taint" | "uncordon" => of(&["get", "patch"], "nodes", ""),
            "cp" | "exec" | "execute" => of(&["create"], "pods", "exec"),
            "debug" => of(&["patch"], "pods", "ephemeralcontainers"),
            "describe" => verbs(&["get", "list"]),
            "destroy" | "remove" => verbs(&["delete"]),
            "edit" | "modify" => verbs(&["update", "patch"]),
            "evict" => of(&["create"], "pods", "eviction"),
            "log" | "logs" => of(&["get"], "pods", "log"),
            "port-forward" | "portforward" => of(&["create"], "pods", "portforward"),
            // The verbs of the proxy in Kubernetes before 1.10.
            "proxy" | "redirect" => of(&["get", "create"], "", "proxy"),
            "put" | "replace" => verbs(&["update"]),
            "read" | "view" => verbs(&["get", "list", "watch"]),
            "rollout" => verbs(&["get", "list", "watch", "patch"]),
            "run" => of(&["create"], "pods", ""),
            "scale" => of(&["update", "patch"], "", "scale"),
            "wait" => verbs(&["get", "list", "watch"]),
            "write" => verbs(&["create", "update", "patch", "delete"]),
            _ => return None,
        })
    }

    /// Returns the resource and subresource, as rules write it, when the word is used with a
    /// resource.
    pub fn on(&self, resource: &str) -> String {
        let resource = match self.resource {
            "" => resource.split('/').next().unwrap_or_default(),
            itself => itself,
        };
        match self.subresource {
            "" => resource.to_owned(),
            subresource => format!("{resource}/{subresource}"),
        }
    }

    /// Returns the verbs in a sentence: `` `get`, `list` and `watch` ``.
    pub fn verbs_in_words(&self) -> String {
        let quoted: Vec<String> = self.verbs.iter().map(|verb| format!("`{verb}`")).collect();
        sentence_list(&quoted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_everyday_words_map_to_verbs() {
        for (word, resource, verbs, meant) in [
            ("scale", "deployments.apps", "`update` and `patch`", "deployments.apps/scale"),
            ("exec", "pods", "`create`", "pods/exec"),
            ("logs", "deployments", "`get`", "pods/log"),
            ("port-forward", "services", "`create`", "pods/portforward"),
            ("read", "pods/log", "`get`, `list` and `watch`", "pods"),
            ("Describe", "pods", "`get` and `list`", "pods"),
            ("drain", "nodes", "", ""),
            ("get", "pods", "", ""),
        ] {
            let found = VerbAlias::of(word);
            let said = found.map(|found| (found.verbs_in_words(), found.on(resource)));
            assert_eq!(said.unwrap_or_default(), (verbs.to_owned(), meant.to_owned()), "{word}");
        }
    }
}
