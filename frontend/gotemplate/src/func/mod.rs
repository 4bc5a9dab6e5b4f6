//! Functions that templates can call: how they are declared, what they get, how they fail.

mod call;
mod error;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub(crate) use call::Host;
pub use call::{Args, Call};
pub(crate) use error::Failure;
pub use error::FuncError;

use crate::types::Type;
use crate::value::Value;

/// The parameters of a function.
///
/// They are checked before each call, with Go's rules and Go's words, so a function body can rely
/// on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    params: Vec<Type>,
    variadic: bool,
}

impl Signature {
    /// Declares exactly these parameters.
    pub fn new(params: impl Into<Vec<Type>>) -> Signature {
        Signature {
            params: params.into(),
            variadic: false,
        }
    }

    /// Declares these parameters, of which the last may be given any number of times, also none:
    /// `[Type::String, Type::Any]` is Go's `func(string, ...interface{})`.
    pub fn variadic(params: impl Into<Vec<Type>>) -> Signature {
        let params = params.into();
        assert!(
            !params.is_empty(),
            "a variadic function has a parameter to repeat"
        );
        Signature {
            params,
            variadic: true,
        }
    }

    /// Returns the parameters.
    pub fn params(&self) -> &[Type] {
        &self.params
    }

    /// Reports whether the last parameter repeats.
    pub fn is_variadic(&self) -> bool {
        self.variadic
    }
}

/// Spells the type of a function with these parameters; its results are always the same.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (index, param) in self.params.iter().enumerate() {
            let last = index + 1 == self.params.len();
            let comma = if index > 0 { ", " } else { "" };
            let dots = if last && self.variadic { "..." } else { "" };
            write!(f, "{comma}{dots}{param}")?;
        }
        f.write_str(") (interface {}, error)")
    }
}

type Body = dyn Fn(&mut Call<'_>, Args) -> Result<Value, FuncError> + Send + Sync;

/// A function with its signature, cheap to clone.
#[derive(Clone)]
pub struct Function(Arc<FunctionBody>);

struct FunctionBody {
    signature: Signature,
    body: Box<Body>,
}

impl Function {
    /// Makes a function of a closure.
    pub fn new<F>(signature: Signature, body: F) -> Function
    where
        F: Fn(&mut Call<'_>, Args) -> Result<Value, FuncError> + Send + Sync + 'static,
    {
        Function(Arc::new(FunctionBody {
            signature,
            body: Box::new(body),
        }))
    }

    /// Returns the parameters.
    pub fn signature(&self) -> &Signature {
        &self.0.signature
    }

    /// Calls the function with arguments that fit its signature.
    pub fn call(&self, call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        (self.0.body)(call, args)
    }

    /// Reports whether both are the same function.
    pub fn same(&self, other: &Function) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({:?})", self.0.signature)
    }
}

/// Functions by name.
///
/// A name in the map hides a builtin of the same name.
#[derive(Clone, Debug, Default)]
pub struct FuncMap(BTreeMap<String, Function>);

impl FuncMap {
    /// Returns an empty map.
    pub fn new() -> FuncMap {
        FuncMap::default()
    }

    /// Adds a function with exactly these parameters.
    pub fn add<F>(&mut self, name: &str, params: impl Into<Vec<Type>>, body: F)
    where
        F: Fn(&mut Call<'_>, Args) -> Result<Value, FuncError> + Send + Sync + 'static,
    {
        self.insert(name, Function::new(Signature::new(params), body));
    }

    /// Adds a function whose last parameter may be given any number of times.
    pub fn add_variadic<F>(&mut self, name: &str, params: impl Into<Vec<Type>>, body: F)
    where
        F: Fn(&mut Call<'_>, Args) -> Result<Value, FuncError> + Send + Sync + 'static,
    {
        self.insert(name, Function::new(Signature::variadic(params), body));
    }

    /// Adds a function, in place of one of the same name.
    pub fn insert(&mut self, name: &str, function: Function) {
        self.0.insert(name.to_owned(), function);
    }

    /// Gives a function a second name.
    pub fn alias(&mut self, name: &str, existing: &str) {
        if let Some(function) = self.0.get(existing).cloned() {
            self.insert(name, function);
        }
    }

    /// Removes a function.
    pub fn remove(&mut self, name: &str) -> Option<Function> {
        self.0.remove(name)
    }

    /// Returns a function.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }

    /// Adds all functions of `other`, which win over existing ones.
    pub fn extend(&mut self, other: FuncMap) {
        self.0.extend(other.0);
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
