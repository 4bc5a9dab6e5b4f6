//! [`Call`] and [`Args`]: what a running function has at hand.

use std::ops::Deref;

use super::{FuncError, Function};
use crate::collection::{List, Map};
use crate::error::{Error, Location};
use crate::limits::{Budget, LimitError};
use crate::str::Str;
use crate::value::Value;

/// The arguments of one call, already of the declared types.
///
/// The typed getters panic when the signature declares another type: that is a mistake in the
/// function, and the engine reports it as an error of the call.
#[derive(Clone, Debug)]
pub struct Args(Vec<Value>);

impl Args {
    /// Wraps arguments that fit the signature of the function they are meant for.
    pub fn new(args: Vec<Value>) -> Args {
        Args(args)
    }

    /// Returns a string argument.
    pub fn str(&self, index: usize) -> &Str {
        self.0[index]
            .as_str()
            .expect("parameter is declared as a string")
    }

    /// Returns an argument of any signed integer type.
    pub fn int(&self, index: usize) -> i64 {
        self.0[index]
            .as_int()
            .expect("parameter is declared as an integer")
    }

    /// Returns an argument of any float type.
    pub fn float(&self, index: usize) -> f64 {
        self.0[index]
            .as_float()
            .expect("parameter is declared as a float")
    }

    /// Returns a boolean argument.
    pub fn bool(&self, index: usize) -> bool {
        self.0[index]
            .as_bool()
            .expect("parameter is declared as a boolean")
    }

    /// Returns a list argument.
    pub fn list(&self, index: usize) -> &List {
        self.0[index]
            .as_list()
            .expect("parameter is declared as a slice")
    }

    /// Returns a map argument.
    pub fn map(&self, index: usize) -> &Map {
        self.0[index]
            .as_map()
            .expect("parameter is declared as a map")
    }

    /// Returns the arguments from `index` on, which is how a variadic function sees its tail.
    pub fn rest(&self, index: usize) -> &[Value] {
        self.0.get(index..).unwrap_or_default()
    }

    /// Returns the arguments as a vector.
    pub fn into_vec(self) -> Vec<Value> {
        self.0
    }
}

impl Deref for Args {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

/// What a running function may ask of the engine.
pub struct Call<'a> {
    host: &'a mut dyn Host,
}

impl<'a> Call<'a> {
    pub(crate) fn new(host: &'a mut dyn Host) -> Call<'a> {
        Call { host }
    }

    /// Executes a template of the set with `data` as its dot and returns its output.
    pub fn execute(&mut self, name: &str, data: Value) -> Result<Str, Error> {
        self.host.execute(name, data)
    }

    /// Parses `text` as a template called `name` and adds it, and what it defines, to the set.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), Error> {
        self.host.parse(name, text)
    }

    /// Parses `text` as [`Call::parse`] does, executes it with `data` as its dot and returns its
    /// output.
    ///
    /// If it is known where the lines of `text` come from, what they write is traced to there.
    pub fn execute_text(&mut self, name: &str, text: &Str, data: Value) -> Result<Str, Error> {
        self.host.execute_text(name, text, data)
    }

    /// Remembers that `text` is the whole text of a file, which origins call `template`: as long as it is handed on
    /// unchanged, or with other space around its lines, what it writes is traced to the lines of that file.
    pub fn comes_from(&mut self, text: &Str, template: &str) {
        self.host.comes_from(text, template);
    }

    /// Reports whether the set has a template of that name.
    pub fn has_template(&mut self, name: &str) -> bool {
        self.host.has_template(name)
    }

    /// Calls a function value, with Go's checks of its arguments.
    pub fn invoke(&mut self, function: &Function, args: Vec<Value>) -> Result<Value, FuncError> {
        self.host.invoke(function, args)
    }

    /// Returns where in which template the function is called.
    pub fn place(&self) -> Location {
        self.host.place()
    }

    /// Accounts for `count` units of work, before doing them.
    pub fn charge_steps(&mut self, count: u64) -> Result<(), LimitError> {
        self.host.budget().charge_steps(count)
    }

    /// Accounts for `count` bytes, before they are made. What a function returns is counted
    /// anyway; call this first when it is about to become large.
    pub fn charge_bytes(&mut self, count: u64) -> Result<(), LimitError> {
        self.host.budget().charge_bytes(count)
    }

    /// Fails if `count` bytes are more than what is left. They are not accounted for: ask this before making what the
    /// function returns, which is counted then.
    pub fn check_bytes(&mut self, count: u64) -> Result<(), LimitError> {
        self.host.budget().check_bytes(count)
    }

    /// Returns how many bytes may still be made.
    pub fn bytes_left(&mut self) -> u64 {
        self.host.budget().bytes_left()
    }

    /// Formats as Go's `fmt.Sprintf`.
    pub fn sprintf(&mut self, format: &[u8], args: &[Value]) -> Result<Str, LimitError> {
        self.host
            .budget()
            .within_bytes(|max| crate::fmt::sprintf(format, args, max))
    }

    /// Formats as Go's `fmt.Sprint`: a space between two operands that are not strings.
    pub fn sprint(&mut self, args: &[Value]) -> Result<Str, LimitError> {
        self.host
            .budget()
            .within_bytes(|max| crate::fmt::sprint(args, max))
    }

    /// Formats one value as `%v`.
    pub fn text(&mut self, value: &Value) -> Result<Str, LimitError> {
        if let Value::String(text) = value {
            return Ok(text.clone());
        }
        self.sprint(std::slice::from_ref(value))
    }

    /// Reports whether two values are equal as in Go's `reflect.DeepEqual`.
    pub fn deep_equal(&mut self, left: &Value, right: &Value) -> Result<bool, LimitError> {
        crate::equal::deep_equal(left, right, || self.host.budget().charge_steps(1))
    }
}

/// The engine behind a [`Call`].
pub(crate) trait Host {
    fn execute(&mut self, name: &str, data: Value) -> Result<Str, Error>;
    fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), Error>;
    fn execute_text(&mut self, name: &str, text: &Str, data: Value) -> Result<Str, Error>;
    fn comes_from(&mut self, text: &Str, template: &str);
    fn has_template(&mut self, name: &str) -> bool;
    fn invoke(&mut self, function: &Function, args: Vec<Value>) -> Result<Value, FuncError>;
    fn budget(&mut self) -> &mut Budget;
    fn place(&self) -> Location;
}
