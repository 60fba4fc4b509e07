use super::*;

#[track_caller]
fn check(script: &str, expected: &[&str]) {
    let lines: Vec<String> = command_lines(script, &Environment::new())
        .into_iter()
        .map(|line| {
            let words = line.words.iter().map(|word| format!("[{word}]"));
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(lines, expected, "{script}");
}

#[test]
fn separators_end_command_lines() {
    check("a b; c && d || e | f & g", &["[a] [b]", "[c]", "[d]", "[e]", "[f]", "[g]"]);
    check("a \\\n  b # c\nd", &["[a] [b]", "[d]"]);
    check("(a; b)", &["[a]", "[b]"]);
}

#[test]
fn quotes_make_one_word() {
    check("a 'b c' \"d e\" f\\ g", &["[a] [b c] [d e] [f g]"]);
    check("a \"b 'c' \\\"d\\\"\"", &["[a] [b 'c' \"d\"]"]);
}

#[test]
fn assigned_variables_are_known_and_others_are_not() {
    check("X=1; a $X ${X}2 $Y", &["[a] [1] [12] [${Y}]"]);
    check("X=$Y; a $X", &["[a] [$(..)]"]);
    check(
        "a ${Y:-b} ${Y-b} ${Y:=b} ${Y:?b} ${Y:+b} ${Y%b}",
        &["[a] [${Y:-..}] [${Y:-..}] [${Y:-..}] [${Y:-..}] [$(..)] [$(..)]"],
    );
    check("X=1; Z=; a ${X:-b} ${Z:-b}", &["[a] [1] [$(..)]"]);
    check("export X=1\na $X", &["[a] [1]"]);
    check("for X in a b; do c $X; done", &["[c] [$(..)]"]);
    check("a '$X' \"$X\"", &["[a] [$X] [${X}]"]);
    check("X='a b'; $X; c $X \"$X\"", &["[a] [b]", "[c] [a] [b] [a b]"]);
}

#[test]
fn substitutions_are_run_before_what_uses_them() {
    check("a $(b c)", &["[b] [c]", "[a] [$(..)]"]);
    check("a \"$(b \"$(c)\")\"", &["[c]", "[b] [$(..)]", "[a] [$(..)]"]);
    check("a `b`", &["[b]", "[a] [$(..)]"]);
    check(
        "a -n $(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)",
        &["[a] [-n] [$NAMESPACE]"],
    );
}

#[test]
fn redirections_and_here_documents_are_no_words() {
    check("a > b 2>&1 < c", &["[a]"]);
    check("a <<EOF\nkubectl delete x\nEOF\nb", &["[a]", "[b]"]);
    check("a <<-'EOF'\n\tx\n\tEOF\nb", &["[a]", "[b]"]);
}

#[test]
fn keywords_stand_before_command_lines() {
    check("if a; then b; fi", &["[a]", "[b]"]);
    check("while ! a; do b; done", &["[a]", "[b]"]);
}

#[test]
fn lines_are_those_on_which_commands_start() {
    let script = "a\n\nb \\\n  c; d\nX=1 \\\n e\nf \"$(\n g)\" <<EOF\nh\nEOF\ni";
    let lines: Vec<(String, u32)> = command_lines(script, &Environment::new())
        .into_iter()
        .map(|line| (line.words.first().map(ToString::to_string).unwrap_or_default(), line.line))
        .collect();
    let lines: Vec<(&str, u32)> = lines.iter().map(|(word, line)| (&**word, *line)).collect();
    assert_eq!(lines, [("a", 0), ("b", 2), ("d", 3), ("e", 5), ("g", 7), ("f", 6), ("i", 10)]);
}

#[test]
fn pipes_and_here_documents_lead_to_the_command_that_reads_them() {
    let rows = [
        ("a | b |\n c", vec![None, Some(0), Some(1)]),
        ("a || b | c", vec![None, None, Some(1)]),
        ("a; b |& c; d", vec![None, None, Some(1), None]),
    ];
    for (script, expected) in rows {
        let found: Vec<Option<usize>> =
            command_lines(script, &Environment::new()).iter().map(|line| line.piped_from).collect();
        assert_eq!(found, expected, "{script}");
    }
    let rows = [
        ("a <<EOF\nx\ny\nEOF\n", "x\ny\n"),
        ("a <<-EOF | b\n\tx\n\tEOF\n", "x\n"),
        ("X=1; a <<EOF\n$X ${Y} $(c) \\$Z\nEOF\n", "1 \u{1a} \u{1a} $Z\n"),
        ("X=1; a <<'EOF'\n$X\nEOF\n", "$X\n"),
        ("a <<< 'x y'", "x y"),
    ];
    for (script, expected) in rows {
        let documents: Vec<String> = command_lines(script, &Environment::new())
            .into_iter()
            .filter_map(|line| line.document)
            .collect();
        assert_eq!(documents, [expected], "{script}");
    }
}

#[test]
fn broken_scripts_end() {
    for script in ["'", "\"", "$(", "${", "`", "a <<EOF", "\\", "<(", "((((", "$(((", "a >"] {
        command_lines(script, &Environment::new());
    }
    command_lines(&"$(".repeat(10_000), &Environment::new());
}
