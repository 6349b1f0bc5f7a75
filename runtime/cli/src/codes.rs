//! The table of error codes. Every code has a page in `explain/`.

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for was done.
    Done = 0,
    /// It was tried and failed.
    Failed = 1,
    /// The command line cannot be obeyed as written.
    Usage = 2,
    /// Policy forbids it.
    Refused = 3,
    /// A cap or limit was reached.
    Limit = 4,
    /// A person is waited for, or paused the run.
    Waiting = 5,
    /// A workflow is done, but tasks of it failed, and that was to be told.
    Degraded = 6,
    /// Interrupted from the terminal.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// As it is written, such as `B0002`.
    pub name: &'static str,
    /// What it means, in a few words.
    pub title: &'static str,
    /// How a process ends that reports it.
    pub exit: Exit,
    /// The page that `baton explain` prints, as Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($( $variant:ident = $name:literal, $exit:ident, $title:literal; )*) => {
        /// What kind of error it is. The number never changes its meaning between releases.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $( #[doc = $title] $variant, )*
        }

        /// All codes, in order.
        pub const TABLE: &[CodeRow] = &[
            $( CodeRow {
                name: $name,
                title: $title,
                exit: Exit::$exit,
                page: include_str!(concat!("explain/", $name, ".md")),
            }, )*
        ];

        impl Code {
            /// The code as it is written.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// How a process ends that reports it.
            #[must_use]
            pub fn exit(self) -> Exit {
                match self { $( Self::$variant => Exit::$exit, )* }
            }
        }
    };
}

codes! {
    Argument = "B0001", Usage, "an argument cannot be used";
    NoWorkflow = "B0002", Usage, "there is no such workflow";
    Input = "B0003", Usage, "the input does not fit the workflow";
    File = "B0004", Failed, "a file or directory cannot be used";
    Component = "B0005", Refused, "a component was refused";
    ConsentNeeded = "B0006", Refused, "nobody was there to consent";
    ConsentDeclined = "B0007", Refused, "the run was declined";
    NoBackend = "B0008", Usage, "there is no such backend";
    NoRun = "B0009", Usage, "there is no such run, task or batch";
    Ambiguous = "B0010", Usage, "an abbreviated id fits more than one";
    Owned = "B0011", Failed, "another process owns the run";
    Ended = "B0012", Usage, "the run or task has already ended";
    RunFailed = "B0013", Failed, "the workflow failed";
    RunCancelled = "B0014", Failed, "the run was cancelled";
    CapReached = "B0015", Limit, "a cap of the operator was reached";
    Paused = "B0016", Waiting, "the run is paused or waits for a person";
    Interrupted = "B0017", Interrupted, "the run was interrupted";
    Diverged = "B0018", Failed, "the workflow left its recorded path";
    Fenced = "B0019", Failed, "another process took the run over";
    Journal = "B0020", Failed, "the journal cannot be used";
    Damaged = "B0021", Failed, "the journal is damaged";
    TooNew = "B0022", Failed, "the journal was written by a newer release";
    Incomplete = "B0023", Usage, "a part of the program is missing";
    BatchInput = "B0024", Usage, "a line of a batch cannot be used";
    BatchFailed = "B0025", Failed, "runs of a batch failed";
    NoLimit = "B0026", Usage, "there is no such limit";
    LimitReached = "B0027", Limit, "the run exceeded a limit";
    RunRefused = "B0028", Refused, "the run needed what it was not granted";
    Unexplained = "B0029", Usage, "there is no such error code";
    Internal = "B0030", Failed, "Baton itself failed";
    ScriptRefused = "B0031", Refused, "a script was refused";
    ScriptError = "B0032", Failed, "a script threw an error";
    ScriptStuck = "B0033", Failed, "a script waits for something that never comes";
    ScriptResult = "B0034", Failed, "the result of a script is not JSON";
    Config = "B0035", Usage, "a file of settings cannot be used";
    NotPortable = "B0036", Failed, "a script uses what only Baton has";
    NotNew = "B0037", Failed, "a file is already there";
    Policy = "B0038", Usage, "policy lacks what a tool needs";
    Server = "B0039", Failed, "a server of tools cannot be used";
    NoModel = "B0040", Usage, "there is no such model, provider or tier";
    NoKey = "B0041", Usage, "the key of a provider is not there";
    ProviderOut = "B0042", Limit, "a provider of models serves nobody for now";
    NoPatch = "B0043", Usage, "a task has no changes to apply";
    Conflict = "B0044", Failed, "changes of an agent do not fit the working tree";
    NoTerminal = "B0050", Usage, "there is no terminal to draw on";
    Order = "B0053", Failed, "the owner of the run did not take an order";
    NoGate = "B0054", Usage, "there is no such open gate";
    Answer = "B0055", Usage, "an answer does not fit the gate";
    Background = "B0056", Failed, "a run could not be put into the background";
    Message = "B0057", Usage, "a message cannot be sent";
    NoFork = "B0060", Usage, "a run cannot be forked or retried like this";
    Twice = "B0061", Refused, "an effect would happen a second time";
    NotReproduced = "B0062", Failed, "the record of a run does not reproduce";
    Locked = "B0065", Failed, "another process holds the journal";
    DiskFull = "B0066", Failed, "the disk is full";
    ReadOnly = "B0067", Failed, "the state directory cannot be written";
    NotARun = "B0068", Refused, "a file is no run that can be imported";
    NotSaved = "B0069", Failed, "a program cannot be saved under a name";
    LimitOpen = "B0075", Failed, "a limit does not hold";
    Linked = "B0078", Refused, "the state directory is a link, or not yours";
}

/// The row of a code as a person may write it: `B0002`, `b2` or `2`.
#[must_use]
pub fn find(text: &str) -> Option<&'static CodeRow> {
    let digits = text.strip_prefix(['B', 'b']).unwrap_or(text);
    let number: u32 = digits.parse().ok()?;
    let name = format!("B{number:04}");
    TABLE.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests;
