//! What is slow on purpose takes steps of the budget, so that a loop of it ends as any other endless loop does.

use gotemplate::{FuncMap, Function, Signature};

/// Functions and about how many steps of the engine take as long. Of the 20 million of a whole rendering that leaves
/// tens of keys and hundreds of hashes.
const COSTS: [(&str, u64); 10] = [
    ("bcrypt", 50_000),
    ("htpasswd", 50_000),
    ("derivePassword", 50_000),
    ("genPrivateKey", 500_000),
    ("genCA", 250_000),
    ("genCAWithKey", 20_000),
    ("genSelfSignedCert", 250_000),
    ("genSelfSignedCertWithKey", 20_000),
    ("genSignedCert", 250_000),
    ("genSignedCertWithKey", 20_000),
];

/// Makes the functions ask the budget first.
pub(super) fn charge(funcs: &mut FuncMap) {
    for (name, cost) in COSTS {
        let Some(function) = funcs.get(name).cloned() else {
            continue;
        };
        let params = function.signature().params().to_vec();
        let signature = if function.signature().is_variadic() {
            Signature::variadic(params)
        } else {
            Signature::new(params)
        };
        let charged = Function::new(signature, move |call, args| {
            call.charge_steps(cost)?;
            function.call(call, args)
        });
        funcs.insert(name, charged);
    }
}
