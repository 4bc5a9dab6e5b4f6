//! Who owns what an action makes.

use buildkit_proto::pb;

/// A user and a group (`solver/llbsolver/ops/user_linux.go`).
///
/// Without a user it is root; without a group it is that of the user, which for a number is the same number. A
/// name that is not known is root, and no error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Option<User>,
    /// The group.
    pub group: Option<User>,
}

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// By number.
    Id(u32),
    /// By name, as `/etc/passwd` and `/etc/group` of the file system below the chain have it; there must be one.
    Name(String),
}

impl Owner {
    /// A user and a group by their numbers.
    pub fn ids(uid: u32, gid: u32) -> Owner {
        Owner {
            user: Some(User::Id(uid)),
            group: Some(User::Id(gid)),
        }
    }

    /// Reads `user[:group]`, each a number or a name.
    pub fn parse(text: &str) -> Owner {
        let (user, group) = text.split_once(':').unwrap_or((text, ""));
        let user_or_group = |text: &str| match text.parse() {
            Ok(id) => Some(User::Id(id)),
            Err(_) if text.is_empty() => None,
            Err(_) => Some(User::Name(text.to_owned())),
        };
        Owner {
            user: user_or_group(user),
            group: user_or_group(group),
        }
    }

    /// Returns BuildKit's message; `base` is the number of the input whose files know the names.
    pub(super) fn into_proto(self, base: i64) -> pb::ChownOpt {
        let user_or_group = |user: User| pb::UserOpt {
            user: Some(match user {
                User::Id(id) => pb::user_opt::User::ById(id),
                User::Name(name) => {
                    pb::user_opt::User::ByName(pb::NamedUserOpt { name, input: base })
                }
            }),
        };
        pb::ChownOpt {
            user: self.user.map(user_or_group),
            group: self.group.map(user_or_group),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_as_users_and_groups() {
        let name = |name: &str| Some(User::Name(name.to_owned()));
        for (text, user, group) in [
            ("0:0", Some(User::Id(0)), Some(User::Id(0))),
            ("1000", Some(User::Id(1000)), None),
            ("app:www-data", name("app"), name("www-data")),
            (":5", None, Some(User::Id(5))),
            ("", None, None),
        ] {
            assert_eq!(Owner::parse(text), Owner { user, group }, "{text}");
        }
    }
}
