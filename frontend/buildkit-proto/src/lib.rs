//! BuildKit's gateway and LLB messages and calls, generated from trimmed .proto files.
