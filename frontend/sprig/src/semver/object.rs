//! A version as a template sees it.

use std::borrow::Cow;
use std::cmp::Ordering;

use gotemplate::{
    Args, Call, FuncError, IntKind, Kind, Object, Signature, Str, Type, UintKind, Value,
};

use super::Version;

const POINTER: &str = "*semver.Version";

/// `*semver.Version`, which `semver` returns, or the plain struct that its methods return.
pub(crate) struct VersionObject {
    pub(crate) version: Version,
    is_pointer: bool,
}

impl VersionObject {
    pub(super) fn pointer(version: Version) -> VersionObject {
        VersionObject {
            version,
            is_pointer: true,
        }
    }

    fn plain(version: Version) -> Value {
        Value::object(VersionObject {
            version,
            is_pointer: false,
        })
    }
}

impl Object for VersionObject {
    fn type_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(if self.is_pointer {
            POINTER
        } else {
            "semver.Version"
        })
    }

    fn kind(&self) -> Kind {
        if self.is_pointer {
            Kind::Pointer
        } else {
            Kind::Struct
        }
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" => Some(Signature::new([])),
            "SetPrerelease" | "SetMetadata" => Some(Signature::new([Type::String])),
            // Go has these on the pointer only.
            "Original" if self.is_pointer => Some(Signature::new([])),
            "Compare" | "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan"
            | "GreaterThanEqual"
                if self.is_pointer =>
            {
                Some(Signature::new([Type::Named(POINTER.into(), Kind::Pointer)]))
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        let version = &self.version;
        let number = |number: u64| Value::Uint(UintKind::Uint64, number);
        Ok(match name {
            "Major" => number(version.major),
            "Minor" => number(version.minor),
            "Patch" => number(version.patch),
            "Prerelease" => Value::string(version.pre.as_str()),
            "Metadata" => Value::string(version.metadata.as_str()),
            "String" => Value::string(version.to_string()),
            "Original" => Value::string(version.original.as_str()),
            "IncMajor" => VersionObject::plain(version.inc_major()),
            "IncMinor" => VersionObject::plain(version.inc_minor()),
            "IncPatch" => VersionObject::plain(version.inc_patch()),
            "SetPrerelease" | "SetMetadata" => {
                let part = args.str(0).to_text();
                let changed = if name == "SetMetadata" {
                    version.with_metadata(&part)
                } else {
                    version.with_prerelease(&part)
                };
                VersionObject::plain(changed.map_err(|error| error.to_string())?)
            }
            _ => {
                let Some(other) = args[0].as_object::<VersionObject>() else {
                    let nil = "runtime error: invalid memory address or nil pointer dereference";
                    return if name == "Equal" {
                        Ok(false.into())
                    } else {
                        Err(nil.into())
                    };
                };
                let order = version.compare(&other.version);
                match name {
                    "Compare" => Value::Int(IntKind::Int, order as i64),
                    "Equal" => order.is_eq().into(),
                    "LessThan" => order.is_lt().into(),
                    "LessThanEqual" => order.is_le().into(),
                    "GreaterThan" => order.is_gt().into(),
                    _ => (order != Ordering::Less).into(),
                }
            }
        })
    }

    fn text(&self) -> Option<Str> {
        Some(Str::from(self.version.to_string()))
    }

    fn marshal_text(&self) -> Option<Str> {
        self.text()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any)
            .downcast_ref::<VersionObject>()
            .is_some_and(|other| self.version == other.version)
    }
}
