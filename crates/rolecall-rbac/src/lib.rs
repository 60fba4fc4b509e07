//! Kubernetes RBAC as a pure function: nouns, index, evaluator.
