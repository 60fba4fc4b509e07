//! What the server says: whether it answers, who this is to it, what that may do.

use std::collections::BTreeMap;

use rolecall_rbac::{Authorizer, Identity, PolicyRule, Text, subtract};
use rolecall_review::live::RulesAnswer;
use rolecall_source::cluster::{ConnectProblem, IdentitySource, RequestError, WhoAmI};
use rolecall_source::facts::Version;
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};

use super::mount::{Mount, see_authority};
use crate::answer::diagnosis::{Status, Step};
use crate::error::{CommandError, Hint};
use crate::live::{self, Live};
use crate::subject::label;
use crate::time;
use crate::ui::Ui;
use crate::words;

/// How many rules are told.
const RULES_TOLD: usize = 8;

/// What is asked of a server, and as whom.
pub(super) struct Examination<'a> {
    pub(super) ui: &'a Ui,
    pub(super) live: &'a Live,
    /// What was mounted.
    pub(super) mount: &'a Mount,
    /// Whether a proxy speaks for the Pod, to which the mounted token is not sent.
    pub(super) is_proxied: bool,
    /// Where it is asked what may be done.
    pub(super) namespace: &'a str,
}

impl Examination<'_> {
    /// Asks everything, and returns who this is to the server.
    pub(super) fn run(&self, steps: &mut Vec<Step>) -> Result<Option<WhoAmI>, CommandError> {
        if !self.connect(steps)? {
            let why = "not asked, for no API server answers";
            steps.extend(["identity", "rights"].map(|name| Step::unknown(name, why)));
            return Ok(None);
        }
        let who = self.identify(steps)?;
        let is_refused = steps.last().is_some_and(|step| step.status == Status::Failed);
        steps.push(match &who {
            _ if is_refused => Step::unknown("rights", "not asked, for nobody in particular asks"),
            Some(who) => self.rights(&who.identity)?,
            // What somebody may can be asked without a name.
            None => self.rights(&Identity::user(""))?,
        });
        Ok(who)
    }

    /// Asks for the version; false when nothing else will be answered either.
    fn connect(&self, steps: &mut Vec<Step>) -> Result<bool, CommandError> {
        let cluster = self.live.cluster();
        let server = cluster.server();
        let label = || format!("asking {server} for its version");
        let version = self.live.wait_for_any(self.ui, label, cluster.version())?;
        let certificate = match server.starts_with("https:") && self.mount.has_authority {
            true => ", with a certificate that ca.crt vouches for",
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
                    401 => Step::unknown("version", "not told to whoever is not accepted"),
                    403 => Step::unknown(
                        "version",
                        format!("403, known to the server but not allowed: {refusal}"),
                    )
                    .next(Hint::run(
                        "kubectl get clusterrolebinding system:public-info-viewer -o yaml",
                        "see whether the binding that lets everybody ask is as servers make it",
                    )),
                    _ => Step::failed("version", refusal.to_string()),
                };
                steps.extend([connected, refused]);
                Ok(true)
            }
            RequestError::NotKubernetes { .. } => {
                let hint = Hint::pass("--server URL", "name the API server");
                steps.extend([connected, Step::failed("version", says(&error)).next(hint)]);
                Ok(false)
            }
            _ => {
                let failed = Step::failed("connection", says(&error));
                steps.push(self.connection_hints(&error).into_iter().fold(failed, Step::next));
                steps.push(Step::unknown("version", "not asked, for there is no connection"));
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
                vec![Hint::run("cat /etc/resolv.conf", "see which DNS server is asked")]
            }
            ConnectProblem::UnknownAuthority | ConnectProblem::Tls(_) => {
                vec![see_authority(Some(self.namespace))]
            }
            ConnectProblem::CertificateTime => {
                vec![Hint::run("date -u", "see whether this machine's clock is right")]
            }
            ConnectProblem::WrongName => vec![Hint::pass(
                "--server https://kubernetes.default.svc",
                "use the name that is in every API server's certificate",
            )],
            ConnectProblem::NoTls => {
                vec![Hint::pass("--server http://HOST:PORT", "ask without TLS")]
            }
            ConnectProblem::ClientCertificate(_) => Vec::new(),
        }
    }

    fn hint_at_network(&self) -> Hint {
        if self.live.cluster().server().starts_with("http:") {
            return Hint::run("kubectl proxy --port=8001", "start the proxy");
        }
        Hint::run(
            format!("kubectl get networkpolicies -n {}", self.namespace),
            "see whether one keeps Pods from the API server",
        )
    }

    /// Asks who this is.
    fn identify(&self, steps: &mut Vec<Step>) -> Result<Option<WhoAmI>, CommandError> {
        let asking = self.live.cluster().who_am_i();
        let asked = self.live.wait_for_any(self.ui, || "asking who this is".to_owned(), asking)?;
        let (who, step) = match asked {
            Ok(Some(who)) => {
                let step = self.judge(&who);
                (Some(who), step)
            }
            Ok(None) => (None, Step::unknown("identity", "the server does not tell who this is")),
            Err(RequestError::Refused(refusal)) if refusal.code == 401 => (None, self.refused()),
            Err(error) => (None, Step::unknown("identity", error.to_string())),
        };
        steps.push(step);
        Ok(who)
    }

    /// Judges whom the server takes this for.
    fn judge(&self, who: &WhoAmI) -> Step {
        let user = label(&who.identity);
        let owner = self.mount.claims.as_ref().map(|claims| &*claims.subject);
        if *who.identity.user == *"system:anonymous" {
            return self.nobody();
        }
        let how = match who.source {
            IdentitySource::Server => "",
            IdentitySource::Credential => " (by its own account: this server does not tell)",
            IdentitySource::Refusal => {
                " (named in a refusal: known to the server, but not allowed to ask)"
            }
        };
        match owner {
            Some(owner) if !self.is_proxied && *who.identity.user != *owner => {
                Step::unknown("identity", format!("{user}{how}, although the token is of {owner}"))
            }
            Some(owner) if self.is_proxied && *who.identity.user != *owner => Step::ok(
                "identity",
                format!("{user}{how}: the proxy's own, not the Pod's, which is {owner}"),
            ),
            _ if self.is_proxied => Step::ok("identity", format!("{user}{how}: the proxy's own")),
            _ => Step::ok("identity", format!("{user}{how}")),
        }
    }

    /// Says why nobody in particular asks.
    fn nobody(&self) -> Step {
        if !self.is_proxied && !self.mount.has_token {
            return Step::failed("identity", "system:anonymous: there is no token to send")
                .next(self.hint_at_spec());
        }
        if self.is_proxied {
            let says = "system:anonymous: the proxy sends no credentials";
            let hint =
                Hint::run("kubectl auth whoami", "see whose credentials the proxy could send");
            return Step::failed("identity", says).next(hint);
        }
        let hint = Hint::run("env | grep -i _proxy", "see whether a proxy takes the token away");
        Step::failed("identity", "system:anonymous: the token did not arrive").next(hint)
    }

    /// Hints at what may keep a token from being mounted.
    fn hint_at_spec(&self) -> Hint {
        let place = "-o jsonpath={.spec.automountServiceAccountToken}";
        Hint::run(
            format!("kubectl get pod POD -n {} {place}", self.namespace),
            "see whether the Pod does without a token",
        )
    }

    /// Says why a token may be refused.
    fn refused(&self) -> Step {
        if self.is_proxied {
            let hint = Hint::run("kubectl auth whoami", "see whether its credentials are good");
            return Step::failed("identity", "401: the server refuses the proxy's credentials")
                .next(hint);
        }
        if !self.mount.has_token {
            let says = "401: the server refuses whoever has no token";
            return Step::failed("identity", says).next(self.hint_at_spec());
        }
        let mut step = Step::failed("identity", "401: the server refuses the token");
        let Some(claims) = self.mount.claims.as_ref() else {
            let command = format!("kubectl create token SERVICEACCOUNT -n {}", self.namespace);
            return step.next(Hint::run(command, "make one that it accepts"));
        };
        step.says.push_str(&match claims.expires {
            Some(expires) if expires <= time::now() => ": it has expired".to_owned(),
            _ => match claims.foreign_audience() {
                Some(audience) => format!(": it is for {audience}"),
                None => ": it is another cluster's, or bound to an object that is gone".to_owned(),
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
            let purpose = format!("see whether it is still the one of the token, {}", object.uid);
            step = step.next(Hint::run(command, purpose));
        }
        step
    }

    /// Asks what this may do.
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
                    "see the rules that it lists",
                );
                return Ok(Step::unknown("rights", says).next(hint));
            }
        };
        let own = merged(subtract(rules.rules(), &everybodys(me)));
        if let (true, Some(rest)) = (own.is_empty(), &rest) {
            let says = format!("in namespace {namespace} only what everybody may, but {rest}");
            return Ok(Step::unknown("rights", says));
        }
        if own.is_empty() {
            let says = format!("in namespace {namespace} nothing but what everybody may");
            let who = label(me);
            let hint = Hint::run(
                format!("rolecall fix get pods --for {who} -n {namespace}"),
                "print the YAML that lets it get Pods, for example",
            );
            return Ok(Step::ok("rights", says).next(hint));
        }
        let mut told = own.iter().take(RULES_TOLD).cloned().collect::<Vec<_>>().join("; ");
        if own.len() > RULES_TOLD {
            told.push_str(&format!("; and {} rules more", own.len() - RULES_TOLD));
        }
        if let Some(rest) = rest {
            told.push_str(&format!("; perhaps more, for {rest}"));
        }
        Ok(Step::ok("rights", format!("in namespace {namespace}: {told}")))
    }
}

/// Adds whether what a token is bound to is still there, which a server that accepts it has checked.
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
        true => Step::ok("bound objects", format!("{objects}, as the token was made for")),
        false => {
            Step::unknown("bound objects", format!("{objects}: the server did not check them"))
        }
    });
}

/// Writes rules, those of the same verbs as one.
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

/// Returns the rules that every server gives everybody.
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
