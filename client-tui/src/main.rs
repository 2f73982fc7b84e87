mod state;
mod text;
mod update;
mod view;
fn main() {}
