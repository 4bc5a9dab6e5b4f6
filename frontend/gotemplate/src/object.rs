//! [`Object`]: values of Go types that the host brings along, such as a time or a set of files.

use std::any::Any;
use std::borrow::Cow;

use crate::func::{Args, Call, FuncError, Signature};
use crate::str::Str;
use crate::types::Kind;
use crate::value::Value;

/// A struct or a pointer to one, as a template sees it: fields to read and methods to call.
///
/// Downcast with [`Value::as_object`].
pub trait Object: Any + Send + Sync {
    /// Returns the full Go type name, for `%T` and error messages: `time.Time`, `*semver.Version`.
    fn type_name(&self) -> Cow<'_, str>;

    /// Returns whether this is a struct or a pointer. A pointer prints with `&`.
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// Returns the truth of the value; in Go all structs and all pointers but nil are true.
    fn is_true(&self) -> bool {
        true
    }

    /// Returns the parameters of a method, if there is one of that name.
    fn method(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a method that [`Object::method`] has announced. The arguments fit its signature.
    fn call(&self, name: &str, call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        let _ = (call, args);
        Err(FuncError::new(format!(
            "method {name} is announced but missing"
        )))
    }

    /// Returns the exported fields in their order of declaration. A method hides a field of the
    /// same name.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Returns the value of one field.
    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    /// Returns what the type's `String` or `Error` method yields, which `%v`, `%s` and `%q` print.
    /// Without it the fields are printed.
    fn text(&self) -> Option<Str> {
        None
    }

    /// Returns what the type's `MarshalText` method yields, which encoders such as YAML's write instead of
    /// the fields.
    fn marshal_text(&self) -> Option<Str> {
        None
    }

    /// Returns whether `eq` and `DeepEqual` hold with another object of the same type name. The
    /// default is identity, as for pointers.
    fn equals(&self, other: &dyn Object) -> bool {
        std::ptr::addr_eq(std::ptr::from_ref(self), std::ptr::from_ref(other))
    }
}
