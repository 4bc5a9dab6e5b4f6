//! The bytes of an operation and their digest, as the daemon computes them.

use buildkit_proto::pb;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// Returns the bytes of an operation in Go's deterministic encoding (`solver/pb/ops.go`).
///
/// That is prost's but for one thing: Go writes what is in a `oneof` after all other fields, and not in the order
/// of numbers (`LegacyFieldOrder` in `google.golang.org/protobuf`). Among the messages that are part of an
/// operation, only the operation itself has a `oneof` before other fields.
///
/// Daemons since 0.17.2 decode and encode what they get and name the vertex by the digest of that; earlier ones hash
/// what they get. So these bytes have the right digest with all of them.
pub(crate) fn encode(mut op: pb::Op) -> Vec<u8> {
    let kind = pb::Op {
        op: op.op.take(),
        ..pb::Op::default()
    };
    let mut bytes = op.encode_to_vec();
    kind.encode(&mut bytes).expect("a vector grows");
    bytes
}

/// Returns the bytes of an operation as Go wrote them before BuildKit 0.17.2 (gogo/protobuf): all fields in the order of their
/// numbers.
pub(crate) fn encode_by_numbers(op: &pb::Op) -> Vec<u8> {
    op.encode_to_vec()
}

/// Returns `sha256:` and the hexadecimal digits of the hash of `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!(
        "sha256:{}",
        base16ct::lower::encode_string(&Sha256::digest(bytes))
    )
}
