use rolecall_rbac::{Container, PodSpec, Text, VariableValue};

use super::shell::{self, Environment};
use super::tool::tool_of;
use super::word::{Part, base_name};
use super::wrapper::{self, without_wrappers};
use super::{Input, Piped, Tool, Word};

/// The maximum depth of nested shells.
const DEEPEST: usize = 4;

/// A command line of a tool that talks to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The tool.
    pub tool: Tool,
    /// The arguments after the tool's name.
    pub(crate) words: Vec<Word>,
    /// Its standard input.
    pub(crate) input: Input,
    /// The index of the container in the Pod.
    pub container: usize,
    /// The place of the command line in the container.
    pub place: Place,
    /// Whether kubectl and helm would read a kubeconfig and use another identity or server.
    pub has_kubeconfig: bool,
    /// The command line as people would type it.
    pub text: String,
}

/// The place of a command line in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// `command` or `args`.
    pub list: &'static str,
    /// The item that is a script with the command line; `None` for the list itself.
    pub item: Option<usize>,
    /// The line of that script, counted from 0.
    pub line: Option<u32>,
}

/// Returns the command lines that the containers of a Pod run, in order.
pub fn invocations(pod: &PodSpec) -> Vec<Invocation> {
    let containers = pod.containers.iter().enumerate();
    let account = pod.service_account_name();
    containers
        .flat_map(|(index, container)| of_container(index, container, Some(account)))
        .collect()
}

/// Returns the command lines that a container runs, with the Pod's ServiceAccount if it is known.
pub(super) fn of_container(
    index: usize,
    container: &Container,
    account: Option<&str>,
) -> Vec<Invocation> {
    // Without a command, the image's entrypoint runs, which is known for some images.
    let entrypoint = if container.command.is_empty() { entrypoint(container) } else { None };
    let mut written = container.command.iter().chain(&*container.args);
    if entrypoint.is_none() && !written.next().is_some_and(|first| may_lead_to_tool(first)) {
        return Vec::new();
    }
    let mut words: Vec<Word> = entrypoint.map(Word::text).into_iter().collect();
    let before = words.len();
    words.extend(container.command.iter().chain(&*container.args).map(argument));
    let own_kubeconfig = container.may_have_kubeconfig || wrapper::gives_kubeconfig(&words);
    let place_of = |position: usize| -> (&'static str, usize) {
        let position = position.saturating_sub(before);
        match position.checked_sub(container.command.len()) {
            None => ("command", position),
            Some(position) => ("args", position),
        }
    };
    let environment = environment(container, account);
    match script(&words) {
        Some((position, script)) => {
            let (list, item) = place_of(position);
            let place = Place { list, item: Some(item), line: None };
            let found = Found { container: index, place, has_kubeconfig: own_kubeconfig };
            in_script(found, &script, &environment, 0)
        }
        None => {
            let words: Vec<Word> = words.iter().map(|word| resolved(word, &environment)).collect();
            let (list, _) = place_of(words.len() - without_wrappers(&words).len());
            let place = Place { list, item: None, line: None };
            let found = Found { container: index, place, has_kubeconfig: own_kubeconfig };
            let words = wrapper::unwrapped(&words, &Input::Nothing);
            invocation(found, &words, Input::Nothing).into_iter().collect()
        }
    }
}

/// The place of a command line, and whether there is a kubeconfig.
#[derive(Clone, Copy)]
struct Found {
    container: usize,
    place: Place,
    has_kubeconfig: bool,
}

/// Returns the command lines of a script, and of the shells that it starts.
fn in_script(
    found: Found,
    script: &str,
    environment: &Environment,
    depth: usize,
) -> Vec<Invocation> {
    let mut invocations = Vec::new();
    let lines = shell::command_lines(script, environment);
    for (index, line) in lines.iter().enumerate() {
        let has_kubeconfig =
            found.has_kubeconfig || line.has_kubeconfig || wrapper::gives_kubeconfig(&line.words);
        // The lines of an inner script are not those of the manifest.
        let own_line = if depth == 0 { Some(line.line) } else { found.place.line };
        let place = Place { line: own_line, ..found.place };
        let found = Found { place, has_kubeconfig, ..found };
        let input = input_of(&lines, index);
        let words = wrapper::unwrapped(&line.words, &input);
        match self::script(&words) {
            Some((_, inner)) if depth < DEEPEST => {
                invocations.extend(in_script(found, &inner, environment, depth + 1));
            }
            _ => invocations.extend(invocation(found, &words, input)),
        }
    }
    invocations
}

/// Returns the variables of a container whose values are known.
fn environment(container: &Container, account: Option<&str>) -> Environment {
    let known = container.env.iter().filter_map(|variable| {
        let value = match &variable.value {
            VariableValue::Text(text) => Word::text(text),
            VariableValue::OwnNamespace => Word { parts: vec![Part::OwnNamespace] },
            VariableValue::OwnServiceAccount => Word::text(account?),
        };
        Some((variable.name.to_string(), value))
    });
    known.collect()
}

/// Returns a word with variables replaced by their values.
fn resolved(word: &Word, environment: &Environment) -> Word {
    let mut resolved = Word::default();
    for part in &word.parts {
        let value = match part {
            Part::Variable(name) => environment.get(name),
            Part::VariableOrDefault(name) => {
                environment.get(name).filter(|value| !value.is_empty())
            }
            _ => None,
        };
        match value {
            Some(value) => value.parts.iter().cloned().for_each(|part| resolved.push(part)),
            None => resolved.push(part.clone()),
        }
    }
    resolved
}

/// Pipelines longer than this are not followed.
const LONGEST_PIPELINE: usize = 8;

/// Returns the input of a line of a script, through its pipeline.
fn input_of(lines: &[shell::Line], index: usize) -> Input {
    let Some(own) = lines.get(index) else { return Input::Nothing };
    let mut pipeline = vec![index];
    while let Some(before) = pipeline
        .last()
        .and_then(|last| lines.get(*last))
        .filter(|line| line.document.is_none())
        .and_then(|line| line.piped_from)
        .filter(|_| pipeline.len() < LONGEST_PIPELINE)
    {
        pipeline.push(before);
    }
    let mut input = Input::Nothing;
    for line in pipeline.iter().rev().filter_map(|index| lines.get(*index)) {
        if let Some(document) = &line.document {
            input = Input::Document(document.clone());
        }
        if std::ptr::eq(line, own) {
            break;
        }
        let words = wrapper::unwrapped(&line.words, &input);
        input = Input::Output(Box::new(Piped { words, input }));
    }
    input
}

/// Returns an argument of a container, in which the kubelet replaces `$(NAME)`.
fn argument(text: &Text) -> Word {
    let mut word = Word::default();
    let mut rest = &**text;
    while let Some((before, after)) = rest.split_once("$(") {
        let Some((name, end)) = after.split_once(')') else { break };
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if !is_name {
            break;
        }
        word.push_text(before);
        word.push(Part::Variable(name.to_owned()));
        rest = end;
    }
    word.push_text(rest);
    word
}

/// Returns whether a command line with this start can be that of a tool, or run one.
fn may_lead_to_tool(first: &str) -> bool {
    first.contains("$(")
        || tool_of(first).is_some()
        || is_shell(first)
        || wrapper::is_wrapper(base_name(first))
}

/// Returns the tool that an image runs, according to the image's name.
fn entrypoint(container: &Container) -> Option<&'static str> {
    let first = container.args.first()?;
    if tool_of(first).is_some() || is_shell(first) {
        return None;
    }
    let path = container.image.split('@').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.split(':').next().unwrap_or_default() {
        "kubectl" => Some("kubectl"),
        "helm" => Some("helm"),
        "curl" => Some("curl"),
        _ => None,
    }
}

/// Returns the script of `sh -c SCRIPT`, `eval SCRIPT` or `trap SCRIPT EXIT`, and the position of its word.
fn script(words: &[Word]) -> Option<(usize, String)> {
    let unwrapped = without_wrappers(words);
    let before = words.len().checked_sub(unwrapped.len())?;
    let (shell, arguments) = unwrapped.split_first()?;
    match shell.known()? {
        "eval" => {
            let words: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            return Some((before + 1, words.join(" ")));
        }
        "trap" => return Some((before + 1, arguments.first()?.to_string())),
        shell if is_shell(shell) => {}
        _ => return None,
    }
    let mut arguments = arguments.iter().enumerate();
    while let Some((_, flag)) = arguments.next() {
        let flag = flag.known()?;
        let takes_script = flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c');
        if takes_script {
            // The kubelet has already replaced variables; the shell would do the same.
            let (position, script) = arguments.next()?;
            return Some((before + 1 + position, script.to_string()));
        }
        match flag {
            "-o" | "+o" | "-O" => {
                arguments.next();
            }
            flag if flag.starts_with(['-', '+']) => {}
            _ => return None,
        }
    }
    None
}

fn invocation(found: Found, line: &[Word], input: Input) -> Option<Invocation> {
    let (name, words) = line.split_first()?;
    let tool = tool_of(name.known()?)?;
    let text = line.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let Found { container, place, has_kubeconfig } = found;
    let words = words.to_vec();
    Some(Invocation { tool, words, input, container, place, has_kubeconfig, text })
}

fn is_shell(command: &str) -> bool {
    matches!(base_name(command), "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh")
}
