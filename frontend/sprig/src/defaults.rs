//! Choosing between values: `default`, `coalesce`, `ternary` and whether one is empty.

use gotemplate::{FuncError, FuncMap, Type, Value};

pub(crate) fn register(funcs: &mut FuncMap) {
    // Empty is what `if` takes for false.
    funcs.add("empty", [Type::Any], |_, args| {
        Ok((!args[0].is_true()).into())
    });
    funcs.add_variadic("default", [Type::Any, Type::Any], |_, args| {
        let given = args.get(1).filter(|given| given.is_true());
        Ok(given.unwrap_or(&args[0]).clone())
    });
    funcs.add_variadic("coalesce", [Type::Any], |_, args| {
        Ok(args
            .iter()
            .find(|value| value.is_true())
            .cloned()
            .unwrap_or(Value::Nil))
    });
    funcs.add_variadic("all", [Type::Any], |_, args| {
        Ok(args.iter().all(Value::is_true).into())
    });
    funcs.add_variadic("any", [Type::Any], |_, args| {
        Ok(args.iter().any(Value::is_true).into())
    });
    funcs.add("ternary", [Type::Any, Type::Any, Type::Bool], |_, args| {
        Ok(args[usize::from(!args.bool(2))].clone())
    });
    funcs.add("fail", [Type::String], |_, args| {
        Err(FuncError::new(args.str(0).to_text()))
    });
}
