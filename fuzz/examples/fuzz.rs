//! The program that `cargo xtask fuzz` builds and runs: the target that `CHAT_FUZZ_TARGET` names,
//! linked with libFuzzer. In an ordinary build it runs the inputs in the files that it is given.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(init: chat_fuzz::chosen(), |input: &[u8]| {
    (chat_fuzz::chosen().run)(input);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        (chat_fuzz::chosen().run)(&std::fs::read(file)?);
    }
    Ok(())
}
