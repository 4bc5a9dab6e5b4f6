//! `getHostByName`.

use std::net::ToSocketAddrs;

use gotemplate::{FuncError, FuncMap, Type, Value};

use crate::{random, unstable};

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("getHostByName", [Type::String], |_, args| {
        unstable::asked();
        let name = args.str(0).to_text();
        let addresses = (&*name, 0)
            .to_socket_addrs()
            .map_err(|error| FuncError::new(format!("look up host `{name}`: {error}")))?;
        let addresses: Vec<_> = addresses.collect();
        // One of them by chance, as in Go.
        match addresses.get(random::below(addresses.len().max(1) as u64)? as usize) {
            Some(address) => Ok(Value::string(address.ip().to_string())),
            None => Err(FuncError::new(format!("look up host `{name}`: no address"))),
        }
    });
}
