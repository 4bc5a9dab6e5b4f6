//! Definitions of the daemon's, to be built upon.

use std::collections::HashMap;
use std::fmt;

use buildkit_proto::pb;
use prost::Message as _;

use crate::encoding::digest;
use crate::graph::{Graph, Node};
use crate::location::Place;
use crate::metadata::Metadata;

/// Why a definition cannot be built upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// The definition or one of its operations is no protobuf message of its kind.
    Encoding(prost::DecodeError),
    /// There are fewer than two operations, so there is nothing that the last one points to.
    Empty,
    /// An operation refers to this digest, which no operation before it has.
    UnknownInput(String),
    /// An operation refers to an output with this number, which is negative.
    NegativeOutput(i64),
    /// The last operation is not a terminal one: it does something, or has not exactly one input.
    NoTerminal,
    /// A place is in the file with this number, which the definition does not hold.
    UnknownFile(i32),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Encoding(cause) => write!(f, "the definition does not decode: {cause}"),
            ImportError::Empty => {
                f.write_str("the definition holds no operation that could be solved")
            }
            ImportError::UnknownInput(digest) => {
                write!(
                    f,
                    "the definition refers to operation `{digest}` before it or without holding it"
                )
            }
            ImportError::NegativeOutput(index) => {
                write!(f, "the definition refers to an output numbered {index}")
            }
            ImportError::NoTerminal => {
                f.write_str("the definition does not end in a terminal operation")
            }
            ImportError::UnknownFile(index) => {
                write!(
                    f,
                    "the definition refers to source file {index} without holding it"
                )
            }
        }
    }
}

impl std::error::Error for ImportError {}

impl From<prost::DecodeError> for ImportError {
    fn from(cause: prost::DecodeError) -> ImportError {
        ImportError::Encoding(cause)
    }
}

impl Graph {
    /// Adds a marshalled definition, as BuildKit leaves one of the frontend's own image, and returns the node
    /// that its terminal operation points to.
    ///
    /// # Errors
    /// See [`Graph::import_definition`]; the graph is then as it was.
    pub fn import(&mut self, definition: &[u8]) -> Result<Node, ImportError> {
        self.import_definition(pb::Definition::decode(definition)?)
    }

    /// Adds a definition, as BuildKit hands them out as inputs, and returns the node that its terminal operation
    /// points to.
    ///
    /// The operations keep their bytes, since decoding would lose what this crate does not know. What is said about
    /// them, and the files that they come from, are taken over.
    ///
    /// # Errors
    /// A definition that is malformed; the graph is then as it was.
    pub fn import_definition(
        &mut self,
        mut definition: pb::Definition,
    ) -> Result<Node, ImportError> {
        let source = definition.source.take().unwrap_or_default();
        let Some(terminal) = definition.def.pop().filter(|_| !definition.def.is_empty()) else {
            return Err(ImportError::Empty);
        };

        // First everything is checked, so that nothing half-read gets into the graph.
        let mut position = HashMap::new();
        let mut operations = Vec::new();
        for bytes in definition.def {
            let op = pb::Op::decode(bytes.as_slice())?;
            let inputs = op
                .inputs
                .iter()
                .map(|input| input_position(input, &position));
            let inputs = inputs.collect::<Result<Vec<usize>, ImportError>>()?;
            let digest = digest(&bytes);
            let places = places(&digest, &source)?;
            let message = definition
                .metadata
                .get(&digest)
                .cloned()
                .unwrap_or_default();
            position.insert(digest, operations.len());
            operations.push((bytes, inputs, Metadata { message, places }));
        }
        let terminal = pb::Op::decode(terminal.as_slice())?;
        let ([input], None) = (terminal.inputs.as_slice(), &terminal.op) else {
            return Err(ImportError::NoTerminal);
        };
        let last = input_position(input, &position)?;
        let output =
            usize::try_from(input.index).map_err(|_| ImportError::NegativeOutput(input.index))?;

        let files: Vec<usize> = source
            .infos
            .into_iter()
            .map(|mut file| {
                file.definition.iter_mut().for_each(remove_empty_places);
                self.add_file(file)
            })
            .collect();
        let mut indices: Vec<usize> = Vec::new();
        for (bytes, inputs, mut metadata) in operations {
            for place in &mut metadata.places {
                place.file = files[place.file];
            }
            let inputs = inputs.into_iter().map(|input| indices[input]).collect();
            indices.push(self.add_bytes(bytes, inputs, metadata));
        }
        Ok(Node {
            op: indices[last],
            output,
        })
    }
}

/// Removes what says nothing of an operation, here and in the definitions of files.
///
/// BuildKit writes an empty list of places for each operation that has none. Go writes it as a value of the map; prost
/// leaves a value out that is the default, which Go reads as a nil pointer. A daemon that makes inputs of a frontend of such
/// a definition goes down (`NewDefinitionOp` in `client/llb/definition.go`, seen with 0.13).
fn remove_empty_places(definition: &mut pb::Definition) {
    let Some(source) = &mut definition.source else {
        return;
    };
    source
        .locations
        .retain(|_, locations| !locations.locations.is_empty());
    for file in &mut source.infos {
        file.definition.iter_mut().for_each(remove_empty_places);
    }
}

/// Returns which of the operations so far `input` refers to.
fn input_position(
    input: &pb::Input,
    position: &HashMap<String, usize>,
) -> Result<usize, ImportError> {
    if input.index < 0 {
        return Err(ImportError::NegativeOutput(input.index));
    }
    let position = position.get(&input.digest);
    position
        .copied()
        .ok_or_else(|| ImportError::UnknownInput(input.digest.clone()))
}

/// Returns the places of the operation with `digest`; files are counted within the definition.
fn places(digest: &str, source: &pb::Source) -> Result<Vec<Place>, ImportError> {
    let mut places = Vec::new();
    for location in source
        .locations
        .get(digest)
        .into_iter()
        .flat_map(|locations| &locations.locations)
    {
        let file = usize::try_from(location.source_index)
            .ok()
            .filter(|file| *file < source.infos.len());
        let file = file.ok_or(ImportError::UnknownFile(location.source_index))?;
        places.extend(location.ranges.iter().map(|range| Place {
            file,
            range: *range,
        }));
    }
    Ok(places)
}
