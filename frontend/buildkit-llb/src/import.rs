//! Definitions of the daemon's, to be built upon.

use std::collections::HashMap;
use std::fmt;

use buildkit_proto::pb;
use prost::Message as _;

use crate::graph::{Graph, Node, Said, digest};

/// Why bytes are not a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// They do not decode.
    Encoding(String),
    /// There are fewer than two operations, so there is nothing that the last one points to.
    Empty,
    /// An operation, or the terminal one, refers to an operation that does not come before it.
    UnknownInput(String),
    /// The last operation is not a terminal one: it has not exactly one input.
    NoTerminal,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Encoding(cause) => write!(f, "the definition does not decode: {cause}"),
            ImportError::Empty => f.write_str("the definition is empty"),
            ImportError::UnknownInput(digest) => write!(
                f,
                "the definition refers to {digest}, which it does not hold"
            ),
            ImportError::NoTerminal => {
                f.write_str("the definition does not end in a terminal operation")
            }
        }
    }
}

impl std::error::Error for ImportError {}

impl Graph {
    /// Adds a marshalled definition and returns the node that its terminal operation points to.
    ///
    /// The operations keep their bytes, since decoding would lose what this crate does not know, and
    /// their metadata.
    ///
    /// # Errors
    /// Bytes that are no definition.
    pub fn import(&mut self, definition: &[u8]) -> Result<Node, ImportError> {
        let encoding = |error: prost::DecodeError| ImportError::Encoding(error.to_string());
        let mut definition = pb::Definition::decode(definition).map_err(encoding)?;
        let Some(terminal) = definition.def.pop().filter(|_| !definition.def.is_empty()) else {
            return Err(ImportError::Empty);
        };
        let mut known: HashMap<String, usize> = HashMap::new();
        for bytes in definition.def {
            let name = digest(&bytes);
            let inputs = pb::Op::decode(bytes.as_slice())
                .map_err(encoding)?
                .inputs
                .into_iter()
                .map(|input| {
                    known
                        .get(&input.digest)
                        .copied()
                        .ok_or(ImportError::UnknownInput(input.digest))
                })
                .collect::<Result<Vec<usize>, ImportError>>()?;
            let metadata = definition.metadata.remove(&name);
            let index = self.add_bytes(bytes, inputs, Said::Daemons(metadata));
            known.insert(name, index);
        }
        match pb::Op::decode(terminal.as_slice())
            .map_err(encoding)?
            .inputs
            .as_slice()
        {
            [input] => match known.get(&input.digest) {
                Some(&op) => Ok(Node {
                    op,
                    output: usize::try_from(input.index).unwrap_or(0),
                }),
                None => Err(ImportError::UnknownInput(input.digest.clone())),
            },
            _ => Err(ImportError::NoTerminal),
        }
    }
}
