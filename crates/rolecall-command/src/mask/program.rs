//! Programs that take secrets in short options, which have other meanings in other programs.

use std::ops::Range;

/// A program, classified by the meaning of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The option whose value is a secret.
    option: &'static str,
    /// Whether the value can be a separate word.
    is_apart: bool,
}

impl Program {
    /// Returns the program that a word names, by its path or alone.
    pub(super) fn of(word: &str) -> Option<Self> {
        let (option, is_apart) = match word.rsplit('/').next()? {
            "mysql" | "mysqldump" | "mysqladmin" | "mysqlimport" | "mariadb" | "mariadb-dump"
            | "7z" | "7za" => ("-p", false),
            "sshpass" | "mongo" | "mongosh" | "mongodump" | "mongorestore" | "mongoexport"
            | "mongoimport" | "cqlsh" => ("-p", true),
            // `docker login`, `helm registry login`, `oc login`: their other commands publish ports.
            "login" => ("-p", true),
            "redis-cli" => ("-a", true),
            "ldapsearch" | "ldapadd" | "ldapmodify" | "ldapdelete" | "ldapwhoami" => ("-w", true),
            "sqlcmd" | "zip" | "unzip" | "ipmitool" => ("-P", true),
            _ => return None,
        };
        Some(Self { option, is_apart })
    }

    /// Returns whether the word after an option is a secret.
    pub(super) fn wants_secret(self, word: &str) -> bool {
        self.is_apart && word == self.option
    }

    /// Finds a secret that is attached to its option.
    pub(super) fn attached_in(self, word: &str) -> Option<Range<usize>> {
        let value = word.strip_prefix(self.option)?;
        (!value.is_empty()).then(|| word.len() - value.len()..word.len())
    }
}
