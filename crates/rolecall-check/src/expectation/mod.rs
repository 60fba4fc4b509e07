//! What subjects can and cannot do, as a file expects it: `rolecall.yaml`.
