//! `shell`: the commands of the user stages.

use diagnostic::Report;

use super::fields::Fields;
use super::instructions::{Instructions, Stages};
use super::schema::Section;
use super::schema::Shape::{Text, TextOrList};

/// The keys of `shell`.
pub static KEYS: Section = Section {
    keys: &[
        ("beforeInstall", TextOrList),
        ("install", TextOrList),
        ("beforeSetup", TextOrList),
        ("setup", TextOrList),
        ("cacheVersion", Text),
        ("beforeInstallCacheVersion", Text),
        ("installCacheVersion", Text),
        ("beforeSetupCacheVersion", Text),
        ("setupCacheVersion", Text),
    ],
};

/// Reads `shell`.
pub(crate) fn read(fields: &Fields<'_>, report: &mut Report<'_>) -> Instructions {
    let commands = |fields: &Fields<'_>, stage: super::UserStage, _: &mut Report<'_>| {
        fields.text_or_list(stage.name())
    };
    Instructions::Shell(Stages::read(fields, report, commands))
}
