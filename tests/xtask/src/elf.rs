//! Just enough of ELF to tell a static program from one that needs a loader.

use anyhow::{Result, bail};

const PT_INTERP: u32 = 3;

/// Whether a 64-bit little-endian ELF program runs without a loader.
pub fn is_static(program: &[u8]) -> Result<bool> {
    if !program.starts_with(b"\x7fELF\x02\x01") {
        bail!("not a 64-bit little-endian ELF file");
    }
    let table = number(program, 0x20, 8)?;
    let size = number(program, 0x36, 2)?;
    let count = number(program, 0x38, 2)?;
    for index in 0..count {
        if number(program, table.saturating_add(index * size), 4)? == u64::from(PT_INTERP) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn number(bytes: &[u8], at: u64, width: usize) -> Result<u64> {
    let at = usize::try_from(at)?;
    let Some(field) = at.checked_add(width).and_then(|end| bytes.get(at..end)) else {
        bail!("the ELF file is cut off");
    };
    let mut little_endian = [0; 8];
    little_endian[..width].copy_from_slice(field);
    Ok(u64::from_le_bytes(little_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(headers: &[u32]) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[0x20] = 64;
        file[0x36] = 56;
        file[0x38] = u8::try_from(headers.len()).unwrap();
        for kind in headers {
            let mut header = [0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            file.extend(header);
        }
        file
    }

    #[test]
    fn a_program_that_names_a_loader_is_not_static() {
        assert!(is_static(&elf(&[1, 2])).unwrap());
        assert!(!is_static(&elf(&[1, PT_INTERP])).unwrap());
    }

    #[test]
    fn a_file_cut_off_is_refused() {
        let mut cut = elf(&[1, 2]);
        cut.truncate(100);
        for bad in [&cut[..], b"", b"#!/bin/sh", b"\x7fELF\x02\x01"] {
            assert!(is_static(bad).is_err());
        }
    }
}
