//! Generates the least Role and RoleBinding that turn denials into yes.
