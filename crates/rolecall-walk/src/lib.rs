//! Walks Pods to their ServiceAccounts, bindings, roles and rules.
