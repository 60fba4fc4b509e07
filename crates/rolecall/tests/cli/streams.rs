use std::process::Stdio;

use crate::command::{command, rolecall, run, split};

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut child = command()
        .args(split("can-i --for 'sa/*' -A -f fixtures/ns-1 -o wide --subresources"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn help_into_a_closed_pipe_is_not_an_error() {
    let mut child =
        command().arg("--help").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

const ASK: &str = "can-i get,list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1";

#[test]
fn pipes_get_colors_only_with_an_option() {
    let colors = |ran: crate::command::Ran| ran.stdout.contains("\u{1b}[");
    assert!(!colors(rolecall(ASK)));
    assert!(colors(rolecall(&format!("{ASK} --color always"))));
    assert!(!colors(rolecall(&format!("{ASK} --color never"))));
    let mut no_color = command();
    no_color.args(split(ASK)).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "");
    assert!(!colors(run(&mut no_color, "")));
}

#[test]
fn quiet_does_not_hide_errors() {
    let ask = "can-i lst pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1";
    assert_eq!(rolecall(&format!("{ask} -q")).stderr, "");
    let missing = rolecall("can-i get pods --for sa/x -f nowhere -q");
    assert!(missing.stderr.starts_with("error: "), "{missing}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let ask = "can-i --for 'sa/*' -A -f fixtures/v01-implied-groups --subresources -o json";
    let first = rolecall(ask);
    for _ in 0..3 {
        assert_eq!(rolecall(ask), first);
    }
}
