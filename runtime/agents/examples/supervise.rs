//! The supervisor as a program of its own, as `baton supervise` is. The tests run it.

fn main() -> std::process::ExitCode {
    baton_agents::supervise::main()
}
