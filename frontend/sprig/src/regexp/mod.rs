//! `regexMatch` and its relatives.

mod cache;

use goregexp::{Regexp, TooLong, quote_meta};
use gotemplate::{Args, Call, FuncError, FuncMap, List, Str, Type, Value};

use crate::limits;
use crate::quote::quote_pattern;

use cache::Cache;

const STRING: Type = Type::String;

pub(crate) fn register(funcs: &mut FuncMap) {
    let cache = Cache::default();

    let known = cache.clone();
    funcs.add("regexMatch", [STRING, STRING], move |_, args| {
        Ok(known
            .get(args.str(0))
            .is_ok_and(|regexp| regexp.is_match(args.str(1)))
            .into())
    });
    let known = cache.clone();
    funcs.add("mustRegexMatch", [STRING, STRING], move |_, args| {
        let regexp = known.get(args.str(0)).map_err(|error| error.to_string())?;
        Ok(regexp.is_match(args.str(1)).into())
    });

    pair(
        funcs,
        &cache,
        "RegexFind",
        vec![STRING, STRING],
        |_, regexp, args| Ok(Value::string(regexp.find(args.str(1)))),
    );
    pair(
        funcs,
        &cache,
        "RegexFindAll",
        vec![STRING, STRING, Type::INT],
        |call, regexp, args| {
            let most = limits::parts(call, args.int(2));
            strings(call, &regexp.find_all(args.str(1), most))
        },
    );
    pair(
        funcs,
        &cache,
        "RegexSplit",
        vec![STRING, STRING, Type::INT],
        |call, regexp, args| {
            if args.int(2) == 0 {
                return Ok(List::nil(STRING).into());
            }
            let most = limits::parts(call, args.int(2));
            let parts = regexp.split(args.str(1), most);
            limits::texts(call, &parts)?;
            Ok(List::strings(parts.into_iter().map(Str::from)).into())
        },
    );
    pair(
        funcs,
        &cache,
        "RegexReplaceAll",
        vec![STRING, STRING, STRING],
        |_, regexp, args| {
            let replaced = regexp.replace_all(args.str(1), args.str(2), limits::MAX_BYTES);
            Ok(Value::string(within_limit(replaced)?))
        },
    );
    let literally = vec![STRING, STRING, STRING];
    pair(
        funcs,
        &cache,
        "RegexReplaceAllLiteral",
        literally,
        |_, regexp, args| {
            let replaced = regexp.replace_all_literal(args.str(1), args.str(2), limits::MAX_BYTES);
            Ok(Value::string(within_limit(replaced)?))
        },
    );
    funcs.add("regexQuoteMeta", [STRING], |_, args| {
        Ok(Value::string(quote_meta(args.str(0))))
    });
}

/// Adds `regexX`, which panics in Go over a bad pattern, and `mustRegexX`, which returns an error.
fn pair(
    funcs: &mut FuncMap,
    cache: &Cache,
    name: &str,
    params: Vec<Type>,
    body: fn(&mut Call<'_>, &Regexp, &Args) -> Result<Value, FuncError>,
) {
    let known = cache.clone();
    funcs.add(
        &name.replacen('R', "r", 1),
        params.clone(),
        move |call, args| {
            let regexp = known.get(args.str(0)).map_err(|error| {
                format!(
                    "regexp: Compile({}): {error}",
                    quote_pattern(args.str(0).as_bytes())
                )
            })?;
            body(call, &regexp, &args)
        },
    );
    let known = cache.clone();
    funcs.add(&format!("must{name}"), params, move |call, args| {
        let regexp = known.get(args.str(0)).map_err(|error| error.to_string())?;
        body(call, &regexp, &args)
    });
}

/// Returns what was made of a text, or says that it would be too long.
fn within_limit(replaced: Result<Vec<u8>, TooLong>) -> Result<Vec<u8>, FuncError> {
    replaced.map_err(|TooLong { bytes }| match limits::bytes(bytes) {
        Err(error) => error,
        Ok(()) => FuncError::new("the result would be too long"),
    })
}

fn strings(call: &mut Call<'_>, parts: &[&[u8]]) -> Result<Value, FuncError> {
    if parts.is_empty() {
        return Ok(List::nil(Type::String).into());
    }
    limits::texts(call, parts)?;
    Ok(List::strings(parts.iter().copied().map(Str::from)).into())
}
