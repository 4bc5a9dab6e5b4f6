//! BuildKit's messages and calls, generated from our own trimmed `.proto` files.
//!
//! `proto/` holds what a frontend needs, with BuildKit's field numbers; what is left out is lost when a message
//! is decoded, so operations that come from the daemon must be kept as bytes. Maps are sorted, so that equal
//! messages have equal bytes. These are not yet the bytes that Go makes of the same message, where digests of
//! operations come from: Go writes a `oneof` after all other fields (`buildkit-llb` sees to that), and of an entry of
//! a map also what is empty.
//!
//! The modules are named after the protobuf packages; [`pb`], [`frontend`] and [`rpc`] are the short ways in.

pub use google::rpc;
pub use moby::buildkit::v1::frontend;

/// The LLB graph (`solver/pb/ops.proto`).
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub mod pb {
    include!("../generated/pb.rs");
}

/// Packages of the fsutil library.
pub mod fsutil {
    /// What is told of a file (`types/stat.proto`).
    #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
    pub mod types {
        include!("../generated/fsutil.types.rs");
    }
}

/// Packages of Google's API definitions.
pub mod google {
    /// The error model of gRPC (`google/rpc/status.proto`).
    #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
    pub mod rpc {
        include!("../generated/google.rpc.rs");
    }
}

/// Packages of BuildKit.
pub mod moby {
    /// Packages of BuildKit.
    pub mod buildkit {
        /// Packages of BuildKit.
        pub mod v1 {
            /// Capabilities (`util/apicaps/pb/caps.proto`).
            #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
            pub mod apicaps {
                include!("../generated/moby.buildkit.v1.apicaps.rs");
            }
            /// The gateway service and its messages (`frontend/gateway/pb/gateway.proto`).
            #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
            pub mod frontend {
                include!("../generated/moby.buildkit.v1.frontend.rs");
            }
            /// Source policies (`sourcepolicy/pb/policy.proto`).
            #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
            pub mod sourcepolicy {
                include!("../generated/moby.buildkit.v1.sourcepolicy.rs");
            }
            /// Workers (`api/types/worker.proto`).
            #[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
            pub mod types {
                include!("../generated/moby.buildkit.v1.types.rs");
            }
        }
    }
}
