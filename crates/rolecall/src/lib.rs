//! RBAC troubleshooting and audit for Kubernetes.
