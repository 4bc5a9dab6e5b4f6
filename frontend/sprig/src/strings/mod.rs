//! Functions of strings.
//!
//! Go's strings are bytes; most of these functions count and cut bytes, some look at characters.

mod case;
mod edit;
mod list;
mod text;
mod words;

use gotemplate::FuncMap;

pub(crate) use edit::find;
pub(crate) use text::to_text;

pub(crate) fn register(funcs: &mut FuncMap) {
    edit::register(funcs);
    case::register(funcs);
    words::register(funcs);
    text::register(funcs);
    list::register(funcs);
}
