//! `printf_debug`, `dump_debug`, `include_debug` and `tpl_debug`.
//!
//! What they give is the same whether debugging is on or not; when it is on (`--build-arg WERF_DEBUG_TEMPLATES=1`, for
//! werf's option of that name), what they have to say is told as warnings with the line of the call.

use diagnostic::{Diagnostic, TemplateFile};
use gotemplate::{Args, Call, FuncError, FuncMap, Location, Str, Type, Value};

use super::{Inputs, SharedTraces, failure, with};

/// The build argument that turns debugging on.
pub const DEBUG: &str = "WERF_DEBUG_TEMPLATES";

/// More messages than this help nobody.
const MOST_MESSAGES: usize = 200;

/// Characters of one message.
const LONGEST: usize = 10_000;

/// What a debug function has to say, and where it was called.
#[derive(Debug)]
pub(crate) struct Message {
    at: Location,
    text: String,
}

impl Message {
    /// Returns where the function was called.
    pub(super) fn place(&self) -> &Location {
        &self.at
    }
}

/// The functions' way to speak; nothing is made or kept unless debugging is on.
#[derive(Clone)]
pub(super) struct Log(Option<SharedTraces>);

impl Log {
    /// Returns the log of a rendering.
    pub(super) fn new(inputs: &Inputs, traces: &SharedTraces) -> Log {
        let value = inputs.variables.get(DEBUG).map(String::as_str);
        let is_on = matches!(value, Some("1" | "true"));
        Log(is_on.then(|| traces.clone()))
    }

    /// Follows the values of variables from the arguments of a call into what it says.
    fn follow(&self, args: &Args, said: &Str) {
        if let Some(traces) = &self.0 {
            let said = Value::String(said.clone());
            with(traces, |traces| {
                traces.followed.observe("printf", args, &said);
            });
        }
    }

    /// Says something at the place of `call`.
    pub(super) fn say(
        &self,
        call: &mut Call<'_>,
        text: impl FnOnce(&mut Call<'_>) -> Result<String, FuncError>,
    ) -> Result<(), FuncError> {
        let Some(traces) = &self.0 else { return Ok(()) };
        if with(traces, |traces| traces.debug.len() >= MOST_MESSAGES) {
            return Ok(());
        }
        let text = text(call)?.chars().take(LONGEST).collect();
        let at = call.place();
        with(traces, |traces| traces.debug.push(Message { at, text }));
        Ok(())
    }
}

/// Adds the functions that give nothing.
pub(super) fn register(functions: &mut FuncMap, log: &Log) {
    let nothing = || Ok(Value::string(""));
    let said = log.clone();
    functions.add_variadic(
        "printf_debug",
        [Type::String, Type::Any],
        move |call, args: Args| {
            said.say(call, |call| {
                let text = call.sprintf(args.str(0).as_bytes(), args.rest(1))?;
                said.follow(&args, &text);
                Ok(text.to_text().into_owned())
            })?;
            nothing()
        },
    );
    let said = log.clone();
    functions.add("dump_debug", [Type::Any], move |call, args: Args| {
        said.say(call, |call| {
            let text = call.sprintf(b"%#v", &args)?;
            said.follow(&args, &text);
            Ok(text.to_text().into_owned())
        })?;
        nothing()
    });
}

/// Returns the messages as warnings.
pub(super) fn warnings(messages: &[Message], files: &[TemplateFile]) -> Vec<Diagnostic> {
    let warning = |message: &Message| {
        let warning = Diagnostic::warning(&diagnostic::rule::TEMPLATE_DEBUG, message.text.clone());
        match failure::place_of(&message.at, "", files) {
            Some(at) => warning.at(at),
            None => warning.note(format!(
                "it is said in line {} of the text that `tpl` is given",
                message.at.line
            )),
        }
    };
    messages.iter().map(warning).collect()
}
