//! Numbers: conversion, arithmetic, rounding and sequences.
//!
//! Everything converts its arguments first, so that text and `nil` are numbers too. Integers are
//! `int64` and wrap around, floats are computed as decimals.

mod cast;
mod decimal;
mod sequence;

use gotemplate::{Args, FuncError, FuncMap, Type, Value};

use cast::to_float;
pub(crate) use cast::{parse_digits, to_int};
use decimal::Decimal;

pub(crate) fn register(funcs: &mut FuncMap) {
    conversions(funcs);
    integers(funcs);
    floats(funcs);
    rounding(funcs);
    sequence::register(funcs);
}

fn conversions(funcs: &mut FuncMap) {
    funcs.add("int", [Type::Any], |_, args| {
        Ok(Value::int(to_int(&args[0])))
    });
    funcs.add("int64", [Type::Any], |_, args| {
        Ok(Value::int64(to_int(&args[0])))
    });
    funcs.add("float64", [Type::Any], |_, args| {
        Ok(to_float(&args[0]).into())
    });
    funcs.add("atoi", [Type::String], |_, args| {
        // As Go's `Atoi`: what is too large is the largest, what is no number is 0.
        let text = args.str(0).to_text();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let bound = if text.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        };
        let int = parse_digits(&text, 10).unwrap_or(if is_number { bound } else { 0 });
        Ok(Value::int(int))
    });
    funcs.add("toDecimal", [Type::Any], |call, args| {
        let text = call.text(&args[0])?;
        let int = text.to_str().and_then(|text| parse_digits(text, 8));
        Ok(Value::int64(int.unwrap_or(0)))
    });
}

fn integers(funcs: &mut FuncMap) {
    let any = [Type::Any];
    let two = [Type::Any, Type::Any];
    funcs.add("add1", any.clone(), |_, args| {
        Ok(Value::int64(to_int(&args[0]).wrapping_add(1)))
    });
    funcs.add_variadic("add", any, |_, args| {
        Ok(Value::int64(
            args.iter().map(to_int).fold(0, i64::wrapping_add),
        ))
    });
    funcs.add("sub", two.clone(), |_, args| {
        Ok(Value::int64(
            to_int(&args[0]).wrapping_sub(to_int(&args[1])),
        ))
    });
    funcs.add("div", two.clone(), |_, args| {
        divided(&args, i64::wrapping_div)
    });
    funcs.add("mod", two.clone(), |_, args| {
        divided(&args, i64::wrapping_rem)
    });
    let mut fold = |name: &str, operation: fn(i64, i64) -> i64| {
        funcs.add_variadic(name, two.clone(), move |_, args| {
            Ok(args
                .iter()
                .map(to_int)
                .reduce(operation)
                .map_or(Value::Nil, Value::int64))
        });
    };
    fold("mul", i64::wrapping_mul);
    fold("max", Ord::max);
    fold("min", Ord::min);
    funcs.alias("biggest", "max");
}

fn divided(args: &Args, operation: fn(i64, i64) -> i64) -> Result<Value, FuncError> {
    match to_int(&args[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::int64(operation(to_int(&args[0]), divisor))),
    }
}

fn floats(funcs: &mut FuncMap) {
    let decimal = |value: &Value| Decimal::from_float(to_float(value));
    funcs.add("add1f", [Type::Any], move |_, args| {
        let one = Decimal::from_float(1.0)?;
        Ok(decimal(&args[0])?.add(&one).to_float().into())
    });
    funcs.add_variadic("addf", [Type::Any], move |_, args| {
        let mut sum = Decimal::from_float(0.0)?;
        for value in args.iter() {
            sum = sum.add(&decimal(value)?);
        }
        Ok(sum.to_float().into())
    });
    let mut fold =
        |name: &str, operation: fn(&Decimal, &Decimal) -> Result<Decimal, &'static str>| {
            funcs.add_variadic(name, [Type::Any, Type::Any], move |_, args| {
                let mut result = decimal(&args[0])?;
                for value in args.rest(1) {
                    result = operation(&result, &decimal(value)?)?;
                }
                Ok(result.to_float().into())
            });
        };
    fold("subf", |left, right| Ok(left.sub(right)));
    fold("mulf", |left, right| Ok(left.mul(right)));
    fold("divf", Decimal::div);
    let mut fold = |name: &str, operation: fn(f64, f64) -> f64| {
        funcs.add_variadic(name, [Type::Any, Type::Any], move |_, args| {
            Ok(args
                .iter()
                .map(to_float)
                .reduce(operation)
                .map_or(Value::Nil, Value::from))
        });
    };
    fold("maxf", |left, right| {
        extreme(left, right, f64::INFINITY, f64::max)
    });
    fold("minf", |left, right| {
        extreme(left, right, f64::NEG_INFINITY, f64::min)
    });
}

/// Go's `math.Max` and `math.Min`: unlike Rust's, NaN wins over all but the infinity looked for.
fn extreme(left: f64, right: f64, end: f64, operation: fn(f64, f64) -> f64) -> f64 {
    #[expect(clippy::float_cmp)]
    let is_end = left == end || right == end;
    if is_end {
        end
    } else if left.is_nan() || right.is_nan() {
        f64::NAN
    } else {
        operation(left, right)
    }
}

fn rounding(funcs: &mut FuncMap) {
    funcs.add("floor", [Type::Any], |_, args| {
        Ok(to_float(&args[0]).floor().into())
    });
    funcs.add("ceil", [Type::Any], |_, args| {
        Ok(to_float(&args[0]).ceil().into())
    });
    funcs.add_variadic("round", [Type::Any, Type::INT, Type::FLOAT64], |_, args| {
        let threshold = if args.len() > 2 { args.float(2) } else { 0.5 };
        Ok(round(to_float(&args[0]), args.int(1), threshold).into())
    });
}

/// Rounds up when the part after the kept places reaches the threshold. Of negative numbers that
/// part is negative, so with a usual threshold they are rounded down.
fn round(number: f64, places: i64, threshold: f64) -> f64 {
    let power = pow10(places);
    let digit = power * number;
    let rounded = if digit.fract() >= threshold {
        digit.ceil()
    } else {
        digit.floor()
    };
    rounded / power
}

/// Returns `10^places` as Go's `math.Pow` does: by squaring a fraction, whose rounding shows from `1e23` on.
fn pow10(places: i64) -> f64 {
    if places.unsigned_abs() > 400 {
        return if places < 0 { 0.0 } else { f64::INFINITY };
    }
    // 10 = 0.625 * 2^4; all factors are kept between a half and one.
    let (mut square, mut square_exponent) = (0.625_f64, 4_i32);
    let (mut result, mut exponent) = (1.0_f64, 0_i32);
    let mut bits = places.unsigned_abs();
    while bits != 0 {
        if bits & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square *= 2.0;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    if places < 0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    // In two steps, since neither half leaves the range of a float.
    let half = exponent / 2;
    result * 2.0_f64.powi(half) * 2.0_f64.powi(exponent - half)
}
