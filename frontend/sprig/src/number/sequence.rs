//! `until`, `untilStep` and `seq`.

use gotemplate::{Call, FuncError, FuncMap, List, Type, Value};

use crate::limits;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("until", [Type::INT], |call, args| {
        let count = args.int(0);
        Ok(List::ints(until_step(call, 0, count, if count < 0 { -1 } else { 1 })?).into())
    });
    funcs.add(
        "untilStep",
        [Type::INT, Type::INT, Type::INT],
        |call, args| {
            Ok(List::ints(until_step(call, args.int(0), args.int(1), args.int(2))?).into())
        },
    );
    funcs.add_variadic("seq", [Type::INT], |call, args| {
        let params: Vec<i64> = args.iter().filter_map(Value::as_int).collect();
        Ok(seq(call, &params)?.into())
    });
}

/// Counts from `start` to before `stop`.
fn until_step(
    call: &mut Call<'_>,
    start: i64,
    stop: i64,
    step: i64,
) -> Result<Vec<i64>, FuncError> {
    let towards = if stop < start { step < 0 } else { step > 0 };
    if !towards {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    limits::items(call, count)?;
    Ok(
        std::iter::successors(Some(start), |last| last.checked_add(step))
            .take(count as usize)
            .collect(),
    )
}

/// Counts like the command of the same name: `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`.
fn seq(call: &mut Call<'_>, params: &[i64]) -> Result<String, FuncError> {
    let (start, step, end) = match *params {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] if end < start && step > 0 => return Ok(String::new()),
        [start, step, end] => (start, step, end),
        _ => return Ok(String::new()),
    };
    let past = end.wrapping_add(if end < start { -1 } else { 1 });
    let numbers = until_step(call, start, past, step)?;
    limits::bytes(numbers.len() as u64 * 2)?;
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(numbers.join(" "))
}
