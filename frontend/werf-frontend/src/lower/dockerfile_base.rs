//! Images from Dockerfiles that others are based on or import files of: what BuildKit's Dockerfile frontend has made is
//! built upon.

use buildkit_llb::Graph;
use buildkit_proto::pb;
use diagnostic::Diagnostic;
use werf_config::ImageName;
use werf_plan::stage::StageKind;

use super::Step;
use super::image::{DoneImage, Images};
use super::image_config::ImageConfig;

/// What has become of an image from a Dockerfile, before anything of it is run.
#[derive(Clone, Debug)]
pub struct DockerfileBase {
    /// Its name.
    pub name: ImageName,
    /// Its file system; `None` if that is empty.
    pub definition: Option<pb::Definition>,
    /// The exec that makes its context. It is a part of `definition` if the Dockerfile takes files.
    pub context: pb::Definition,
    /// Its configuration.
    pub config: Vec<u8>,
}

impl DockerfileBase {
    /// Adds it to what is done. Its context counts as the stage that puts files where there were none.
    pub(super) fn add(
        &self,
        graph: &mut Graph,
        images: &mut Images,
    ) -> Result<(), Vec<Diagnostic>> {
        let refuse = |why: String| {
            let message = format!("image `{}`: {why}", self.name);
            vec![Diagnostic::error(message)]
        };
        let import = |graph: &mut Graph, definition: &pb::Definition| {
            let imported = graph.import_definition(definition.clone());
            imported.map_err(|error| refuse(error.to_string()))
        };
        let root = match &self.definition {
            Some(definition) => Some(import(graph, definition)?),
            None => None,
        };
        let node = import(graph, &self.context)?;
        images.steps.push(Step {
            node,
            image: self.name.clone(),
            kind: StageKind::GitArchive,
            has_sources: true,
            tasks: Vec::new(),
            commands: Vec::new(),
            first_task: 0,
        });
        let config = ImageConfig::from_built(&self.config).map_err(|error| refuse(error.0))?;
        // It has no stages: whoever asks for one gets all of it.
        let stages = vec![(StageKind::From, root)];
        let done = DoneImage {
            root,
            config,
            link: None,
            stages,
        };
        images.done.insert(self.name.clone(), done);
        Ok(())
    }
}
