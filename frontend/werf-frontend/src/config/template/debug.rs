//! `printf_debug` and `dump_debug` (spec 2.3): they write nothing, and there is no log to write to.

use gotemplate::{FuncMap, Type, Value};

/// Adds the functions.
pub fn register(functions: &mut FuncMap) {
    functions.add_variadic("printf_debug", [Type::String, Type::Any], |_call, _args| {
        Ok(Value::string(""))
    });
    functions.add("dump_debug", [Type::Any], |_call, _args| {
        Ok(Value::string(""))
    });
}
