//! `cargo xtask run`: from a clone to a running product with a demo company.
//!
//! Owns: the demo company's folder and sign-in, the port. Everything in the company is made by `verstak` itself.
//! Must not know: what the demo data are.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cli::{Announcement, RunOptions};
use crate::exec::{self, Context, Failure, Outcome};
use crate::packages;
use crate::setup;
use crate::stages;
use crate::workspace::Workspace;

const COMPANY: &str = "Demo";
const ADMIN: &str = "admin@demo.example";
/// Written when the demo company is complete; holds the admin's password.
const SIGN_IN: &str = "demo-password";
const FIRST_PORT: u16 = 8080;

/// Sets up, builds, fills, serves. Replaces this process by the server, so that signals reach it directly.
pub fn run(workspace: &Workspace, options: &RunOptions) -> Outcome<()> {
    setup::wasm_target()?;
    stages::build_portal(workspace)?;
    packages::build_components(workspace)?;
    stages::build_binary(workspace)?;
    packages::pack(workspace, &workspace.binary())?;
    let data = options.data.clone().unwrap_or_else(|| workspace.target.join("run-data"));
    let data = std::path::absolute(&data).context(data.display())?;
    let password = match std::fs::read_to_string(data.join(SIGN_IN)) {
        Ok(password) => password,
        Err(_) => make_company(workspace, &data, options.data.is_none())?,
    };
    lay_packages(workspace, &data)?;
    let address = options.listen.clone().map_or_else(free_address, Ok)?;
    start_announcer(&Announcement { address: address.clone(), email: ADMIN.into(), password })?;
    let mut serve = packages::verstak(workspace);
    serve.arg("serve").arg("--data").arg(&data).args(["--listen", &address]).args(&options.serve);
    println!("$ {}", exec::show(&serve));
    Err(Failure::new(format!("verstak could not be started: {}", serve.exec())))
}

fn make_company(workspace: &Workspace, data: &Path, ours: bool) -> Outcome<String> {
    let started = data.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if started && !ours {
        return Err(Failure::new(format!("{} is neither empty nor made by this command", data.display())));
    }
    if started {
        // Our own folder, left half-made by an interrupted first run.
        std::fs::remove_dir_all(data).context(data.display())?;
    }
    std::fs::create_dir_all(data).context(data.display())?;
    lay_packages(workspace, data)?;
    let password = random_password()?;
    let mut init = packages::verstak(workspace);
    init.arg("init").arg("--data").arg(data).args(["--tenant", COMPANY, "--admin", ADMIN]);
    init.args(["--password-stdin", "--demo", "--locale", "ru"]);
    with_input(&mut init, &password)?;
    enable_modules(workspace, data)?;
    std::fs::write(data.join(SIGN_IN), &password).context("password file")?;
    only_owner(&data.join(SIGN_IN))?;
    Ok(password)
}

/// Lays the packages of modules into the data folder, from where every start installs what is new.
fn lay_packages(workspace: &Workspace, data: &Path) -> Outcome<()> {
    let laid = data.join("packages");
    std::fs::create_dir_all(&laid).context(laid.display())?;
    for folder in modules(workspace) {
        let package = packages::package(workspace, &folder)?;
        let name = package.file_name().ok_or_else(|| Failure::new(format!("{} has no name", package.display())))?;
        std::fs::copy(&package, laid.join(name)).context(package.display())?;
    }
    Ok(())
}

/// Switches the modules on in a company that was just made.
fn enable_modules(workspace: &Workspace, data: &Path) -> Outcome<()> {
    for folder in modules(workspace) {
        let mut command = packages::verstak(workspace);
        command.args(["plugin", "enable"]).arg(packages::id(&folder)?).arg("--data").arg(data);
        exec::run(command.args(["--grants", "requested"]))?;
    }
    Ok(())
}

fn modules(workspace: &Workspace) -> Vec<PathBuf> {
    let first_party = workspace.path("plugins");
    packages::folders(workspace).into_iter().filter(|folder| folder.starts_with(&first_party)).collect()
}

fn with_input(command: &mut Command, input: &str) -> Outcome<()> {
    println!("$ {}", exec::show(command));
    let mut child = command.stdin(Stdio::piped()).spawn().context(exec::show(command))?;
    if let Some(mut pipe) = child.stdin.take() {
        writeln!(pipe, "{input}").context("password")?;
    }
    let status = child.wait().context(exec::show(command))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} failed with {status}", exec::show(command)))) }
}

/// Twenty letters and digits from the system's randomness.
fn random_password() -> Outcome<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 20];
    std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).context("/dev/urandom")?;
    Ok(bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect())
}

fn only_owner(file: &Path) -> Outcome<()> {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(file, permissions).context(file.display())
}

fn free_address() -> Outcome<String> {
    let free = (FIRST_PORT..FIRST_PORT + 20).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.map(|port| format!("127.0.0.1:{port}"))
        .ok_or_else(|| Failure::new("no free port from 8080 on; give one with --listen HOST:PORT"))
}

/// Starts this program once more beside the server that this process becomes.
fn start_announcer(announcement: &Announcement) -> Outcome<()> {
    let Announcement { address, email, password } = announcement;
    // By this name the program is found even when the build has just replaced its file.
    exec::tool("/proc/self/exe").args(["announce", address, email, password]).spawn().context("announcer").map(drop)
}

/// Waits up to two minutes for the server's own word that it is ready, then prints how to sign in.
pub fn announce(announcement: &Announcement) -> Outcome<()> {
    let Announcement { address, email, password } = announcement;
    for _ in 0..1200 {
        if is_ready(address) {
            println!(
                "\n  Verstak   http://{address}\n  e-mail    {email}\n  password  {password}\n\n  Ctrl-C stops it.\n"
            );
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::new(format!("no answer from http://{address}/health/ready after two minutes")))
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = [0_u8; 12];
    let timeout = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = timeout.and_then(|()| stream.write_all(request.as_bytes()));
    asked.and_then(|()| stream.read_exact(&mut answer)).is_ok() && answer.ends_with(b" 200")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0_u8; 200];
            let read = stream.read(&mut request).expect("a request");
            assert!(request.get(..read).is_some_and(|text| text.starts_with(b"GET /health/ready HTTP/1.1\r\n")));
            stream.write_all(answer.as_bytes()).expect("an answer");
        });
        address
    }

    #[test]
    fn only_a_200_is_ready() {
        assert!(is_ready(&server("HTTP/1.1 200 OK\r\n\r\n")));
        assert!(!is_ready(&server("HTTP/1.1 503 Service Unavailable\r\n\r\n")));
        assert!(!is_ready(&server("HTTP/1.1")));
        assert!(!is_ready("127.0.0.1:1"));
    }

    #[test]
    fn passwords_differ_and_are_long() {
        let (one, other) = (random_password().expect("a password"), random_password().expect("a password"));
        assert_ne!(one, other);
        assert_eq!(one.len(), 20);
    }
}
