//! The requests with which Helm deploys a chart.

use std::path::Path;

use rolecall_check::unheld_grants;
use rolecall_command::{Operations, ReleasedObject, release_requests};
use rolecall_grant::Denied;
use rolecall_rbac::{Identity, Inventory, sentence_list};
use rolecall_render::TargetKind;
use rolecall_source::manifests::{self, LoadConfig};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::load::{self, Needs, Session};
use crate::targets::{self, OtherTarget, Targets};
use crate::ui::Ui;

/// The most roles and bindings that a note contains.
const NAMED: usize = 5;

/// A rendered chart.
pub(super) struct Release {
    namespace: String,
    objects: Vec<ReleasedObject>,
    inventory: Inventory,
}

/// Renders the charts at a path.
pub(super) fn read(ui: &Ui, options: &Options, path: &Path) -> Result<Vec<Release>, CommandError> {
    let mut options = options.clone();
    options.source.filename = vec![path.to_owned()];
    let config = load::config_of(ui, &options, &Needs::default());
    let mut listing = manifests::find(&config);
    let Targets { rendered, others, .. } = targets::render(ui, &options, &config, &mut listing)?;
    let mut unread = others.iter().flatten().filter_map(|OtherTarget { gap, .. }| gap.as_ref());
    if let Some(gap) = unread.next() {
        return Err(CommandError::input(gap.because.to_string()));
    }
    let is_chart = |target: &rolecall_render::Target| matches!(target.kind, TargetKind::Helm(_));
    let charts = rendered.into_iter().filter(|it| is_chart(&it.target));
    let releases = charts.map(|chart| {
        let namespace = targets::namespace_of(&chart.target, &config).to_owned();
        let objects = targets::released_objects(&chart.output.text, &namespace);
        let config = LoadConfig { default_namespace: namespace.clone(), ..config.clone() };
        let inventory = manifests::finish_rendered(&config, chart.rendered).inventory;
        Release { namespace, objects, inventory }
    });
    let releases: Vec<Release> = releases.collect();
    match releases.is_empty() {
        true => Err(CommandError::input(format!("`{}` contains no chart", path.display()))
            .with_hint(Hint::run("rolecall targets PATH", "list the charts in a directory"))),
        false => Ok(releases),
    }
}

/// Returns the requests of Helm for each subject.
pub(super) fn take(
    ui: &Ui,
    session: &Session,
    releases: &[Release],
    identities: &[Identity],
) -> Vec<Denied> {
    let mut denied = Vec::new();
    for identity in identities {
        for Release { namespace, objects, inventory } in releases {
            let requests = release_requests(objects, namespace, Operations::All, &session.catalog);
            denied.extend(requests.into_iter().map(|it| Denied::new(identity.clone(), it)));
            let mut unheld = unheld_grants(identity, inventory, &session.authorizer);
            if unheld.is_empty() {
                continue;
            }
            let more = unheld.len().saturating_sub(NAMED);
            unheld.truncate(NAMED);
            if more > 0 {
                unheld.push(format!("{more} more"));
            }
            ui.note(format!(
                "the server also requires that `{}` has the rights that {} grant{}, or `escalate` and `bind`; \
                 they are not added",
                identity.user,
                sentence_list(&unheld),
                if unheld.len() == 1 { "s" } else { "" }
            ));
        }
    }
    denied.sort();
    denied.dedup();
    denied
}
