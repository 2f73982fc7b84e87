//! The page is compiled in: a file added to it must lead to a new build.

fn main() {
    let page = std::path::Path::new("../web");
    for part in ["index.html", "style.css", "icon.svg", "js"] {
        let part = page.join(part);
        if part.exists() {
            println!("cargo::rerun-if-changed={}", part.display());
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}
