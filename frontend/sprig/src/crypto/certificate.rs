//! `genCA`, `genSelfSignedCert`, `genSignedCert` and `buildCustomCert`.
//!
//! The certificates have the fields and extensions, in the same order, that Go's `crypto/x509`
//! makes of sprig's template.

use std::borrow::Cow;
use std::net::IpAddr;

use gotemplate::{Call, FuncError, FuncMap, Kind, List, Object, Type, Value};
use sha1::{Digest, Sha1};

use super::der::{self, ObjectIdentifier, Reader, Tag};
use super::key::PrivateKey;
use super::pem;
use crate::encoding::base64_decode;
use crate::random;
use crate::time::{Duration, Time};

/// Bits of the keys made for certificates.
const RSA_BITS: usize = 2048;

/// sprig's `certificate`: both parts in PEM.
struct Certificate {
    cert: String,
    key: String,
}

impl Object for Certificate {
    fn type_name(&self) -> Cow<'_, str> {
        "sprig.certificate".into()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", self.cert.as_str().into()),
            ("Key", self.key.as_str().into()),
        ]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any)
            .downcast_ref::<Certificate>()
            .is_some_and(|other| self.cert == other.cert && self.key == other.key)
    }
}

pub(crate) fn register(funcs: &mut FuncMap) {
    let text = Type::String;
    let ca_type = || Type::Named("sprig.certificate".into(), Kind::Struct);
    let names = || vec![Type::String, Type::list(), Type::list(), Type::INT];

    funcs.add(
        "buildCustomCert",
        [text.clone(), text.clone()],
        |_, args| Ok(Value::object(custom(args.str(0), args.str(1))?)),
    );
    funcs.add("genCA", [text.clone(), Type::INT], |_, args| {
        let key = PrivateKey::generate_rsa(RSA_BITS)?;
        self_signed(&Subject::authority(&args), &key)
    });
    funcs.add(
        "genCAWithKey",
        [text.clone(), Type::INT, text],
        |_, args| self_signed(&Subject::authority(&args), &own_key(&args[2])?),
    );
    funcs.add("genSelfSignedCert", names(), |call, args| {
        let subject = Subject::server(call, &args)?;
        self_signed(&subject, &PrivateKey::generate_rsa(RSA_BITS)?)
    });
    funcs.add(
        "genSelfSignedCertWithKey",
        [names(), vec![Type::String]].concat(),
        |call, args| {
            let key = own_key(&args[4])?;
            self_signed(&Subject::server(call, &args)?, &key)
        },
    );
    funcs.add(
        "genSignedCert",
        [names(), vec![ca_type()]].concat(),
        |call, args| {
            let subject = Subject::server(call, &args)?;
            signed(&subject, &PrivateKey::generate_rsa(RSA_BITS)?, &args[4])
        },
    );
    let params = [names(), vec![ca_type(), Type::String]].concat();
    funcs.add("genSignedCertWithKey", params, |call, args| {
        let key = own_key(&args[5])?;
        signed(&Subject::server(call, &args)?, &key, &args[4])
    });
}

fn own_key(pem: &Value) -> Result<PrivateKey, FuncError> {
    let text = pem
        .as_str()
        .map(|text| text.to_text().into_owned())
        .unwrap_or_default();
    PrivateKey::from_pem(&text).map_err(|error| format!("parsing private key: {error}").into())
}

/// Checks a given pair and returns it as it is.
fn custom(cert: &[u8], key: &[u8]) -> Result<Certificate, FuncError> {
    let cert = base64_decode(cert).map_err(|_| "unable to decode base64 certificate")?;
    let key = base64_decode(key).map_err(|_| "unable to decode base64 private key")?;
    let (cert, key) = (
        String::from_utf8_lossy(&cert),
        String::from_utf8_lossy(&key),
    );
    let block = pem::decode(&cert).ok_or("unable to decode certificate")?;
    Issuer::read(&block.bytes)
        .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
    PrivateKey::from_pem(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Certificate {
        cert: cert.into_owned(),
        key: key.into_owned(),
    })
}

/// What a certificate is about.
struct Subject {
    name: String,
    ips: Vec<IpAddr>,
    dns: Vec<String>,
    days: i64,
    is_authority: bool,
}

impl Subject {
    fn authority(args: &[Value]) -> Subject {
        Subject {
            name: name_of(&args[0]),
            ips: Vec::new(),
            dns: Vec::new(),
            days: args[1].as_int().unwrap_or_default(),
            is_authority: true,
        }
    }

    fn server(call: &mut Call<'_>, args: &[Value]) -> Result<Subject, FuncError> {
        let mut ips = Vec::new();
        for ip in items(&args[1]) {
            let Some(text) = ip.as_str() else {
                return Err(format!("error parsing ip: {} is not a string", call.text(ip)?).into());
            };
            let text = text.to_text();
            let ip = text
                .parse()
                .map_err(|_| format!("error parsing ip: {text}"))?;
            ips.push(ip);
        }
        let mut dns = Vec::new();
        for name in items(&args[2]) {
            let Some(text) = name.as_str() else {
                let name = call.text(name)?;
                let error = format!("error processing alternate dns name: {name} is not a string");
                return Err(error.into());
            };
            let text = text.to_text().into_owned();
            if !text.is_ascii() {
                let name = crate::quote::quote(text.as_bytes());
                return Err(format!(
                    "error creating certificate: x509: {name} cannot be encoded as an IA5String"
                )
                .into());
            }
            dns.push(text);
        }
        let days = args[3].as_int().unwrap_or_default();
        Ok(Subject {
            name: name_of(&args[0]),
            ips,
            dns,
            days,
            is_authority: false,
        })
    }
}

fn name_of(value: &Value) -> String {
    value
        .as_str()
        .map(|name| name.to_text().into_owned())
        .unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_list().map_or(&[], |list: &List| list)
}

/// What a certificate needs to know of the one that signs it.
struct Issuer {
    /// The name in DER.
    name: Vec<u8>,
    key_id: Vec<u8>,
    /// The bits of the public key.
    public: Vec<u8>,
}

impl Issuer {
    /// Reads a certificate.
    fn read(bytes: &[u8]) -> Option<Issuer> {
        let mut outer = Reader::new(bytes)?.enter(Tag::Sequence)?;
        let mut fields = outer.enter(Tag::Sequence)?;
        fields.read_if(der::wrapper(0));
        fields.read(Tag::Integer)?;
        fields.read(Tag::Sequence)?;
        fields.read(Tag::Sequence)?;
        fields.read(Tag::Sequence)?;
        let name = fields.read_whole(Tag::Sequence)?.to_vec();
        let mut key = fields.enter(Tag::Sequence)?;
        key.read(Tag::Sequence)?;
        let public = key.read(Tag::BitString)?.get(1..)?.to_vec();
        fields.read_if(der::plain(1));
        fields.read_if(der::plain(2));
        let mut key_id = Vec::new();
        if let Some(extensions) = fields.read_if(der::wrapper(3)) {
            let mut extensions = Reader::new(extensions)?.enter(Tag::Sequence)?;
            while !extensions.is_finished() {
                let mut extension = extensions.enter(Tag::Sequence)?;
                let oid = extension.read(Tag::ObjectIdentifier)?;
                extension.read_if(Tag::Boolean);
                let content = extension.read(Tag::OctetString)?;
                if oid == OID_KEY_ID.as_bytes() {
                    key_id = Reader::new(content)?.read(Tag::OctetString)?.to_vec();
                }
            }
        }
        outer.read(Tag::Sequence)?;
        outer.read(Tag::BitString)?;
        Some(Issuer {
            name,
            key_id,
            public,
        })
    }
}

fn self_signed(subject: &Subject, key: &PrivateKey) -> Result<Value, FuncError> {
    create(subject, key, None, key)
}

fn signed(subject: &Subject, key: &PrivateKey, authority: &Value) -> Result<Value, FuncError> {
    let Some(authority) = authority.as_object::<Certificate>() else {
        return Err("wrong type for value; expected sprig.certificate".into());
    };
    let block = pem::decode(&authority.cert).ok_or("unable to decode certificate")?;
    let issuer = Issuer::read(&block.bytes)
        .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
    let signer = PrivateKey::from_pem(&authority.key)
        .map_err(|error| format!("error parsing private key: {error}"))?;
    create(subject, key, Some(&issuer), &signer)
}

const OID_COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const OID_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const OID_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const OID_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const OID_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const OID_AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const OID_EXTENDED_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const OID_SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const OID_CLIENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

fn create(
    subject: &Subject,
    key: &PrivateKey,
    issuer: Option<&Issuer>,
    signer: &PrivateKey,
) -> Result<Value, FuncError> {
    let failed = |error: &str| FuncError::new(format!("error creating certificate: {error}"));
    let Some((_, signer_bits)) = signer.public() else {
        return Err(failed(
            "x509: certificate private key does not implement crypto.Signer",
        ));
    };
    let Some((algorithm, public)) = key.public() else {
        return Err(failed("x509: unsupported public key type: *dsa.PublicKey"));
    };
    if issuer.is_some_and(|issuer| issuer.public != signer_bits) {
        return Err(failed(
            "x509: provided PrivateKey doesn't match parent's PublicKey",
        ));
    }
    let mut serial = [0; 16];
    random::fill(&mut serial)?;
    let name = name(&subject.name);
    let now = Time::now();
    let end = now.add(Duration::of_days(subject.days));
    let to_be_signed = der::list(
        Tag::Sequence,
        &[
            der::value(der::wrapper(0), &der::integer(&[2])),
            der::integer(&serial),
            signer.signature_algorithm(),
            issuer.map_or_else(|| name.clone(), |issuer| issuer.name.clone()),
            der::list(Tag::Sequence, &[time(&now), time(&end)]),
            name.clone(),
            der::list(Tag::Sequence, &[algorithm, der::bits(0, &public)]),
            der::value(
                der::wrapper(3),
                &der::list(Tag::Sequence, &extensions(subject, &name, &public, issuer)),
            ),
        ],
    );
    let signature = signer.sign(&to_be_signed).map_err(|error| failed(&error))?;
    let parts = [
        to_be_signed,
        signer.signature_algorithm(),
        der::bits(0, &signature),
    ];
    Ok(Value::object(Certificate {
        cert: pem::encode("CERTIFICATE", &der::list(Tag::Sequence, &parts)),
        key: key.to_pem(),
    }))
}

/// Encodes a name that is a common name only.
fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return der::value(Tag::Sequence, &[]);
    }
    let is_printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if common_name.bytes().all(is_printable) {
        Tag::PrintableString
    } else {
        Tag::Utf8String
    };
    let attribute = [
        der::oid(OID_COMMON_NAME),
        der::value(tag, common_name.as_bytes()),
    ];
    der::value(
        Tag::Sequence,
        &der::value(Tag::Set, &der::list(Tag::Sequence, &attribute)),
    )
}

/// Encodes a time in two digits of the year up to 2049, in four after that.
fn time(time: &Time) -> Vec<u8> {
    if time.is_short_in_certificates() {
        der::value(Tag::UtcTime, time.text_of("060102150405Z").as_bytes())
    } else {
        der::value(
            Tag::GeneralizedTime,
            time.text_of("20060102150405Z").as_bytes(),
        )
    }
}

fn extensions(
    subject: &Subject,
    name: &[u8],
    public: &[u8],
    issuer: Option<&Issuer>,
) -> Vec<Vec<u8>> {
    // Digital signature and key encipherment, for an authority also the signing of certificates.
    let usage = if subject.is_authority {
        der::bits(2, &[0xA4])
    } else {
        der::bits(5, &[0xA0])
    };
    let roles = [der::oid(OID_SERVER), der::oid(OID_CLIENT)];
    let authority = der::value(Tag::Boolean, &[0xFF]);
    let constraints: &[u8] = if subject.is_authority {
        &authority
    } else {
        &[]
    };
    let mut all = vec![
        extension(OID_KEY_USAGE, Importance::Critical, &usage),
        extension(
            OID_EXTENDED_USAGE,
            Importance::Normal,
            &der::list(Tag::Sequence, &roles),
        ),
        extension(
            OID_CONSTRAINTS,
            Importance::Critical,
            &der::value(Tag::Sequence, constraints),
        ),
    ];
    if subject.is_authority {
        let id = der::value(Tag::OctetString, &Sha1::digest(public));
        all.push(extension(OID_KEY_ID, Importance::Normal, &id));
    }
    if let Some(issuer) = issuer
        && issuer.name != name
        && !issuer.key_id.is_empty()
    {
        let id = der::value(Tag::Sequence, &der::value(der::plain(0), &issuer.key_id));
        all.push(extension(OID_AUTHORITY_KEY, Importance::Normal, &id));
    }
    let mut names: Vec<Vec<u8>> = subject
        .dns
        .iter()
        .map(|dns| der::value(der::plain(2), dns.as_bytes()))
        .collect();
    names.extend(subject.ips.iter().map(|ip| match ip {
        IpAddr::V4(ip) => der::value(der::plain(7), &ip.octets()),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => der::value(der::plain(7), &ip.octets()),
            None => der::value(der::plain(7), &ip.octets()),
        },
    }));
    if !names.is_empty() {
        let importance = if subject.name.is_empty() {
            Importance::Critical
        } else {
            Importance::Normal
        };
        all.push(extension(
            OID_ALT_NAME,
            importance,
            &der::list(Tag::Sequence, &names),
        ));
    }
    all
}

/// Whether who does not know an extension has to refuse the certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Importance {
    Critical,
    Normal,
}

fn extension(oid: ObjectIdentifier, importance: Importance, content: &[u8]) -> Vec<u8> {
    let mut fields = vec![der::oid(oid)];
    if importance == Importance::Critical {
        fields.push(der::value(Tag::Boolean, &[0xFF]));
    }
    fields.push(der::value(Tag::OctetString, content));
    der::list(Tag::Sequence, &fields)
}
