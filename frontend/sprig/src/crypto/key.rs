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

use super::der::{self, ObjectIdentifier, Reader, Tag};
use super::pem;
use crate::{random, unstable};

const OID_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const OID_RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const OID_EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const OID_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const OID_ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const OID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const UNKNOWN_CURVE: &str = "unknown elliptic curve: only P-256 is supported";

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
        unstable::asked();
        let key = RsaPrivateKey::new(&mut UnwrapErr(getrandom::SysRng), bits)
            .map_err(|error| format!("error generating rsa key: {error}"))?;
        Ok(PrivateKey::Rsa(Box::new(key)))
    }

    fn generate_dsa() -> Result<PrivateKey, FuncError> {
        unstable::asked();
        let mut random = getrandom::SysRng;
        let components =
            Components::try_generate_from_rng_with_key_size(&mut random, KeySize::DSA_2048_256)
                .map_err(|error| format!("failed to generate dsa params: {error}"))?;
        let key = dsa::SigningKey::try_generate_from_rng_with_components(&mut random, components)
            .map_err(|error| format!("failed to generate private key: {error}"))?;
        let public = key.verifying_key();
        let parts = public.components();
        let mut values = vec![der::integer(&[0])];
        for number in [&**parts.p(), parts.q(), parts.g(), public.y(), key.x()] {
            values.push(der::integer(&number.to_be_bytes()));
        }
        Ok(PrivateKey::Dsa(der::list(Tag::Sequence, &values)))
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
        let mut fields = Reader::new(bytes)
            .and_then(|mut outer| outer.enter(Tag::Sequence))
            .ok_or("malformed key")?;
        fields.read(Tag::Integer).ok_or("malformed key")?;
        let secret = fields.read(Tag::OctetString).ok_or("malformed key")?;
        let curve = fields
            .read_if(der::wrapper(0))
            .and_then(|curve| Reader::new(curve)?.read(Tag::ObjectIdentifier));
        if curve.map_or(!curve_is_known, |curve| curve != OID_P256.as_bytes()) {
            return Err(UNKNOWN_CURVE.to_owned());
        }
        p256::SecretKey::from_slice(secret)
            .map(PrivateKey::P256)
            .map_err(|error| error.to_string())
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
        let read = || {
            let mut fields = Reader::new(bytes)?.enter(Tag::Sequence)?;
            fields.read(Tag::Integer)?;
            let mut algorithm = fields.enter(Tag::Sequence)?;
            let name = algorithm.read(Tag::ObjectIdentifier)?;
            Some((
                name,
                algorithm.read_if(Tag::ObjectIdentifier),
                fields.read(Tag::OctetString)?,
            ))
        };
        let (name, parameter, key) = read().ok_or("malformed key")?;
        if name == OID_RSA.as_bytes() {
            PrivateKey::from_pkcs1(key)
        } else if name == OID_EC.as_bytes() {
            if parameter == Some(OID_P256.as_bytes()) {
                PrivateKey::from_sec1(key, true)
            } else {
                Err(UNKNOWN_CURVE.to_owned())
            }
        } else if name == OID_ED25519.as_bytes() {
            Reader::new(key)
                .and_then(|mut key| key.read(Tag::OctetString))
                .and_then(|seed| <&[u8; 32]>::try_from(seed).ok())
                .map(|seed| PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
                .ok_or_else(|| "malformed Ed25519 key".to_owned())
        } else {
            Err("PKCS#8 wrapping contained private key with unknown algorithm".to_owned())
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
                    der::value(Tag::OctetString, &key.to_bytes()),
                    der::value(der::wrapper(0), &der::oid(OID_P256)),
                    der::value(der::wrapper(1), &der::bits(0, &point(key))),
                ];
                pem::encode("EC PRIVATE KEY", &der::list(Tag::Sequence, &fields))
            }
            PrivateKey::Ed25519(key) => {
                let fields = [
                    der::integer(&[0]),
                    der::value(Tag::Sequence, &der::oid(OID_ED25519)),
                    der::value(
                        Tag::OctetString,
                        &der::value(Tag::OctetString, &key.to_bytes()),
                    ),
                ];
                pem::encode("PRIVATE KEY", &der::list(Tag::Sequence, &fields))
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
                let algorithm = [der::oid(OID_RSA), der::value(Tag::Null, &[])];
                Some((
                    der::list(Tag::Sequence, &algorithm),
                    der::list(Tag::Sequence, &numbers),
                ))
            }
            PrivateKey::Dsa(_) => None,
            PrivateKey::P256(key) => {
                let algorithm = [der::oid(OID_EC), der::oid(OID_P256)];
                Some((der::list(Tag::Sequence, &algorithm), point(key)))
            }
            PrivateKey::Ed25519(key) => {
                let algorithm = der::value(Tag::Sequence, &der::oid(OID_ED25519));
                Some((algorithm, key.verifying_key().to_bytes().to_vec()))
            }
        }
    }

    /// Returns the name of the algorithm that [`PrivateKey::sign`] uses.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            PrivateKey::Rsa(_) => {
                let parts = [der::oid(OID_RSA_SHA256), der::value(Tag::Null, &[])];
                der::list(Tag::Sequence, &parts)
            }
            PrivateKey::P256(_) => der::value(Tag::Sequence, &der::oid(OID_ECDSA_SHA256)),
            PrivateKey::Dsa(_) | PrivateKey::Ed25519(_) => {
                der::value(Tag::Sequence, &der::oid(OID_ED25519))
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
    Reader::new(bytes)
        .and_then(|mut outer| outer.enter(Tag::Sequence))
        .is_some_and(|mut numbers| (0..6).all(|_| numbers.read(Tag::Integer).is_some()))
}

#[cfg(test)]
mod tests {
    use super::PrivateKey;

    /// The example of RFC 8410, section 10.3.
    const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

    /// A key of `openssl ecparam -name prime256v1 -genkey -noout`.
    const P256: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIFnXfRR4jODZQ8oNmmtEUtX38bXwTn6zhD+8LU2jiCd3oAoGCCqGSM49
AwEHoUQDQgAEqMjXIOSGvBNssSXhGTvxpOvG4WtqRxpIdJDhXjKVokDxCovYFjY3
szTLAIfgAYK7K0KNLpNOURpkKp4NqQwnrw==
-----END EC PRIVATE KEY-----
";

    /// The same key after `openssl pkcs8 -topk8 -nocrypt`.
    const P256_IN_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWdd9FHiM4NlDyg2a
a0RS1ffxtfBOfrOEP7wtTaOIJ3ehRANCAASoyNcg5Ia8E2yxJeEZO/Gk68bha2pH
Gkh0kOFeMpWiQPEKi9gWNjezNMsAh+ABgrsrQo0uk05RGmQqng2pDCev
-----END PRIVATE KEY-----
";

    #[test]
    fn keys_of_others_are_read_and_written_alike() {
        for (read, written) in [(ED25519, ED25519), (P256, P256), (P256_IN_PKCS8, P256)] {
            let key = PrivateKey::from_pem(read).unwrap_or_else(|error| panic!("{error}: {read}"));
            assert_eq!(key.to_pem(), written);
        }
    }
}
