//! What the client did not give or allow: BuildKit's words for it, turned into a line of the configuration and the option
//! to add.

use buildkit_proto::rpc::Status;
use diagnostic::Diagnostic;
use werf_config::NetworkMode;
use werf_plan::file::ImagePlan;

/// What BuildKit says when a step has the host's network and the client has not allowed it (`solver/llbsolver/vertex.go`).
const HOST_DENIED: &str = "network.host is not allowed";

/// Returns the mistake behind a failed solve of `image`, if it is one of these.
pub fn explain(status: &Status, image: &ImagePlan) -> Option<Diagnostic> {
    if let Some(network) = &image.network
        && network.value == NetworkMode::Host
        && status.message.contains(HOST_DENIED)
    {
        let message = format!(
            "`network: host` of image `{}` is not allowed for this build",
            image.name
        );
        return Some(
            Diagnostic::error(message)
                .at(network.at.clone())
                .hint("add `--allow network.host`, which the builder must permit, too"),
        );
    }
    let secret = image.secrets.iter().find(|secret| {
        let missing = format!("secret {}: not found", secret.id);
        status.message.ends_with(&missing)
    })?;
    let option = secret.option()?;
    let message = format!(
        "image `{}` needs the secret `{}`, which the build was not given",
        image.name, secret.id
    );
    Some(
        Diagnostic::error(message)
            .at(secret.at.clone())
            .hint(format!("add `{option}`")),
    )
}
