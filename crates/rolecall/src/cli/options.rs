//! The options that every command takes.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};
use rolecall_check::{KubernetesVersion, PathGlob, RenderSetting};
use rolecall_source::cluster::ClusterOptions as Source;
use rolecall_source::facts::Version;
use rolecall_source::manifests::Defaults;

use super::command_line::{Given, line};
use super::connection::ConnectionOptions;
use super::rendering::RenderOptions;

/// Options that every command takes, before or after the command's name.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) namespace: NamespaceOptions,
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    /// The arguments as they were given.
    #[arg(skip)]
    pub(crate) given: Given,
}

/// The namespaces that a command is about.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Scope")]
pub(crate) struct NamespaceOptions {
    /// The namespace [default: from the context, or `default`]; can be repeated in some commands
    #[arg(short, long = "namespace", value_name = "NAMESPACE", value_parser = parse_namespace, global = true)]
    pub(crate) namespaces: Vec<String>,
    /// All namespaces; -n still sets the namespace of subjects that are written without one
    #[arg(short = 'A', long, global = true)]
    pub(crate) all_namespaces: bool,
}

impl NamespaceOptions {
    /// Returns the first namespace that was named.
    pub(crate) fn first(&self) -> Option<&str> {
        self.namespaces.first().map(String::as_str)
    }
}

/// The manifests to read.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Source")]
pub(crate) struct SourceOptions {
    /// Read manifests or a snapshot instead of a cluster: a file, a directory (recursively), a quoted
    /// pattern such as `'deploy/*.yaml'`, or `-` for stdin; can be repeated
    #[arg(short, long, value_name = "PATH", global = true)]
    pub(crate) filename: Vec<PathBuf>,
    /// Skip files and directories whose path, or the end of it, matches a pattern such as `charts` or
    /// `'*/testdata'`; can be repeated
    #[arg(long, value_name = "GLOB", global = true)]
    pub(crate) exclude: Vec<PathGlob>,
    /// Overlay the live cluster with the manifests of -f, as if they were applied
    #[arg(long, global = true)]
    pub(crate) overlay: bool,
    /// Default roles and bindings to assume with -f: `auto` (unless the input contains
    /// some), `none`, or those of a Kubernetes version
    #[arg(
        long,
        value_name = "VERSION",
        value_parser = defaults(),
        default_value = "auto",
        global = true
    )]
    pub(crate) defaults: Defaults,
    /// Do not fail on unreadable documents; answers that depend on them stay `unknown`
    #[arg(long, global = true)]
    pub(crate) keep_going: bool,
    #[command(flatten)]
    pub(crate) render: RenderOptions,
    /// Whether `exclude` includes the patterns of `rolecall.yaml`.
    #[arg(skip)]
    pub(crate) is_configured: bool,
    /// The names to show for a temporary copy.
    #[arg(skip)]
    pub(crate) shown_as: Option<ShownAs>,
    /// How targets are rendered, if `rolecall.yaml` was read.
    #[arg(skip)]
    pub(crate) settings: Vec<RenderSetting>,
    /// The input, if it was read before.
    #[arg(skip)]
    pub(crate) held: HeldInput,
}

/// Input that was read before the command line was parsed. Its type is unknown here, because sessions depend
/// on these options.
#[derive(Clone, Default)]
pub(crate) struct HeldInput(Option<Arc<dyn Any + Send + Sync>>);

impl HeldInput {
    /// Keeps an input.
    pub(crate) fn new(input: Arc<dyn Any + Send + Sync>) -> Self {
        Self(Some(input))
    }

    /// Returns the input.
    pub(crate) fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for HeldInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "held" } else { "none" })
    }
}

/// The names to show for a temporary copy of a commit.
#[derive(Clone, Debug)]
pub(crate) struct ShownAs {
    /// The directory that is read.
    pub(crate) folder: PathBuf,
    /// The name of this directory.
    pub(crate) name: String,
    /// The copy of the whole commit.
    pub(crate) root: PathBuf,
    /// The name of the copy.
    pub(crate) root_name: String,
}

impl SourceOptions {
    /// Returns the paths of `-f`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.filename.iter().map(PathBuf::as_path)
    }

    /// Returns whether a live cluster is read, with or without an overlay.
    pub(crate) fn reads_cluster(&self) -> bool {
        self.overlay || self.filename.is_empty()
    }

    /// Returns the release whose defaults are assumed.
    pub(crate) fn release(&self) -> Version {
        match self.defaults {
            Defaults::Version(version) => version,
            Defaults::Auto | Defaults::None => Version::default(),
        }
    }

    /// Returns the Kubernetes version to check against: the requested one, or the release.
    pub(crate) fn kubernetes_version(&self, asked: Option<KubernetesVersion>) -> KubernetesVersion {
        asked.or_else(|| self.release().as_str().parse().ok()).unwrap_or(KubernetesVersion::NEWEST)
    }
}

/// The cluster and the user, with kubectl's option names.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterOptions {
    /// Path of the kubeconfig file
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// User to impersonate; with -f, the user that `me` means
    #[arg(long = "as", value_name = "USER", global = true)]
    pub(crate) as_user: Option<String>,
    /// Group to impersonate; with -f, an additional group of `me` and of `user/NAME`; can be repeated
    #[arg(long = "as-group", value_name = "GROUP", global = true)]
    pub(crate) as_groups: Vec<String>,
    /// Time limit for a single request to the server, such as `5s` or `1m30s`; 0 means no limit
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, global = true)]
    pub(crate) request_timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,
}

impl ClusterOptions {
    /// Returns the options of a connection.
    pub(crate) fn source(&self) -> Source {
        Source {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            impersonate_user: self.as_user.clone(),
            // Without a user to impersonate, they are groups of `user/NAME`.
            impersonate_groups: match self.as_user {
                Some(_) => self.as_groups.clone(),
                None => Vec::new(),
            },
            request_timeout: self.request_timeout,
            overrides: self.connection.overrides(),
            ..Source::default()
        }
    }
}

/// The presentation of answers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// When to use colors; `auto` means on terminals, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    pub(crate) color: ColorChoice,
    /// Do not show long output in a pager. `ROLECALL_PAGER` or `PAGER` sets the program, by default `less`
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Omit the headings of tables and CSV
    #[arg(long, global = true)]
    pub(crate) no_headers: bool,
    /// Print more details on stderr; -vv and -vvv print even more
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Print only errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Decides for one stream: `auto` checks the stream, NO_COLOR, CLICOLOR and TERM.
    pub(crate) fn choose(self, stream: &impl anstream::stream::RawStream) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::AutoStream::choice(stream),
            Self::Always => anstream::ColorChoice::AlwaysAnsi,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

/// Parses the default roles to assume, and lists the choices in help and completions.
fn defaults() -> impl TypedValueParser<Value = Defaults> {
    let versions = Version::ALL.iter().map(|version| version.as_str());
    let words = ["auto", "none"].into_iter().chain(versions);
    PossibleValuesParser::new(words).map(|word| match &*word {
        "auto" => Defaults::Auto,
        "none" => Defaults::None,
        version => Version::parse(version).map_or(Defaults::Auto, Defaults::Version),
    })
}

/// Returns the word that [`defaults`] parses.
pub(crate) fn defaults_word(defaults: Defaults) -> &'static str {
    match defaults {
        Defaults::Auto => "auto",
        Defaults::None => "none",
        Defaults::Version(version) => version.as_str(),
    }
}

/// Parses a Go duration, as kubectl does: `300ms`, `5s`, `1m30s`, or a number of seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let malformed = || format!("`{text}` is not a duration such as `5s` or `1m30s`");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(malformed());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(malformed)?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: u32 = number.parse().map_err(|_| malformed())?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(60 * 60),
            _ => return Err(malformed()),
        };
        total = unit
            .checked_mul(number)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(malformed)?;
        rest = after;
    }
    Ok(total)
}

/// Parses the name of a namespace, which is a DNS label.
fn parse_namespace(text: &str) -> Result<String, String> {
    let is_alphanumeric =
        |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_label = text.len() <= 63
        && is_alphanumeric(text.chars().next())
        && is_alphanumeric(text.chars().next_back())
        && text.chars().all(|c| c == '-' || is_alphanumeric(Some(c)));
    match is_label {
        true => Ok(text.to_owned()),
        false => {
            Err("namespace names consist of lower-case letters, digits and `-`, and begin and \
                      end with a letter or digit"
                .to_owned())
        }
    }
}

/// Returns a command line with the given words and the same sources and connection.
pub(crate) fn command_line(words: Vec<&str>, options: &Options) -> String {
    let words = words.into_iter().map(str::to_owned).chain(source_words(options));
    line(&words.collect::<Vec<String>>())
}

/// Returns the options with which another command reads the same input, as a shell passes them.
pub(crate) fn source_words(options: &Options) -> Vec<String> {
    let mut words = Vec::new();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    for namespace in &options.namespace.namespaces {
        option("-n", namespace);
    }
    for path in &options.source.filename {
        option("-f", &path.to_string_lossy());
    }
    if options.source.defaults != Defaults::Auto {
        option("--defaults", defaults_word(options.source.defaults));
    }
    let cluster = &options.cluster;
    let kubeconfig = cluster.kubeconfig.as_ref().map(|path| path.to_string_lossy().into_owned());
    let valued = [
        ("--kubeconfig", &kubeconfig),
        ("--context", &cluster.context),
        ("--as", &cluster.as_user),
    ];
    for (name, value) in valued {
        if let Some(value) = value {
            option(name, value);
        }
    }
    for group in &cluster.as_groups {
        option("--as-group", group);
    }
    for (name, value) in
        cluster.connection.shown().into_iter().chain(cluster.connection.impersonation())
    {
        if value.is_empty() {
            words.push(name.to_owned());
        } else {
            words.extend([name.to_owned(), value]);
        }
    }
    words.extend(options.given.copied());
    let flags = [
        (options.source.keep_going, "--keep-going"),
        (options.source.overlay, "--overlay"),
        (options.namespace.all_namespaces, "-A"),
    ];
    words.extend(flags.into_iter().filter(|(is_given, _)| *is_given).map(|(_, it)| it.to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse_as_in_kubectl() {
        for (text, expected) in [
            ("0", Some(Duration::ZERO)),
            ("30", Some(Duration::from_secs(30))),
            ("300ms", Some(Duration::from_millis(300))),
            ("1m30s", Some(Duration::from_secs(90))),
            ("2h", Some(Duration::from_secs(7200))),
            ("", None),
            ("s", None),
            ("5x", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999h", None),
        ] {
            assert_eq!(parse_duration(text).ok(), expected, "{text}");
        }
    }
}
