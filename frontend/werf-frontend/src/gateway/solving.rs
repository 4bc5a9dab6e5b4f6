//! The graph of the target becomes an image: at once, or by a patch beside it.

use buildkit_llb::Node;
use buildkit_proto::rpc;
use stapel_sync::seal::{HEAD_BYTES, Head, SEAL_PATH};

use super::bridge::{self, Bridge, CallError, Ref};
use super::failure::{Failure, lacks_in_store, look_and_blame};
use super::plan_graph::OwnImage;
use super::report;
use super::rounds::{Solved, TargetGraph};

/// Solves the image, so that a failure happens while we can still say which stage it was. `None` if it is linked and a patch
/// beside it cannot be exact, or cannot be made: then it is to be made by a sync, which also says what is wrong.
///
/// A linked image takes two solves. The patch is named after what the seal says, since BuildKit finds results by how they
/// were made: a stage that was made twice has one name, and its layers need not have the same files.
pub(super) async fn solve_image(
    bridge: &mut Bridge,
    own: &OwnImage<'_>,
    target_graph: &mut TargetGraph,
) -> Result<Option<Solved<Ref>>, Failure> {
    let is_linked = target_graph.lowered.link.is_some();
    if let Some(link) = &target_graph.lowered.link {
        let reference = match solve(bridge, own, target_graph, link.seal, false).await? {
            Some(Solved::Well(reference)) => reference,
            other => return Ok(other),
        };
        let head = match bridge
            .read_head(&reference, SEAL_PATH, HEAD_BYTES as i64)
            .await
        {
            Ok(bytes) => Head::decode(&bytes),
            Err(CallError::Status(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(Head { id, serves: true }) = head else {
            return Ok(None);
        };
        target_graph.lowered.patch(&id);
    }
    match target_graph.lowered.root {
        Some(root) => solve(bridge, own, target_graph, root, is_linked).await,
        None => Ok(Some(Solved::Well(Ref(String::new())))),
    }
}

/// Solves up to `node`. If that is upon a seal, all stages have been made before: then whatever fails is left to the sync.
async fn solve(
    bridge: &mut Bridge,
    own: &OwnImage<'_>,
    target_graph: &TargetGraph,
    node: Node,
    is_upon_seal: bool,
) -> Result<Option<Solved<Ref>>, Failure> {
    let mut definition = target_graph.lowered.graph.definition(node);
    bridge::shrink(&mut definition)?;
    match bridge.solve(definition).await {
        Ok(reference) => Ok(Some(Solved::Well(reference))),
        Err(CallError::Status(status)) if is_left(&status, target_graph) => Ok(None),
        Err(CallError::Status(status)) if is_upon_seal && !lacks_in_store(&status) => Ok(None),
        Err(CallError::Status(status)) => {
            let miss = look_and_blame(bridge, own, *status, target_graph).await?;
            Ok(Some(Solved::StoreLacks(miss)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether it was the seal or the patch that failed, and not because STORE was emptied under it.
pub(super) fn is_left(status: &rpc::Status, target_graph: &TargetGraph) -> bool {
    let lowered = &target_graph.lowered;
    let (Some(link), Some(vertex)) = (&lowered.link, report::failed_vertex(status)) else {
        return false;
    };
    link.has(&lowered.graph, &vertex) && !lacks_in_store(status)
}
