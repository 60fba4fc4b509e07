//! Connection, identity and permissions according to the server.

use std::collections::BTreeMap;

use rolecall_rbac::{Authorizer, Identity, PolicyRule, Text, subtract};
use rolecall_review::live::RulesAnswer;
use rolecall_source::cluster::{ConnectProblem, IdentitySource, RequestError, WhoAmI};
use rolecall_source::facts::Version;
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};

use super::mount::{Mount, see_authority};
use crate::answer::diagnosis::{Status, Step};
use crate::cli::quote;
use crate::error::{CommandError, Hint};
use crate::live::{self, Live};
use crate::subject::label;
use crate::time;
use crate::ui::Ui;
use crate::words;

/// The maximum number of rules to list.
const MAX_RULES: usize = 8;

/// The checks that ask the server.
pub(super) struct Examination<'a> {
    pub(super) ui: &'a Ui,
    pub(super) live: &'a Live,
    /// The mounted files.
    pub(super) mount: &'a Mount,
    /// Whether requests go through a proxy, which does not get the mounted token.
    pub(super) is_proxied: bool,
    /// The namespace for checking permissions.
    pub(super) namespace: &'a str,
}

impl Examination<'_> {
    /// Runs all checks, and returns the identity according to the server.
    pub(super) fn run(&self, steps: &mut Vec<Step>) -> Result<Option<WhoAmI>, CommandError> {
        if !self.connect(steps)? {
            let why = "not checked: no API server answers";
            steps.extend(["identity", "rights"].map(|name| Step::unknown(name, why)));
            return Ok(None);
        }
        let who = self.identify(steps)?;
        let is_refused = steps.last().is_some_and(|step| step.status == Status::Failed);
        steps.push(match &who {
            _ if is_refused => Step::unknown("rights", "not checked: the request is anonymous"),
            Some(who) => self.rights(&who.identity)?,
            // The identity is not needed to ask for rules.
            None => self.rights(&Identity::user(""))?,
        });
        Ok(who)
    }

    /// Requests the version; returns false if other requests would fail, too.
    fn connect(&self, steps: &mut Vec<Step>) -> Result<bool, CommandError> {
        let cluster = self.live.cluster();
        let server = cluster.server();
        let label = || format!("requesting the version of {server}");
        let version = self.live.wait_for_any(self.ui, label, cluster.version())?;
        let certificate = match server.starts_with("https:") && self.mount.has_authority {
            true => ", with a certificate that ca.crt verifies",
            false => "",
        };
        let connected = Step::ok("connection", format!("{server} answers{certificate}"));
        let error = match version {
            Ok(version) => {
                steps.extend([connected, Step::ok("version", version)]);
                return Ok(true);
            }
            Err(error) => error,
        };
        let says = |error: &RequestError| match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        match &error {
            RequestError::Refused(refusal) => {
                let refused = match refusal.code {
                    401 => Step::unknown("version", "not available without valid credentials"),
                    403 => Step::unknown(
                        "version",
                        format!("403, authenticated but not authorized: {refusal}"),
                    )
                    .next(Hint::run(
                        "kubectl get clusterrolebinding system:public-info-viewer -o yaml",
                        "check the default binding that allows everyone to ask",
                    )),
                    _ => Step::failed("version", refusal.to_string()),
                };
                steps.extend([connected, refused]);
                Ok(true)
            }
            RequestError::NotKubernetes { .. } => {
                let hint = Hint::pass("--server URL", "set the API server");
                steps.extend([connected, Step::failed("version", says(&error)).next(hint)]);
                Ok(false)
            }
            _ => {
                let failed = Step::failed("connection", says(&error));
                steps.push(self.connection_hints(&error).into_iter().fold(failed, Step::next));
                steps.push(Step::unknown("version", "not checked: no connection"));
                Ok(false)
            }
        }
    }

    fn connection_hints(&self, error: &RequestError) -> Vec<Hint> {
        let RequestError::Unreachable { source, .. } = error else {
            return vec![self.hint_at_network()];
        };
        match source {
            ConnectProblem::Refused | ConnectProblem::TimedOut | ConnectProblem::Network(_) => {
                vec![self.hint_at_network()]
            }
            ConnectProblem::UnknownHost => {
                vec![Hint::run("cat /etc/resolv.conf", "see which DNS server is used")]
            }
            ConnectProblem::UnknownAuthority | ConnectProblem::Tls(_) => {
                vec![see_authority(Some(self.namespace))]
            }
            ConnectProblem::CertificateTime => {
                vec![Hint::run("date -u", "check the clock of this machine")]
            }
            ConnectProblem::WrongName => vec![Hint::pass(
                "--server https://kubernetes.default.svc",
                "use the name in every API server's certificate",
            )],
            ConnectProblem::NoTls => {
                vec![Hint::pass("--server http://HOST:PORT", "use plain HTTP")]
            }
            _ => Vec::new(),
        }
    }

    fn hint_at_network(&self) -> Hint {
        if self.live.cluster().server().starts_with("http:") {
            return Hint::run("kubectl proxy --port=8001", "start the proxy");
        }
        Hint::run(
            format!("kubectl get networkpolicies -n {}", self.namespace),
            "check whether one blocks access to the API server",
        )
    }

    /// Requests the identity.
    fn identify(&self, steps: &mut Vec<Step>) -> Result<Option<WhoAmI>, CommandError> {
        let asking = self.live.cluster().who_am_i();
        let asked =
            self.live.wait_for_any(self.ui, || "requesting the identity".to_owned(), asking)?;
        let (who, step) = match asked {
            Ok(Some(who)) => {
                let step = self.compare(&who);
                (Some(who), step)
            }
            Ok(None) => (None, Step::unknown("identity", "the server does not report identities")),
            Err(RequestError::Refused(refusal)) if refusal.code == 401 => (None, self.refused()),
            Err(error) => (None, Step::unknown("identity", error.to_string())),
        };
        steps.push(step);
        Ok(who)
    }

    /// Compares the identity with the token.
    fn compare(&self, who: &WhoAmI) -> Step {
        let user = label(&who.identity);
        let owner = self.mount.claims.as_ref().map(|claims| &*claims.subject);
        if *who.identity.user == *"system:anonymous" {
            return self.anonymous();
        }
        let how = match who.source {
            IdentitySource::Server => "",
            IdentitySource::Credential => {
                " (according to the token: this server does not report identities)"
            }
            IdentitySource::Refusal => {
                " (from an error message: authenticated, but not authorized to ask)"
            }
        };
        match owner {
            Some(owner) if !self.is_proxied && *who.identity.user != *owner => Step::unknown(
                "identity",
                format!("{user}{how}, although the token belongs to {owner}"),
            ),
            Some(owner) if self.is_proxied && *who.identity.user != *owner => Step::ok(
                "identity",
                format!("{user}{how}: the identity of the proxy; that of the Pod is {owner}"),
            ),
            _ if self.is_proxied => {
                Step::ok("identity", format!("{user}{how}: the identity of the proxy"))
            }
            _ => Step::ok("identity", format!("{user}{how}")),
        }
    }

    /// Explains an anonymous identity.
    fn anonymous(&self) -> Step {
        if !self.is_proxied && !self.mount.has_token {
            return Step::failed("identity", "system:anonymous: there is no token to send")
                .next(self.hint_at_spec());
        }
        if self.is_proxied {
            let says = "system:anonymous: the proxy sends no credentials";
            let hint = Hint::run("kubectl auth whoami", "check the credentials of the proxy");
            return Step::failed("identity", says).next(hint);
        }
        let hint = Hint::run("env | grep -i _proxy", "check whether a proxy removes the token");
        Step::failed("identity", "system:anonymous: the token did not arrive").next(hint)
    }

    /// Returns a hint at settings that prevent mounting a token.
    fn hint_at_spec(&self) -> Hint {
        let place = "-o jsonpath={.spec.automountServiceAccountToken}";
        Hint::run(
            format!("kubectl get pod POD -n {} {place}", self.namespace),
            "check whether the Pod disables the token",
        )
    }

    /// Explains a rejected token.
    fn refused(&self) -> Step {
        if self.is_proxied {
            let hint = Hint::run("kubectl auth whoami", "check its credentials");
            return Step::failed(
                "identity",
                "401: the server rejects the credentials of the proxy",
            )
            .next(hint);
        }
        if !self.mount.has_token {
            let says = "401: the server rejects requests without a token";
            return Step::failed("identity", says).next(self.hint_at_spec());
        }
        let mut step = Step::failed("identity", "401: the server rejects the token");
        let Some(claims) = self.mount.claims.as_ref() else {
            let command = format!("kubectl create token SERVICEACCOUNT -n {}", self.namespace);
            return step.next(Hint::run(command, "create a valid token"));
        };
        step.says.push_str(&match claims.expires {
            Some(expires) if expires <= time::now() => ": it has expired".to_owned(),
            _ => match claims.foreign_audience() {
                Some(audience) => format!(": it is for {audience}"),
                None => {
                    ": it belongs to another cluster, or is bound to a deleted object".to_owned()
                }
            },
        });
        let namespace = &claims.namespace;
        let bound = [("pod", &claims.pod), ("serviceaccount", &claims.service_account)];
        for (kind, object) in bound {
            let Some(object) = object else { continue };
            let command = format!(
                "kubectl get {kind} {} -n {namespace} -o jsonpath={{.metadata.uid}}",
                object.name
            );
            let purpose = format!("compare it with the UID in the token, {}", object.uid);
            step = step.next(Hint::run(command, purpose));
        }
        step
    }

    /// Checks the permissions.
    fn rights(&self, me: &Identity) -> Result<Step, CommandError> {
        if me.is_privileged() {
            return Ok(Step::ok("rights", "everything, as a member of system:masters"));
        }
        let namespace = self.namespace;
        let (rules, rest) = match live::rules(self.ui, self.live, me, namespace)? {
            RulesAnswer::Complete(rules) => (rules, None),
            RulesAnswer::Partial(rules, because) => {
                let because = if because.is_empty() { because } else { format!(": {because}") };
                let rest = format!("the server does not list all rules{because}");
                (rules, Some(rest))
            }
            RulesAnswer::Useless => {
                let says = format!("the server does not list all rules of namespace {namespace}");
                let hint = Hint::run(
                    format!("kubectl auth can-i --list -n {namespace}"),
                    "see the listed rules",
                );
                return Ok(Step::unknown("rights", says).next(hint));
            }
        };
        let own = merged(subtract(rules.rules(), &everybodys(me)));
        if let (true, Some(rest)) = (own.is_empty(), &rest) {
            let says = format!(
                "in namespace {namespace} only the default rules of every user, but {rest}"
            );
            return Ok(Step::unknown("rights", says));
        }
        if own.is_empty() {
            let says = format!("in namespace {namespace} only the default rules of every user");
            let step = Step::ok("rights", says);
            // An anonymous caller needs credentials instead of permissions.
            if *me.user == *"system:anonymous" {
                return Ok(step);
            }
            let who = quote(&label(me));
            let hint = Hint::run(
                format!("rolecall fix get pods --for {who} -n {namespace}"),
                "print YAML that allows getting Pods, for example",
            );
            return Ok(step.next(hint));
        }
        let mut listed = own.iter().take(MAX_RULES).cloned().collect::<Vec<_>>().join("; ");
        if own.len() > MAX_RULES {
            listed.push_str(&format!("; and {} more rules", own.len() - MAX_RULES));
        }
        if let Some(rest) = rest {
            listed.push_str(&format!("; possibly more, because {rest}"));
        }
        Ok(Step::ok("rights", format!("in namespace {namespace}: {listed}")))
    }
}

/// Adds a step for the objects that the token is bound to, which a server checks when it accepts the token.
pub(super) fn bound(mount: &Mount, accepted: bool, steps: &mut Vec<Step>) {
    let Some(claims) = &mount.claims else { return };
    let objects: Vec<String> = [("Pod", &claims.pod), ("Secret", &claims.secret)]
        .into_iter()
        .filter_map(|(kind, object)| Some(format!("{kind} {}", object.as_ref()?.name)))
        .chain(
            claims.service_account.iter().map(|account| format!("ServiceAccount {}", account.name)),
        )
        .collect();
    if objects.is_empty() {
        return;
    }
    let objects = objects.join(" and ");
    steps.push(match accepted {
        true => Step::ok("bound objects", format!("{objects}: the objects of the token exist")),
        false => {
            Step::unknown("bound objects", format!("{objects}: the server did not check them"))
        }
    });
}

/// Describes rules, and merges those with the same verbs.
fn merged(rules: Vec<PolicyRule>) -> Vec<String> {
    let mut alike: BTreeMap<PolicyRule, (Vec<Text>, Vec<Text>)> = BTreeMap::new();
    for mut rule in rules {
        let resources = std::mem::take(&mut rule.resources);
        let urls = std::mem::take(&mut rule.non_resource_urls);
        let mut verbs = rule.verbs.to_vec();
        verbs.sort();
        rule.verbs = verbs.into();
        let (all_resources, all_urls) = alike.entry(rule).or_default();
        all_resources.extend(resources.iter().cloned());
        all_urls.extend(urls.iter().cloned());
    }
    let whole = alike.into_iter().map(|(rule, (mut resources, mut urls))| {
        resources.sort();
        urls.sort();
        PolicyRule { resources: resources.into(), non_resource_urls: urls.into(), ..rule }
    });
    whole.map(|rule| words::rule(&rule)).collect()
}

/// Returns the default rules of every user.
fn everybodys(me: &Identity) -> Vec<PolicyRule> {
    let config = LoadConfig {
        paths: Vec::new(),
        default_namespace: "default".to_owned(),
        defaults: Defaults::Version(Version::default()),
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let defaults = Authorizer::new(manifests::load(&config, std::io::empty()).inventory);
    let review = defaults.rules_for(me, "default");
    review.rules.iter().map(|of| of.rule.clone()).collect()
}
