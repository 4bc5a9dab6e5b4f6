//! Operating system and processor.

use std::fmt;

use buildkit_proto::pb;

/// What an image is for, in the terms of the OCI image specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// For example `linux`.
    pub os: String,
    /// For example `amd64`.
    pub architecture: String,
    /// For example `v7`; often empty.
    pub variant: String,
}

impl Default for Platform {
    fn default() -> Platform {
        Platform {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            variant: String::new(),
        }
    }
}

impl Platform {
    /// Reads `os/architecture[/variant]`, or an architecture alone for Linux, and normalises it as
    /// containerd does; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Platform> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        if !parts.iter().all(is_word) {
            return None;
        }
        let (os, architecture, variant) = match parts.as_slice() {
            [architecture] if is_architecture(architecture) => ("linux", *architecture, ""),
            [os, architecture] => (*os, *architecture, ""),
            [os, architecture, variant] => (*os, *architecture, *variant),
            _ => return None,
        };
        Some(Platform::normalised(os, architecture, variant))
    }

    fn normalised(os: &str, architecture: &str, variant: &str) -> Platform {
        let (os, architecture, variant) = (
            os.to_lowercase(),
            architecture.to_lowercase(),
            variant.to_lowercase(),
        );
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("i386" | "i686", _) => ("386", ""),
            ("aarch64" | "arm64", "8" | "v8" | "") => ("arm64", ""),
            ("aarch64", variant) => ("arm64", variant),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", "" | "7") => ("arm", "v7"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "6") => ("arm", "v6"),
            ("arm", "8") => ("arm", "v8"),
            ("amd64", "v1") => ("amd64", ""),
            (architecture, variant) => (architecture, variant),
        };
        let os = if os == "macos" { "darwin" } else { &os };
        Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        }
    }

    /// Reads BuildKit's message.
    pub fn from_proto(platform: &pb::Platform) -> Platform {
        Platform::normalised(&platform.os, &platform.architecture, &platform.variant)
    }

    /// Returns BuildKit's message.
    pub fn to_proto(&self) -> pb::Platform {
        pb::Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            ..pb::Platform::default()
        }
    }
}

fn is_architecture(word: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "386", "amd64", "arm", "arm64", "aarch64", "armhf", "armel", "loong64", "mips64le",
        "ppc64le", "riscv64", "s390x", "x86_64", "x86-64",
    ];
    KNOWN.contains(&word.to_lowercase().as_str())
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_normalised_as_containerd_does() {
        for (text, normalised) in [
            ("linux/amd64", "linux/amd64"),
            ("amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("Linux/AARCH64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("armhf", "linux/arm/v7"),
        ] {
            assert_eq!(
                Platform::parse(text)
                    .map(|platform| platform.to_string())
                    .as_deref(),
                Some(normalised)
            );
        }
        for wrong in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd 64"] {
            assert_eq!(Platform::parse(wrong), None, "{wrong}");
        }
    }
}
