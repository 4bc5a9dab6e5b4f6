//! The printer: one value under one verb.

use crate::limits::{Limit, LimitError};
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

/// Lists and maps inside each other that can be printed; this bounds the use of the stack.
const MAX_DEPTH: u64 = 400;

/// Where all pointers point.
const ADDRESS: u64 = 0xc0_0001_0000;

/// What stands between `%` and the verb.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: structs with the names of their fields.
    pub(super) field_names: bool,
    /// `%#v`: values as they would be written in Go.
    pub(super) go_syntax: bool,
}

pub(super) struct Printer {
    out: Vec<u8>,
    max: u64,
    pub(super) flags: Flags,
    depth: u64,
    /// While a wrong verb is reported, values are printed without their `String` method.
    reporting: bool,
}

pub(super) type Printed = Result<(), LimitError>;

impl Printer {
    pub(super) fn new(max: u64) -> Printer {
        Printer {
            out: Vec::new(),
            max,
            flags: Flags::default(),
            depth: 0,
            reporting: false,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Printed {
        self.room_for(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn push_repeated(&mut self, byte: u8, count: usize) -> Printed {
        self.room_for(count)?;
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    fn room_for(&self, count: usize) -> Printed {
        if (self.out.len() + count) as u64 > self.max {
            return Err(LimitError {
                limit: Limit::ValueBytes,
                max: self.max,
            });
        }
        Ok(())
    }

    /// Prints an operand of `Sprintf` or `Sprint`.
    pub(super) fn arg(&mut self, value: &Value, verb: char) -> Printed {
        match (value, verb) {
            (Value::Absent | Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Absent | Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes(), 's', value),
            (_, 'p') => self.pointer(value, 'p'),
            // `%w` is for errors and refuses a whole value at once, but knows bytes as text.
            (Value::List(list), 'w') if *list.elem() != Type::UINT8 => self.bad_verb(value, verb),
            (Value::Map(_) | Value::Func(_) | Value::Object(_), 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb),
        }
    }

    /// Prints a value that is there, at any depth.
    pub(super) fn value(&mut self, value: &Value, verb: char) -> Printed {
        match value {
            Value::Absent | Value::Nil => {
                let nil: &[u8] = if self.flags.go_syntax {
                    b"interface {}(nil)"
                } else {
                    b"<nil>"
                };
                self.push(nil)
            }
            Value::Bool(bool) => match verb {
                't' | 'v' => self.pad(if *bool { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(_, int) => self.integer(int.unsigned_abs(), *int < 0, true, verb, value),
            Value::Uint(_, uint) => self.integer(*uint, false, false, verb, value),
            Value::Float(kind, float) => self.float(*float, *kind, verb, value),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb, value),
            Value::String(text) => self.string(text, verb, value),
            Value::List(list) => {
                let as_text = matches!(verb, 's' | 'q' | 'x' | 'X');
                if as_text && let Some(bytes) = list.as_byte_slice() {
                    return self.string(&bytes, verb, value);
                }
                self.nested(|printer| printer.list(list, verb))
            }
            Value::Map(map) => self.nested(|printer| printer.map(map, verb)),
            Value::Func(_) => self.pointer(value, verb),
            Value::Object(object) => self.nested(|printer| printer.object(value, &**object, verb)),
        }
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self) -> Printed) -> Printed {
        if self.depth >= MAX_DEPTH {
            return Err(LimitError {
                limit: Limit::ValueDepth,
                max: MAX_DEPTH,
            });
        }
        self.depth += 1;
        let printed = print(self);
        self.depth -= 1;
        printed
    }

    fn list(&mut self, list: &crate::collection::List, verb: char) -> Printed {
        let bytes = *list.elem() == Type::UINT8;
        let (open, between, close): (&[u8], &[u8], &[u8]) = if self.flags.go_syntax {
            // At the top, Go knows bytes by their other name.
            let name = if bytes && self.depth == 1 {
                "[]byte".to_owned()
            } else {
                list.type_of().to_string()
            };
            self.push(name.as_bytes())?;
            if list.is_nil() {
                return self.push(b"(nil)");
            }
            (b"{", b", ", b"}")
        } else {
            (b"[", b" ", b"]")
        };
        self.push(open)?;
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            self.value(item, verb)?;
        }
        self.push(close)
    }

    fn map(&mut self, map: &crate::collection::Map, verb: char) -> Printed {
        let (open, between, close): (&[u8], &[u8], &[u8]) = if self.flags.go_syntax {
            self.push(map.type_of().to_string().as_bytes())?;
            if map.is_nil() {
                return self.push(b"(nil)");
            }
            (b"{", b", ", b"}")
        } else {
            (b"map[", b" ", b"]")
        };
        self.push(open)?;
        for (index, (key, value)) in map.entries().iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            self.value(key, verb)?;
            self.push(b":")?;
            self.value(value, verb)?;
        }
        self.push(close)
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char) -> Printed {
        let stringable = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        if stringable
            && !self.reporting
            && !self.flags.go_syntax
            && let Some(text) = object.text()
        {
            return self.string(&text, verb, value);
        }
        let name = object.type_name();
        let mut name = &*name;
        if object.kind() == Kind::Pointer {
            if self.depth > 1 {
                return self.pointer(value, verb);
            }
            self.push(b"&")?;
            name = name.strip_prefix('*').unwrap_or(name);
        }
        let between: &[u8] = if self.flags.go_syntax {
            self.push(name.as_bytes())?;
            b", "
        } else {
            b" "
        };
        self.push(b"{")?;
        for (index, (field, value)) in object.fields().iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            if self.flags.field_names || self.flags.go_syntax {
                self.push(field.as_bytes())?;
                self.push(b":")?;
            }
            self.value(value, verb)?;
        }
        self.push(b"}")
    }

    fn pointer(&mut self, value: &Value, verb: char) -> Printed {
        if !matches!(
            value.kind(),
            Kind::Func | Kind::Map | Kind::Pointer | Kind::Slice
        ) {
            return self.bad_verb(value, verb);
        }
        let nil = match value {
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            _ => false,
        };
        let address = if nil { 0 } else { ADDRESS };
        match verb {
            'v' if self.flags.go_syntax => {
                self.push(format!("({})({address:#x})", value.type_name()).as_bytes())
            }
            'v' | 'p' => {
                // The sharp flag works the other way round for pointers.
                let sharp = self.flags.sharp;
                self.flags.sharp = !sharp;
                let printed = self.integer(address, false, false, 'x', value);
                self.flags.sharp = sharp;
                printed
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(address, false, false, verb, value),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Reports a verb that does not fit the value: `%!d(string=x)`.
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Printed {
        self.push(format!("%!{verb}(").as_bytes())?;
        if value.is_nil() {
            self.push(b"<nil>")?;
        } else {
            self.push(format!("{}=", value.type_name()).as_bytes())?;
            let outer = std::mem::replace(&mut self.reporting, true);
            // A function fails under `%v` in no way that would lead back here.
            let printed = self.value(value, 'v');
            self.reporting = outer;
            printed?;
        }
        self.push(b")")
    }
}
