//! The supervisor proper: starts the program, and ends with everything it started.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::pin::pin;
use std::process::{Command, ExitCode};

use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, getpid, set_child_subreaper, waitid, waitpid,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::Sender;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::processes::zombies_of;
use super::protocol::{Ended, Header, Orders, read_task, write_task};
use super::relay::relay;
use super::{Call, SEPARATOR, STAGE, sweep};

/// This same executable, also if its file was replaced or removed since.
const SELF: &str = "/proc/self/exe";

pub(super) fn main(call: &Call) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.and_then(|runtime| runtime.block_on(serve(call)));
    let ended = ended.unwrap_or_else(|error| {
        eprintln!("supervise: {error}");
        Ended::NotStarted(error.to_string())
    });
    ExitCode::from(ended.exit_code())
}

/// One program from the first byte of its task to the death of its last descendant.
async fn serve(call: &Call) -> io::Result<Ended> {
    set_child_subreaper(Some(getpid()))?;
    let mut signals = Signals::new()?;
    let mut control = stream(StdStream::from(io::stdin().as_fd().try_clone_to_owned()?))?;
    let order = tokio::select! {
        order = Order::read(call, &mut control) => match order {
            // The host is gone, or changed its mind, before anything was started.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Ended::Killed),
            order => order?,
        },
        () = signals.end.recv() => return Ok(Ended::Killed),
    };
    let ended = match perform(call, order, &mut control, &mut signals).await {
        Ok(ended) => ended,
        Err(error) => Ended::NotStarted(error.to_string()),
    };
    let text = serde_json::to_vec(&ended)?;
    // A host that is gone does not listen; the exit code says the same.
    let _ = control.write_all(&text).await;
    Ok(ended)
}

/// What the host wants.
struct Order {
    header: Header,
    /// None: standard input is fed while the program runs.
    task: Option<Vec<u8>>,
}

impl Order {
    async fn read(call: &Call, control: &mut UnixStream) -> io::Result<Self> {
        let header = match call.header {
            true => serde_json::from_slice(&read_task(control).await?)?,
            false => Header::default(),
        };
        let task = if header.stream { None } else { Some(read_task(control).await?) };
        Ok(Self { header, task })
    }
}

async fn perform(
    call: &Call,
    order: Order,
    control: &mut UnixStream,
    signals: &mut Signals,
) -> io::Result<Ended> {
    let (program, ours) = start(call)?;
    let mut told = Vec::new();
    let outcome = {
        let (from, feed) = match order.task {
            Some(_) => (None, None),
            None => {
                let (from, feed) = io::pipe()?;
                (Some(from), Some(Sender::from_owned_fd(feed.into())?))
            }
        };
        let mut hand_over = pin!(hand_over(ours, order, from, &mut told));
        let mut left = pin!(left(control, feed));
        let mut handed_over = false;
        let exited = loop {
            tokio::select! {
                () = &mut left => break None,
                () = signals.end.recv() => break None,
                _ = signals.child.recv() => {
                    if let Some(ended) = peek(program)? {
                        break Some(ended);
                    }
                    take_adopted(program);
                }
                () = &mut hand_over, if !handed_over => handed_over = true,
            }
        };
        match exited {
            // Nobody holds the other end any more, so this ends at once.
            Some(ended) => {
                if !handed_over {
                    hand_over.await;
                }
                Some(ended)
            }
            None => None,
        }
    };
    match outcome {
        Some(ended) => {
            sweep::kill(program).await;
            Ok(serde_json::from_slice(&told).unwrap_or(ended))
        }
        None => {
            sweep::ask(program).await;
            sweep::kill(program).await;
            Ok(Ended::Killed)
        }
    }
}

/// Starts the second stage in a process group of its own.
fn start(call: &Call) -> io::Result<(Pid, UnixStream)> {
    let (ours, theirs) = StdStream::pair()?;
    let mut stage = Command::new(SELF);
    if let Some(name) = std::env::args_os().next() {
        stage.arg0(name);
    }
    let own = getpid().as_raw_nonzero();
    stage.args(&call.prefix).arg(OsString::from(format!("{STAGE}{own}"))).arg(SEPARATOR);
    stage.args(&call.argv).stdin(OwnedFd::from(theirs)).process_group(0);
    let child = stage.spawn()?;
    let program = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let program = program.ok_or_else(|| io::Error::other("a process without a number"))?;
    Ok((program, stream(ours)?))
}

/// Sends its orders to the stage and collects what it says until it has become the program (it says
/// nothing) or failed to. `from` is open that long: the stage opens it anew.
async fn hand_over(
    mut stage: UnixStream,
    order: Order,
    from: Option<PipeReader>,
    told: &mut Vec<u8>,
) {
    let orders = Orders {
        stdin: from.as_ref().map(AsRawFd::as_raw_fd),
        confinement: order.header.confinement,
    };
    // Paths that are no text were refused before they came here.
    let orders = serde_json::to_vec(&orders).unwrap_or_default();
    let said = async {
        write_task(&mut stage, &orders).await?;
        if let Some(task) = &order.task {
            write_task(&mut stage, task).await?;
        }
        stage.read_to_end(told).await
    };
    // An error here means that the stage is gone; how it ended says more than the error.
    let _ = said.await;
}

/// Returns when the host wants no more of the program, or is gone.
async fn left(control: &mut UnixStream, feed: Option<Sender>) {
    match feed {
        Some(feed) => relay(control, feed).await,
        None => {
            // Hosts send nothing after the task: whatever comes is the end.
            let _ = control.read(&mut [0]).await;
        }
    }
}

/// How the program ended, if it has. Its exit status is left to be taken later: as long as nobody
/// takes it, its number cannot be given to another process or group.
fn peek(program: Pid) -> io::Result<Option<Ended>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let Some(status) = waitid(WaitId::Pid(program), options)? else {
        return Ok(None);
    };
    Ok(match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Some(Ended::Exited(code)),
        (None, Some(signal)) => Some(Ended::Signalled(signal)),
        (None, None) => None,
    })
}

/// Takes the exit status of adopted processes that ended, so that they do not pile up.
fn take_adopted(program: Pid) {
    let number = |pid: Pid| pid.as_raw_nonzero().get().unsigned_abs();
    for zombie in zombies_of(number(getpid()), number(program)) {
        if let Some(pid) = i32::try_from(zombie).ok().and_then(Pid::from_raw) {
            // It is a child that has ended: there is nothing to fail.
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

fn stream(socket: StdStream) -> io::Result<UnixStream> {
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// The signals a supervisor listens to.
struct Signals {
    /// A child ended.
    child: Signal,
    /// Somebody asks to end.
    end: EndSignals,
}

struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let end = EndSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        };
        Ok(Self { child: signal(SignalKind::child())?, end })
    }
}

impl EndSignals {
    async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
