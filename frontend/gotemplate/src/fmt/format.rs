//! The format string of `Sprintf`.

use super::printer::{Flags, Printed, Printer};
use crate::utf8;
use crate::value::Value;

/// Wider or more precise than this is a mistake, as in Go.
const MAX_NUMBER: i64 = 1_000_000;

/// A format string that is being read.
struct Format<'a> {
    text: &'a [u8],
    pos: usize,
    args: &'a [Value],
    /// The argument that the next verb takes.
    arg: usize,
    /// Whether an argument was chosen by its number, `%[1]d`.
    reordered: bool,
    /// Whether the number last seen was good.
    good_number: bool,
    /// Whether such a number was the last thing read.
    after_number: bool,
}

/// Formats `args` as the format string says.
pub(super) fn print(printer: &mut Printer, text: &[u8], args: &[Value]) -> Printed {
    let mut format = Format {
        text,
        pos: 0,
        args,
        arg: 0,
        reordered: false,
        good_number: true,
        after_number: false,
    };
    while format.pos < text.len() {
        let rest = &text[format.pos..];
        let plain = rest
            .iter()
            .position(|byte| *byte == b'%')
            .unwrap_or(rest.len());
        printer.push(&rest[..plain])?;
        format.pos += plain + 1;
        if plain == rest.len() {
            break;
        }
        format.directive(printer)?;
    }
    if format.reordered || format.arg >= args.len() {
        return Ok(());
    }
    printer.flags = Flags::default();
    printer.push(b"%!(EXTRA ")?;
    for (index, arg) in args[format.arg..].iter().enumerate() {
        if index > 0 {
            printer.push(b", ")?;
        }
        if arg.is_nil() {
            printer.push(b"<nil>")?;
        } else {
            printer.push(format!("{}=", arg.type_name()).as_bytes())?;
            printer.arg(arg, 'v')?;
        }
    }
    printer.push(b")")
}

impl Format<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    /// Reads what follows a percent sign and prints it.
    fn directive(&mut self, printer: &mut Printer) -> Printed {
        self.good_number = true;
        printer.flags = Flags::default();
        while let Some(flag) = self.peek() {
            let flags = &mut printer.flags;
            match flag {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.pos += 1;
        }
        self.argument_number();
        self.width(printer)?;
        self.precision(printer)?;
        if !self.after_number {
            self.argument_number();
        }
        if self.pos >= self.text.len() {
            return printer.push(b"%!(NOVERB)");
        }
        let (verb, len) = utf8::decode(&self.text[self.pos..]);
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pos += len;
        if verb == '%' {
            return printer.push(b"%");
        }
        if !self.good_number {
            return printer.push(format!("%!{verb}(BADINDEX)").as_bytes());
        }
        let Some(arg) = self.args.get(self.arg) else {
            return printer.push(format!("%!{verb}(MISSING)").as_bytes());
        };
        self.arg += 1;
        // Of errors `%w` prints what `%v` does, and of anything else its flags are read the same way.
        if matches!(verb, 'v' | 'w') {
            let flags = &mut printer.flags;
            flags.go_syntax = std::mem::take(&mut flags.sharp);
            flags.field_names = std::mem::take(&mut flags.plus);
        }
        printer.arg(arg, verb)
    }

    fn width(&mut self, printer: &mut Printer) -> Printed {
        if self.peek() != Some(b'*') {
            let width = self.number();
            if self.after_number && width.is_some() {
                self.good_number = false;
            }
            printer.flags.width = width;
            return Ok(());
        }
        self.pos += 1;
        self.after_number = false;
        match self.star() {
            Some(width) => {
                printer.flags.width = Some(width.unsigned_abs() as usize);
                printer.flags.minus |= width < 0;
                Ok(())
            }
            None => printer.push(b"%!(BADWIDTH)"),
        }
    }

    fn precision(&mut self, printer: &mut Printer) -> Printed {
        if self.pos + 1 >= self.text.len() || self.peek() != Some(b'.') {
            return Ok(());
        }
        self.pos += 1;
        if self.after_number {
            self.good_number = false;
        }
        self.argument_number();
        if self.peek() != Some(b'*') {
            printer.flags.precision = Some(self.number().unwrap_or(0));
            return Ok(());
        }
        self.pos += 1;
        self.after_number = false;
        match self
            .star()
            .and_then(|precision| usize::try_from(precision).ok())
        {
            Some(precision) => {
                printer.flags.precision = Some(precision);
                Ok(())
            }
            None => printer.push(b"%!(BADPREC)"),
        }
    }

    /// Takes the argument that a star stands for.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.arg)?;
        self.arg += 1;
        let number = match arg {
            Value::Int(_, int) => *int,
            Value::Uint(_, uint) => i64::try_from(*uint).ok()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER)
            .contains(&number)
            .then_some(number)
    }

    /// Reads digits; a number that is too large swallows the rest of the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let (number, end) = read_number(self.text, self.pos, self.text.len());
        self.pos = end;
        number
    }

    /// Reads `[n]`, which chooses the next argument.
    fn argument_number(&mut self) {
        self.after_number = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.text[self.pos..];
        let close = rest
            .iter()
            .position(|byte| *byte == b']')
            .filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good_number = false;
            self.pos += 1;
            return;
        };
        let number = match read_number(rest, 1, close) {
            (Some(number), end) if end == close => Some(number),
            _ => None,
        };
        self.pos += close + 1;
        self.after_number = number.is_some();
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.args.len() => self.arg = index,
            _ => self.good_number = false,
        }
    }
}

/// Reads the digits of `text[start..end]` and returns their number and where they end.
fn read_number(text: &[u8], start: usize, end: usize) -> (Option<usize>, usize) {
    let mut number = None;
    let mut pos = start;
    while pos < end && text[pos].is_ascii_digit() {
        let so_far = number.unwrap_or(0);
        if so_far > MAX_NUMBER as usize {
            return (None, end);
        }
        number = Some(so_far * 10 + usize::from(text[pos] - b'0'));
        pos += 1;
    }
    (number, pos)
}
