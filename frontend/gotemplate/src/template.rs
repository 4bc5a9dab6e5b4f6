//! [`Templates`]: a set of templates that can call each other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::builtins;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::func::FuncMap;
use crate::limits::Limits;
use crate::output::{Lines, Rendered};
use crate::parse::{self, Delims, NodeId, Request, Source};
use crate::value::Value;

/// What a missing key of a map evaluates to; Go's option `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, which prints as `<no value>`.
    #[default]
    Invalid,
    /// The zero value of the map's element type.
    Zero,
    /// An error.
    Error,
}

/// A set of templates, their functions and the limits of their execution.
///
/// Templates are added by [`Templates::parse`] and by what a text defines. Functions may add more
/// while one executes; those stay in the set.
#[derive(Debug)]
pub struct Templates {
    name: String,
    funcs: FuncMap,
    limits: Limits,
    delims: Delims,
    missing_key: MissingKey,
    range_over_int: bool,
    observer: Option<Observer>,
    by_name: RwLock<BTreeMap<Arc<str>, Arc<Template>>>,
}

/// What is told of a call: its name, its arguments and its result.
type Told = dyn Fn(&str, &[Value], &Value) + Send + Sync;

/// Who is told of calls.
pub(crate) struct Observer(Box<Told>);

impl Observer {
    pub(crate) fn tell(&self, name: &str, args: &[Value], result: &Value) {
        (self.0)(name, args, result);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// One template of a set.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<Source>,
    pub(crate) root: NodeId,
}

impl Templates {
    /// Returns an empty set with the builtin functions. The name is that of its main template and
    /// appears in messages about the set.
    pub fn new(name: &str) -> Templates {
        Templates {
            name: name.to_owned(),
            funcs: FuncMap::new(),
            limits: Limits::default(),
            delims: Delims::default(),
            missing_key: MissingKey::default(),
            range_over_int: true,
            observer: None,
            by_name: RwLock::default(),
        }
    }

    /// Adds functions. A template may name only functions that are there when it is parsed.
    pub fn with_funcs(mut self, funcs: FuncMap) -> Templates {
        self.funcs.extend(funcs);
        self
    }

    /// Replaces the limits.
    pub fn with_limits(mut self, limits: Limits) -> Templates {
        self.limits = limits;
        self
    }

    /// Replaces `{{` and `}}`; an empty one stays as it is.
    pub fn with_delims(mut self, left: &str, right: &str) -> Templates {
        let default = Delims::default();
        let or = |delim: &str, default: Vec<u8>| match delim {
            "" => default,
            _ => delim.as_bytes().to_vec(),
        };
        self.delims = Delims {
            left: or(left, default.left),
            right: or(right, default.right),
        };
        self
    }

    /// Replaces what a missing key evaluates to.
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Templates {
        self.missing_key = missing_key;
        self
    }

    /// Chooses whether `range` accepts integers, as it does since Go 1.24 and by default here.
    pub fn with_range_over_int(mut self, allowed: bool) -> Templates {
        self.range_over_int = allowed;
        self
    }

    /// Has `observer` told of every call of a function, also of the builtin ones: its name, its arguments and its
    /// result. Methods and functions that fail are not told.
    pub fn with_observer<F>(mut self, observer: F) -> Templates
    where
        F: Fn(&str, &[Value], &Value) + Send + Sync + 'static,
    {
        self.observer = Some(Observer(Box::new(observer)));
        self
    }

    /// Parses `text` and adds it as the template `name`, together with what it defines.
    ///
    /// Within one text a name can be defined once; a later text replaces what earlier ones
    /// defined, unless it has nothing but spaces to say. A text with an error adds nothing.
    pub fn parse(&self, name: &str, text: impl AsRef<[u8]>) -> Result<(), Error> {
        self.parse_text(name, text.as_ref(), false, None).map(drop)
    }

    /// Parses `text` and returns the template that it is as a whole, which may be too empty to
    /// replace one of the same name.
    pub(crate) fn parse_text(
        &self,
        name: &str,
        text: &[u8],
        dynamic: bool,
        lines: Option<Lines>,
    ) -> Result<Arc<Template>, Error> {
        let has_function =
            |name: &str| self.funcs.get(name).is_some() || builtins::find(name).is_some();
        let request = Request {
            name,
            text,
            delims: &self.delims,
            has_function: &has_function,
            dynamic,
            lines,
        };
        let parsed = parse::parse(&request)?;
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let mut whole = None;
        for (defined, root) in parsed.roots {
            let source = Arc::clone(&parsed.source);
            let template = Arc::new(Template {
                name: Arc::clone(&defined),
                source,
                root,
            });
            if *defined == *name {
                whole = Some(Arc::clone(&template));
            }
            if !(by_name.contains_key(&defined) && template.source.is_blank(root)) {
                by_name.insert(defined, template);
            }
        }
        Ok(whole.expect("the text as a whole is among its templates"))
    }

    /// Executes the template `name` with `data` as its dot.
    pub fn execute(&self, name: &str, data: Value) -> Result<Rendered, Error> {
        let template = self.find(name)?;
        Exec::new(self, Arc::clone(&template)).render(template, data)
    }

    /// Reports whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    /// Returns the names of all templates, sorted.
    pub fn names(&self) -> Vec<Arc<str>> {
        let templates = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        templates.keys().map(Arc::clone).collect()
    }

    pub(crate) fn find(&self, name: &str) -> Result<Arc<Template>, Error> {
        self.lookup(name).ok_or_else(|| {
            let quoted = |name: &str| crate::fmt::quote::quoted(name.as_bytes());
            let (name, main) = (quoted(name), quoted(&self.name));
            let message = format!("template: no template {name} associated with template {main}");
            Error::new(ErrorKind::NoTemplate, message)
        })
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<Arc<Template>> {
        let templates = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        templates.get(name).map(Arc::clone)
    }

    pub(crate) fn funcs(&self) -> &FuncMap {
        &self.funcs
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn missing_key(&self) -> MissingKey {
        self.missing_key
    }

    pub(crate) fn observer(&self) -> Option<&Observer> {
        self.observer.as_ref()
    }

    pub(crate) fn ranges_over_int(&self) -> bool {
        self.range_over_int
    }
}
