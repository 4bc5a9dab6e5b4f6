//! Types and kinds of values, and equality.

use gotemplate::{FuncMap, Type};

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("typeOf", [Type::Any], |_, args| {
        Ok(args[0].type_name().into())
    });
    funcs.add("typeIs", [Type::String, Type::Any], |_, args| {
        Ok((*args.str(0) == args[1].type_name().as_str()).into())
    });
    funcs.add("typeIsLike", [Type::String, Type::Any], |_, args| {
        let name = args[1].type_name();
        let like = |name: &str| *args.str(0) == name;
        Ok((like(&name) || name.strip_prefix('*').is_some_and(like)).into())
    });
    funcs.add("kindOf", [Type::Any], |_, args| {
        Ok(args[0].kind().name().into())
    });
    funcs.add("kindIs", [Type::String, Type::Any], |_, args| {
        Ok((*args.str(0) == args[1].kind().name()).into())
    });
    funcs.add("deepEqual", [Type::Any, Type::Any], |call, args| {
        Ok(call.deep_equal(&args[0], &args[1])?.into())
    });
}
