//! Which generation of STORE a build uses, and how builds come to the next one.
//!
//! A cache mount can split. While a build has it mounted, somebody builds any Dockerfile with a cache mount by `--no-cache`:
//! BuildKit then forgets which cache mounts are in use (`ClearActiveCacheMounts` in `solver/llbsolver/mounts`), and makes a second one
//! with the same id, for good. PLAN fills one, a stage gets the other. So after a stage has missed something, all builds move
//! on to a cache mount with another id, which is in no key.
//!
//! No cache mount can hold the number, since it may be the one that has split. It is in *notes*: results of execs with fixed
//! keys, which BuildKit keeps as it keeps layers. There is one for each number from 0 on. What such an exec writes comes from the setting
//! of a proxy, which is in no key: nothing, when it is run because somebody reads it first. To write a note it is run in spite of the
//! cache, and of two results with one key the newer counts. While two builds last that write the same note, BuildKit takes both execs for one
//! (`LoadOrStore` in `solver/index.go`). So a writer looks at what came out, and if that is another's, writes the next note. Each note has
//! all that the ones before it say, and which one comes next: the first one is written anew when the way has become long.
//!
//! The notes also have the stages that were built by another attempt, since these have another key
//! ([`Attempts`](crate::lower::Attempts)): the build that comes next finds them by it.

use buildkit_llb::{Graph, Mount, Node};
use diagnostic::Diagnostic;
use werf_plan::agreed::write_note;

use super::bridge::Bridge;
use super::failure::Failure;
use super::plan_graph::{OUT, OwnImage, PROGRAM, output_of, own_exec, unreadable};

/// The file in the directory that the exec writes to.
const NOTE: &str = "note";

/// How many stages are in a note: the newest.
const MOST_STAGES: usize = 64;

/// How many notes are read at most, and how often one is written.
const MOST_NOTES: usize = 64;

/// So many notes are read in every build; when there are more, the first is written anew.
const LONG: usize = 4;

/// What builds tell those after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// The number of the note that follows.
    next: u32,
    /// The generation of STORE that builds begin with.
    pub generation: u32,
    /// Stages by their digests, and by which attempt they were built; newer ones come last.
    pub attempts: Vec<(String, u32)>,
}

impl Note {
    /// Reads what the notes of this builder say in the end; `nonce` is another in every build and for every reading.
    ///
    /// # Errors
    /// A daemon that is gone. What else goes wrong costs no build: without notes one begins as the first.
    pub(super) async fn read(
        bridge: &mut Bridge,
        own: &OwnImage<'_>,
        nonce: &str,
    ) -> Result<Note, Failure> {
        let mut last = Note::default();
        for count in 0..MOST_NOTES {
            let written = solve(bridge, own, last.next, None, nonce).await;
            match unless_gone(written)?.and_then(|bytes| Note::parse(&bytes, last.next)) {
                Some(note) => last = note,
                None if count > LONG => {
                    let text = last.text();
                    unless_gone(solve(bridge, own, 0, Some(&text), nonce).await)?;
                    break;
                }
                None => break,
            }
        }
        Ok(last)
    }

    /// Writes a note with what `change` makes of what the notes say; it says whether there is something to write. Returns what
    /// the notes say then.
    ///
    /// # Errors
    /// A daemon that is gone.
    pub(super) async fn update(
        bridge: &mut Bridge,
        own: &OwnImage<'_>,
        nonce: &str,
        change: impl Fn(&mut Note) -> bool,
    ) -> Result<Note, Failure> {
        let mut last = Note::read(bridge, own, nonce).await?;
        for _ in 0..MOST_NOTES {
            let mut note = last.clone();
            if !change(&mut note) {
                break;
            }
            note.next = last.next + 1;
            let text = note.text();
            let written = solve(bridge, own, last.next, Some(&text), nonce).await;
            match unless_gone(written)? {
                Some(bytes) if bytes == text.as_bytes() => return Ok(note),
                // Another build was faster.
                Some(bytes) => match Note::parse(&bytes, last.next) {
                    Some(note) => last = note,
                    None => break,
                },
                None => break,
            }
        }
        Ok(last)
    }

    /// Reads `NEXT GENERATION DIGEST=ATTEMPT …`, the note with this number; `None` if it was not written. Words that make
    /// no sense are left out.
    fn parse(bytes: &[u8], number: u32) -> Option<Note> {
        let text = str::from_utf8(bytes).ok()?;
        let mut words = text.split_ascii_whitespace();
        let next = words.next()?.parse().ok()?;
        let generation = words.next()?.parse().ok()?;
        let attempts = words.filter_map(|word| {
            let (digest, attempt) = word.split_once('=')?;
            Some((digest.to_owned(), attempt.parse().ok()?))
        });
        let note = Note {
            next,
            generation,
            attempts: attempts.collect(),
        };
        (number < next && next < u32::MAX).then_some(note)
    }

    /// Adds a stage, and forgets what was known of it.
    pub(super) fn add(&mut self, digest: String, attempt: u32) {
        self.attempts.retain(|(known, _)| *known != digest);
        self.attempts.push((digest, attempt));
    }

    fn text(&self) -> String {
        let mut text = format!("{} {}", self.next, self.generation);
        let older = self.attempts.len().saturating_sub(MOST_STAGES);
        for (digest, attempt) in &self.attempts[older..] {
            text += &format!(" {digest}={attempt}");
        }
        text
    }
}

/// Leaves only failures that end a build.
fn unless_gone<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Gone(message)) => Err(Failure::Gone(message)),
        Err(_) => Ok(None),
    }
}

/// Reads the note with this number, or writes `text` there, and returns what it says then.
async fn solve(
    bridge: &mut Bridge,
    own: &OwnImage<'_>,
    number: u32,
    text: Option<&str>,
    nonce: &str,
) -> Result<Vec<u8>, Failure> {
    let (graph, node) = graph(own, number, text, nonce)?;
    let reference = bridge.solve(graph.definition(node)).await?;
    Ok(bridge.read_file(&reference, NOTE).await?)
}

/// The graph of a note. Its key has its number, and neither text nor nonce.
fn graph(
    own: &OwnImage<'_>,
    number: u32,
    text: Option<&str>,
    nonce: &str,
) -> Result<(Graph, Node), Diagnostic> {
    let mut graph = Graph::new();
    let image = own.node(&mut graph).map_err(|error| unreadable(&error))?;
    let arguments = vec![
        PROGRAM.to_owned(),
        write_note::COMMAND.to_owned(),
        format!("--{}", write_note::OUT),
        format!("{OUT}/{NOTE}"),
        format!("--{}", write_note::NUMBER),
        number.to_string(),
    ];
    let exec = own_exec(image, arguments)
        .proxy("no", text.unwrap_or_default())
        // So that it is not taken for that of a build which runs at the same time: there it may be older.
        .proxy("ftp", nonce)
        .mount(Mount::scratch(OUT));
    let exec = match text {
        None => exec.name("[internal] look up the generation of STORE"),
        Some(_) => exec
            .name("[internal] write down the generation of STORE")
            .ignore_cache(),
    };
    let node = output_of(&mut graph, exec);
    Ok((graph, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_its_text() {
        let note = Note {
            next: 3,
            generation: 7,
            attempts: vec![("ab".to_owned(), 2), ("cd".to_owned(), 3)],
        };
        assert_eq!(note.text(), "3 7 ab=2 cd=3");
        assert_eq!(Note::parse(b"3 7 ab=2 cd=3", 2), Some(note.clone()));
        assert_eq!(Note::parse(b"3 7 ab=2 nonsense cd=3 ef=x", 0), Some(note));
        for odd in [
            &b""[..],
            b"x",
            b"\xff\0",
            b"{\"version\":1}",
            b"-1 2 ab=2",
            b"3",
            b"2 7",
        ] {
            assert_eq!(Note::parse(odd, 2), None, "{}", odd.escape_ascii());
        }
    }

    #[test]
    fn a_note_has_the_newest_stages() {
        let mut note = Note {
            next: 1,
            ..Note::default()
        };
        for number in 0..1000 {
            note.add(number.to_string(), 2);
        }
        note.add("998".to_owned(), 3);
        let read = Note::parse(note.text().as_bytes(), 0)
            .expect("a note")
            .attempts;
        assert_eq!(read.len(), MOST_STAGES);
        assert_eq!(
            read[MOST_STAGES - 2..],
            [("999".to_owned(), 2), ("998".to_owned(), 3)]
        );
    }

    #[test]
    fn the_graph_of_a_note_is_a_contract() {
        let own = OwnImage::Reference("frontend:1");
        let text = |text| {
            let (graph, node) = graph(&own, 5, text, "nonce").expect("a graph");
            buildkit_llb::definition_text(&graph.definition(node))
        };
        insta::assert_snapshot!(format!("{}\n{}", text(None), text(Some("6 7 ab=2"))));
    }
}
