//! `imageSpec` as written.

use diagnostic::{Span, Spanned};
use yaml_v2::read::{self, Field};

use crate::raw::Fields;

use super::healthcheck::RawHealthcheck;

/// A name and a value, both where they are written.
type Pair = (Spanned<String>, Spanned<String>);

/// `imageSpec` and `build.imageSpec`, whose keys are some of these.
#[derive(Debug, Default)]
pub struct RawImageSpec {
    /// The key `imageSpec`.
    pub at: Span,
    pub author: Option<Spanned<String>>,
    pub clear_history: Option<Spanned<bool>>,
    pub keep_essential_werf_labels: Option<Spanned<bool>>,
    pub clear_werf_labels: Option<Spanned<bool>>,
    pub remove_labels: Vec<Spanned<String>>,
    pub remove_env: Vec<Spanned<String>>,
    pub remove_volumes: Vec<Spanned<String>>,
    pub labels: Vec<Pair>,
    pub env: Vec<Pair>,
    pub volumes: Vec<Spanned<String>>,
    pub expose: Option<Vec<Spanned<String>>>,
    pub user: Option<Spanned<String>>,
    pub working_dir: Option<Spanned<String>>,
    pub stop_signal: Option<Spanned<String>>,
    pub cmd: Option<Vec<String>>,
    pub entrypoint: Option<Vec<String>>,
    pub clear_cmd: Option<Spanned<bool>>,
    pub clear_entrypoint: Option<Spanned<bool>>,
    pub clear_user: Option<Spanned<bool>>,
    pub clear_working_dir: Option<Spanned<bool>>,
    pub healthcheck: Option<RawHealthcheck>,
}

impl RawImageSpec {
    /// Reads the section behind the key `field`.
    pub fn read(field: &Field<'_>) -> RawImageSpec {
        let spec = Fields::of(field.value);
        let at = field.key.span;
        let (author, clear_history) = (spec.text("author"), spec.boolean("clearHistory"));
        let Some(config) = spec.get("config").map(Fields::of) else {
            return RawImageSpec {
                at,
                author,
                clear_history,
                ..RawImageSpec::default()
            };
        };
        let texts = |name: &str| config.texts(name).unwrap_or_default();
        let words = |name: &str| {
            let words = config.texts(name)?;
            Some(words.into_iter().map(|word| word.value).collect())
        };
        RawImageSpec {
            at,
            author,
            clear_history,
            keep_essential_werf_labels: config.boolean("keepEssentialWerfLabels"),
            clear_werf_labels: config.boolean("clearWerfLabels"),
            remove_labels: texts("removeLabels"),
            remove_env: texts("removeEnv"),
            remove_volumes: texts("removeVolumes"),
            labels: config.text_map("labels"),
            env: config.text_map("env"),
            volumes: texts("volumes"),
            expose: config.texts("expose"),
            user: config.text("user"),
            working_dir: config.text("workingDir"),
            stop_signal: config.text("stopSignal"),
            cmd: words("cmd"),
            entrypoint: words("entrypoint"),
            clear_cmd: config.boolean("clearCmd"),
            clear_entrypoint: config.boolean("clearEntrypoint"),
            clear_user: config.boolean("clearUser"),
            clear_working_dir: config.boolean("clearWorkingDir"),
            healthcheck: config.given("healthcheck").map(RawHealthcheck::read),
        }
    }
}

impl Fields<'_> {
    /// Returns the list of scalars behind `name`; a list without items is one, too.
    fn texts(&self, name: &str) -> Option<Vec<Spanned<String>>> {
        let field = self.given(name)?;
        read::is_list(field.value).then(|| read::texts(field.value, &mut Vec::new()))
    }
}
