use rolecall_rbac::{Container, PodSpec, Text};

use super::{Tool, Word, kubeconfig, shell};

/// A command line of a tool that talks to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) tool: Tool,
    /// The arguments after the tool's name.
    pub(crate) words: Vec<Word>,
    /// The index of the container in the Pod.
    pub(crate) container: usize,
    /// Whether kubectl and helm would read a kubeconfig, and be somebody else or somewhere else.
    pub(crate) has_kubeconfig: bool,
    /// The command line as people would type it.
    pub(crate) text: String,
}

/// Returns the command lines that the containers of a Pod run, in their order.
pub(crate) fn invocations(pod: &PodSpec) -> Vec<Invocation> {
    let containers = pod.containers.iter().enumerate();
    containers.flat_map(|(index, container)| of_container(index, container)).collect()
}

fn of_container(index: usize, container: &Container) -> Vec<Invocation> {
    let mut words: Vec<Word> = Vec::new();
    if container.command.is_empty() {
        // The image's own entrypoint runs; some images are known by their name.
        words.extend(entrypoint(container).map(Word::text));
    }
    words.extend(container.command.iter().chain(&*container.args).map(argument));
    let is_given = is_given_kubeconfig(&words);
    let lines = match script(&words) {
        Some(script) => shell::command_lines(&script),
        None => vec![shell::Line { words, has_kubeconfig: false }],
    };
    let of_line = |line: shell::Line| invocation(index, &line, is_given);
    lines.into_iter().filter_map(of_line).collect()
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
        word.push(super::word::Part::Variable(name.to_owned()));
        rest = end;
    }
    word.push_text(rest);
    word
}

/// Returns the tool that an image runs, judged by the image's name.
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

/// Returns the script of `sh -c SCRIPT`.
fn script(words: &[Word]) -> Option<String> {
    let words = without_wrappers(words);
    let (shell, arguments) = words.split_first()?;
    if !shell.known().is_some_and(is_shell) {
        return None;
    }
    let mut arguments = arguments.iter();
    while let Some(flag) = arguments.next() {
        let flag = flag.known()?;
        let takes_script = flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c');
        if takes_script {
            // The kubelet has replaced variables by now; the shell would do the same.
            return arguments.next().map(ToString::to_string);
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

fn invocation(container: usize, line: &shell::Line, is_given: bool) -> Option<Invocation> {
    let has_kubeconfig = is_given || line.has_kubeconfig || is_given_kubeconfig(&line.words);
    let line = without_wrappers(&line.words);
    let (name, words) = line.split_first()?;
    let tool = tool_of(name.known()?)?;
    let text = line.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Some(Invocation { tool, words: words.to_vec(), container, has_kubeconfig, text })
}

/// Returns whether a command line starts with `env KUBECONFIG=..`.
fn is_given_kubeconfig(line: &[Word]) -> bool {
    let wrappers = line.len() - without_wrappers(line).len();
    line.iter().take(wrappers).any(kubeconfig::is_assigned_by)
}

/// Steps over commands that run the command that follows them.
fn without_wrappers(line: &[Word]) -> &[Word] {
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        rest = match base_name(first.known().unwrap_or_default()) {
            "env" | "exec" | "nohup" | "sudo" | "time" | "command" | "eval" => skip(after, 0),
            "timeout" | "nice" => skip(after, 1),
            "tini" | "dumb-init" | "catatonit" => skip(after, 0),
            _ => return rest,
        };
    }
    rest
}

/// Steps over options, assignments and some operands.
fn skip(words: &[Word], operands: usize) -> &[Word] {
    let options = words
        .iter()
        .take_while(|word| {
            let text = word.start();
            text.starts_with('-') || (text.contains('=') && !text.contains(['/', ' ']))
        })
        .count();
    words.get(options + operands..).unwrap_or_default()
}

fn tool_of(command: &str) -> Option<Tool> {
    match base_name(command) {
        "kubectl" | "oc" | "k3s-kubectl" => Some(Tool::Kubectl),
        "helm" => Some(Tool::Helm),
        "curl" | "wget" => Some(Tool::Http),
        _ => None,
    }
}

fn is_shell(command: &str) -> bool {
    matches!(base_name(command), "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh")
}

fn base_name(command: &str) -> &str {
    command.rsplit('/').next().unwrap_or_default()
}
