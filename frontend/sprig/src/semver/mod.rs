//! `semver` and `semverCompare`: versions and constraints of Masterminds/semver 3.3.1.

mod constraint;
mod object;
mod version;

use gotemplate::{FuncMap, Type, Value};

pub use constraint::Constraints;
pub use version::{Version, VersionError};

pub(crate) use object::VersionObject;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("semver", [Type::String], |_, args| {
        let version = Version::parse(&args.str(0).to_text()).map_err(|error| error.to_string())?;
        Ok(Value::object(VersionObject::pointer(version)))
    });
    funcs.add("semverCompare", [Type::String, Type::String], |_, args| {
        let constraints = Constraints::parse(&args.str(0).to_text())?;
        let version = Version::parse(&args.str(1).to_text()).map_err(|error| error.to_string())?;
        Ok(constraints.check(&version).into())
    });
}
