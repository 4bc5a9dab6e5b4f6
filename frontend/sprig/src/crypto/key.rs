//! Private keys: `genPrivateKey`, and reading, writing and signing for the certificates.

use dsa::{Components, KeySize};
use ed25519_dalek::Signer as _;
use gotemplate::{FuncError, FuncMap, Type};
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::rand_core::UnwrapErr;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256};

use super::der::{self, INTEGER, NULL, OCTET_STRING, OID, Reader, SEQUENCE};
use super::pem;
use crate::random;

const OID_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const OID_RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const OID_EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const OID_ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const OID_ED25519: &[u8] = &[0x2B, 0x65, 0x70];

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("genPrivateKey", [Type::String], |_, args| {
        let kind = args.str(0).to_text();
        Ok(match &*kind {
            "" | "rsa" => PrivateKey::generate_rsa(4096)?.to_pem(),
            "dsa" => PrivateKey::generate_dsa()?.to_pem(),
            "ecdsa" => PrivateKey::generate_p256()?.to_pem(),
            "ed25519" => PrivateKey::generate_ed25519()?.to_pem(),
            _ => format!("Unknown type {kind}"),
        }
        .into())
    });
}

/// A private key of one of the kinds that sprig makes.
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    /// Nothing can be signed with these; the DER text of the numbers is kept.
    Dsa(Vec<u8>),
    P256(p256::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl PrivateKey {
    /// Makes an RSA key of that many bits.
    pub(super) fn generate_rsa(bits: usize) -> Result<PrivateKey, FuncError> {
        let key = RsaPrivateKey::new(&mut UnwrapErr(getrandom::SysRng), bits)
            .map_err(|error| format!("error generating rsa key: {error}"))?;
        Ok(PrivateKey::Rsa(Box::new(key)))
    }

    fn generate_dsa() -> Result<PrivateKey, FuncError> {
        let mut random = getrandom::SysRng;
        let components =
            Components::try_generate_from_rng_with_key_size(&mut random, KeySize::DSA_2048_256)
                .map_err(|error| format!("failed to generate dsa params: {error}"))?;
        let key = dsa::SigningKey::try_generate_from_rng_with_components(&mut random, components)
            .map_err(|error| format!("failed to generate private key: {error}"))?;
        let public = key.verifying_key();
        let parts = public.components();
        let mut values = vec![der::integer(&[])];
        for number in [&**parts.p(), parts.q(), parts.g(), public.y(), key.x()] {
            values.push(der::integer(&number.to_be_bytes()));
        }
        Ok(PrivateKey::Dsa(der::list(SEQUENCE, &values)))
    }

    fn generate_p256() -> Result<PrivateKey, FuncError> {
        loop {
            let mut bytes = [0; 32];
            random::fill(&mut bytes)?;
            // Numbers beyond the order of the curve are no keys; they are most unlikely.
            if let Ok(key) = p256::SecretKey::from_slice(&bytes) {
                return Ok(PrivateKey::P256(key));
            }
        }
    }

    fn generate_ed25519() -> Result<PrivateKey, FuncError> {
        let mut seed = [0; 32];
        random::fill(&mut seed)?;
        Ok(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(
            &seed,
        )))
    }

    /// Reads a key in PEM.
    pub(super) fn from_pem(text: &str) -> Result<PrivateKey, String> {
        let pem = pem::decode(text).ok_or("no PEM data in input")?;
        if pem.label == "PRIVATE KEY" {
            return PrivateKey::from_pkcs8(&pem.bytes)
                .map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let label = &pem.label;
        match label.strip_suffix(" PRIVATE KEY") {
            None => Err(format!("no private key data in PEM block of type {label}")),
            Some("RSA") => PrivateKey::from_pkcs1(&pem.bytes)
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            Some("EC") => PrivateKey::from_sec1(&pem.bytes, false)
                .map_err(|error| format!("parsing EC private key from PEM: {error}")),
            Some("DSA") => is_dsa(&pem.bytes)
                .then_some(PrivateKey::Dsa(pem.bytes))
                .ok_or_else(|| "parsing DSA private key from PEM: malformed".to_owned()),
            Some(_) => Err(format!("invalid private key type {label}")),
        }
    }

    fn from_pkcs1(bytes: &[u8]) -> Result<PrivateKey, String> {
        let key = RsaPrivateKey::from_pkcs1_der(bytes).map_err(|error| error.to_string())?;
        Ok(PrivateKey::Rsa(Box::new(key)))
    }

    /// Reads what Go takes for an EC key; of the curves, only P-256 is known here.
    fn from_sec1(bytes: &[u8], curve_is_known: bool) -> Result<PrivateKey, String> {
        let mut fields = Reader(bytes);
        let mut fields = Reader(fields.read(SEQUENCE).ok_or("malformed key")?);
        fields.read(INTEGER).ok_or("malformed key")?;
        let secret = fields.read(OCTET_STRING).ok_or("malformed key")?;
        let curve = fields
            .read_if(der::wrapper(0))
            .and_then(|curve| Reader(curve).read(OID));
        match curve {
            Some(OID_P256) => {}
            None if curve_is_known => {}
            _ => return Err("unknown elliptic curve: only P-256 is supported".to_owned()),
        }
        p256::SecretKey::from_slice(secret)
            .map(PrivateKey::P256)
            .map_err(|error| error.to_string())
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
        let read = || {
            let mut fields = Reader(Reader(bytes).read(SEQUENCE)?);
            fields.read(INTEGER)?;
            let mut algorithm = Reader(fields.read(SEQUENCE)?);
            let name = algorithm.read(OID)?;
            Some((name, algorithm.read_if(OID), fields.read(OCTET_STRING)?))
        };
        let (name, parameter, key) = read().ok_or("malformed key")?;
        match (name, parameter) {
            (OID_RSA, _) => PrivateKey::from_pkcs1(key),
            (OID_EC, Some(OID_P256)) => PrivateKey::from_sec1(key, true),
            (OID_EC, _) => Err("unknown elliptic curve: only P-256 is supported".to_owned()),
            (OID_ED25519, _) => Reader(key)
                .read(OCTET_STRING)
                .and_then(|seed| <&[u8; 32]>::try_from(seed).ok())
                .map(|seed| PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
                .ok_or_else(|| "malformed Ed25519 key".to_owned()),
            _ => Err("PKCS#8 wrapping contained private key with unknown algorithm".to_owned()),
        }
    }

    /// Returns the key in PEM, each kind in the form Go uses for it.
    pub(super) fn to_pem(&self) -> String {
        match self {
            PrivateKey::Rsa(key) => {
                let bytes = key
                    .to_pkcs1_der()
                    .map(|document| document.as_bytes().to_vec());
                pem::encode("RSA PRIVATE KEY", &bytes.unwrap_or_default())
            }
            PrivateKey::Dsa(bytes) => pem::encode("DSA PRIVATE KEY", bytes),
            PrivateKey::P256(key) => {
                let fields = [
                    der::integer(&[1]),
                    der::value(OCTET_STRING, &key.to_bytes()),
                    der::value(der::wrapper(0), &der::value(OID, OID_P256)),
                    der::value(der::wrapper(1), &der::bits(&point(key))),
                ];
                pem::encode("EC PRIVATE KEY", &der::list(SEQUENCE, &fields))
            }
            PrivateKey::Ed25519(key) => {
                let fields = [
                    der::integer(&[]),
                    der::value(SEQUENCE, &der::value(OID, OID_ED25519)),
                    der::value(OCTET_STRING, &der::value(OCTET_STRING, &key.to_bytes())),
                ];
                pem::encode("PRIVATE KEY", &der::list(SEQUENCE, &fields))
            }
        }
    }

    /// Returns the algorithm and the bits of the public key, or nothing for DSA.
    pub(super) fn public(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match self {
            PrivateKey::Rsa(key) => {
                let public = key.to_public_key();
                let (modulus, exponent) = (public.n_bytes(), public.e_bytes());
                let numbers = [der::integer(&modulus), der::integer(&exponent)];
                let algorithm = [der::value(OID, OID_RSA), der::value(NULL, &[])];
                Some((
                    der::list(SEQUENCE, &algorithm),
                    der::list(SEQUENCE, &numbers),
                ))
            }
            PrivateKey::Dsa(_) => None,
            PrivateKey::P256(key) => {
                let algorithm = [der::value(OID, OID_EC), der::value(OID, OID_P256)];
                Some((der::list(SEQUENCE, &algorithm), point(key)))
            }
            PrivateKey::Ed25519(key) => {
                let algorithm = der::value(SEQUENCE, &der::value(OID, OID_ED25519));
                Some((algorithm, key.verifying_key().to_bytes().to_vec()))
            }
        }
    }

    /// Returns the name of the algorithm that [`PrivateKey::sign`] uses.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            PrivateKey::Rsa(_) => {
                let parts = [der::value(OID, OID_RSA_SHA256), der::value(NULL, &[])];
                der::list(SEQUENCE, &parts)
            }
            PrivateKey::P256(_) => der::value(SEQUENCE, &der::value(OID, OID_ECDSA_SHA256)),
            PrivateKey::Dsa(_) | PrivateKey::Ed25519(_) => {
                der::value(SEQUENCE, &der::value(OID, OID_ED25519))
            }
        }
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            PrivateKey::Rsa(key) => key
                .sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message))
                .map_err(|error| error.to_string()),
            PrivateKey::Dsa(_) => {
                Err("x509: certificate private key does not implement crypto.Signer".to_owned())
            }
            PrivateKey::P256(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::Signature = key.sign(message);
                Ok(signature.to_der().as_bytes().to_vec())
            }
            PrivateKey::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
        }
    }
}

/// Returns the point of the curve that is the public key, without compression.
fn point(key: &p256::SecretKey) -> Vec<u8> {
    key.public_key().to_sec1_point(false).as_bytes().to_vec()
}

fn is_dsa(bytes: &[u8]) -> bool {
    let mut outer = Reader(bytes);
    let Some(fields) = outer.read(SEQUENCE) else {
        return false;
    };
    let mut fields = Reader(fields);
    (0..6).all(|_| fields.read(INTEGER).is_some())
}
