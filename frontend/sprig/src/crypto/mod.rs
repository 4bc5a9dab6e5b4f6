//! Hashes, passwords, keys and certificates.

mod certificate;
mod cipher;
mod cost;
mod der;
mod hash;
mod key;
mod password;
mod pem;

use gotemplate::FuncMap;

pub(crate) fn register(funcs: &mut FuncMap) {
    certificate::register(funcs);
    cipher::register(funcs);
    hash::register(funcs);
    key::register(funcs);
    password::register(funcs);
    cost::charge(funcs);
}
