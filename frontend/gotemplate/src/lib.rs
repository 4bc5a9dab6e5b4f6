//! Go's `text/template`, as of Go 1.24: the language, the builtin functions, `printf` with all its
//! verbs, and error messages in Go's words.
//!
//! ```
//! use gotemplate::{Map, Templates, Value};
//!
//! let templates = Templates::new("main");
//! templates.parse("item", "- {{ . }}\n").unwrap();
//! templates.parse("main", "{{ range .items }}{{ template \"item\" . }}{{ end }}").unwrap();
//! let items = vec![Value::string("a"), Value::int(2)];
//! let data = Value::from(Map::dict([("items", items)]));
//! assert_eq!(templates.execute("main", data).unwrap().text(), "- a\n- 2\n");
//! ```
//!
//! # Values
//!
//! A [`Value`] knows its Go type, because Go's answers depend on it: `int` is not `int64`, a
//! `[]string` not a `[]interface {}`.
//!
//! | Go | here |
//! | --- | --- |
//! | `nil` in an `interface {}` | [`Value::Nil`] |
//! | no value at all: a missing key, an invalid `reflect.Value` | [`Value::Absent`] |
//! | `bool`, `int`, `int64`, `uint8`, `float64`, … | [`Value::Bool`], [`Value::int`], [`Value::int64`], [`Value::uint8`], [`Value::float`], … |
//! | `string` (any bytes) | [`Str`] |
//! | `[]interface {}`, `[]string`, `[]int`, `[]uint8`, … | [`List`]: shared, never changed |
//! | `map[string]interface {}`, `map[string]string`, `map[interface {}]interface {}`, … | [`Map`]: shared, changed in place, sorted |
//! | structs and pointers with fields and methods | [`Object`] |
//! | functions as values | [`Function`] |
//!
//! `==` on values is Go's `reflect.DeepEqual`, [`Value::type_name`] is `%T`, [`Value::kind`] is
//! `reflect.Kind`, [`Value::is_true`] is what `if` asks; `{}` formats as `%v` and `{:?}` as `%#v`.
//! The [`fmt`] module has `Sprintf` and its relatives.
//!
//! # Functions
//!
//! A function declares its parameters; the engine checks and converts the arguments as Go does
//! and fails with Go's words where they do not fit. A body gets a [`Call`], through which it can
//! execute templates, parse new ones and account for its work, and [`Args`] of the declared types.
//!
//! ```
//! use gotemplate::{FuncError, FuncMap, Map, Templates, Type, Value};
//!
//! let mut funcs = FuncMap::new();
//! // func(string) string
//! funcs.add("shout", [Type::String], |_call, args| {
//!     Ok(Value::string(args.str(0).to_text().to_uppercase()))
//! });
//! // func(...interface{}) []interface{}
//! funcs.add_variadic("list", [Type::Any], |_call, args| Ok(Value::from(args.into_vec())));
//! // func(map[string]interface{}, string, interface{}) (map[string]interface{}, error)
//! funcs.add("set", [Type::dict(), Type::String, Type::Any], |_call, args| {
//!     args.map(0).insert(&args[1], args[2].clone())?;
//!     Ok(args[0].clone())
//! });
//! // func(string, interface{}) (string, error)
//! funcs.add("include", [Type::String, Type::Any], |call, args| {
//!     Ok(Value::String(call.execute(&args.str(0).to_text(), args[1].clone())?))
//! });
//! // func(string) (interface{}, error)
//! funcs.add("fail", [Type::String], |_call, args| {
//!     Err(FuncError::new(args.str(0).to_text()))
//! });
//!
//! let templates = Templates::new("main").with_funcs(funcs);
//! templates.parse("t", "[{{ . }}]").unwrap();
//! templates.parse("main", r#"{{ include "t" (shout .name) }}{{ fail "oh" }}"#).unwrap();
//! let data = Map::dict([("name", "go")]);
//! let error = templates.execute("main", Value::from(data)).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     r#"template: main:1:34: executing "main" at <fail "oh">: error calling fail: oh"#,
//! );
//! ```
//!
//! A parameter of type [`Type::Any`] gets [`Value::Nil`] for everything that is nil, one of a
//! slice or map type the nil slice or map. A panic in a function is an error of the call.
//!
//! # Errors
//!
//! An [`Error`] displays as Go's does. As data it has its [`ErrorKind`], the root message and a
//! [`Frame`] for every template and function on the way to the failure, each with the line, the
//! column and the offset in its text.
//!
//! # Limits
//!
//! Whatever a template does, it ends: [`Limits`] bound output, memory, steps and depth, and no
//! template can exhaust the stack. Functions that make large values or loop for long have to ask
//! [`Call::charge_bytes`] and [`Call::charge_steps`] first.
//!
//! # Origins
//!
//! [`Rendered::locate`] tells which template line wrote a byte of the output, also through
//! functions like `include` and `indent`.
//!
//! # Differences from Go
//!
//! - Pointers have no address: wherever Go prints one, this prints `0xc000010000`.
//! - The capacity of a slice is its length, which `slice` can tell.
//! - `range` knows no channels and no iterator functions, and there are no arrays.
//! - Values are printed 400 levels deep, and a node in an error message up to 2,000 bytes.
//! - Parentheses nest 10,000 deep, as in Go 1.25 and later, and functions that execute templates
//!   as deep as [`Limits::nesting`] says; Go dies of an endless recursion through a function.
//! - Identifiers are judged by Rust's idea of letters, which includes a few marks that Go's does not.
#![forbid(unsafe_code)]

mod builtins;
mod collection;
mod equal;
mod error;
mod exec;
pub mod fmt;
mod func;
mod key;
mod limits;
mod object;
mod output;
mod parse;
mod str;
mod template;
mod types;
mod utf8;
mod value;

pub use collection::{List, Map, MapError};
pub use error::{Error, ErrorKind, Frame, Location, Step};
pub use func::{Args, Call, FuncError, FuncMap, Function, Signature};
pub use limits::{Limit, LimitError, Limits};
pub use object::Object;
pub use output::{Origin, Rendered};
pub use parse::{parse_float, parse_int, parse_uint};
pub use str::Str;
pub use template::{MissingKey, Templates};
pub use types::{FloatKind, IntKind, Kind, Type, UintKind};
pub use value::Value;
