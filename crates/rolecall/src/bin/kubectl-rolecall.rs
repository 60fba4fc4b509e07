//! The same command as a kubectl plugin: `kubectl rolecall`.

fn main() -> std::process::ExitCode {
    rolecall::main()
}
