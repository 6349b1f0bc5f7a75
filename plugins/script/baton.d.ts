/**
 * Types of workflow scripts.
 *
 * The first part is the dialect, which other runtimes know too. The second part, the global
 * `baton`, exists only in Baton and only in runs that allow extensions (`--extensions`, or
 * `extensions = true` in `baton.toml`). A script that shall also run elsewhere asks
 * `typeof baton !== 'undefined'` first.
 *
 * A script gets these types with `/// <reference path="./baton.d.ts" />` in its first line.
 */

/** A JSON value. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON Schema with an object at the top. Only local `$ref`; unknown keywords are passed over. */
type Schema = { [keyword: string]: unknown }

// ---- The dialect -------------------------------------------------------------------------------

/**
 * The first statement of a script, `export const meta = { … }`, is a pure literal of this shape. It
 * is read and never executed.
 */
interface Meta {
  /** Identity of the workflow: `baton run NAME`. */
  name: string
  /** One line for whoever chooses or approves it. */
  description: string
  /** When to use it, for lists. */
  whenToUse?: string
  /** Progress groups in the order in which they are expected. `model` is shown and chooses nothing. */
  phases?: { title: string; detail?: string; model?: string }[]
  /** What only Baton reads. */
  baton?: {
    /** Files the script asks to read: glob patterns. */
    read?: string[] | { include?: string[]; exclude?: string[] }
    /** Budget where nobody grants another. */
    budget?: { agents?: number; tokens?: number; output_tokens?: number; cost_usd?: number }
    /** Names of workflows that it starts and that cannot be read off its text. */
    workflows?: string[]
    /** Tools it calls: `'code/search'`, `'git/*'`. Absent: those that its text names literally. */
    tools?: string[]
    /** Commands it runs: its words, `*` for any characters of one, `**` at the end for any further words: `'cargo test **'`. */
    exec?: string[]
    /** The most that its tools may write, send, see and use. Absent: what they ask for and are granted; `[]`: nothing. */
    write?: string[] | { include?: string[]; exclude?: string[] }
    http?: string[]
    env?: string[]
    secrets?: string[]
  }
}

/** Options of `agent`. Keys that are not known are passed over. */
interface AgentOptions {
  /** Name shown to people; otherwise the first 60 characters of the prompt. */
  label?: string
  /** Progress group of this call, whatever `phase()` said last. */
  phase?: string
  /** The answer must fit this schema; the value is then an object. */
  schema?: Schema
  /**
   * Model; omitted or `'inherit'`: the run's default. A tier (`'small'`), an alias of one (`'haiku'`, `'sonnet'`,
   * `'opus'`), `'PROVIDER:MODEL'`, or a model of the run's provider. One that the run does not know refuses the call.
   */
  model?: string
  /** Reasoning effort. Another word is left out with a warning. */
  effort?: 'low' | 'medium' | 'high' | 'xhigh' | 'max'
  /** A git worktree of its own. The call rejects when it cannot have one. */
  isolation?: 'worktree'
  /** Name of an agent definition. */
  agentType?: string
  /** How long an attempt may be silent, in milliseconds: no token, no tool at work. */
  stallMs?: number
  /** What only Baton knows; read in runs with extensions, passed over in others. Keys that are not known are refused. */
  baton?: {
    /** Provider of the model, such as `'anthropic'`; or, as `backend`, one with a `:`, `'claude'`, `'codex'`, `'gemini-cli'`. */
    provider?: string
    /** Backend for this call, one that the run was started with. */
    backend?: string
    /** The model by the name of a tier, such as `'small'`; wins over `model`. */
    tier?: string
    /** Tiers or models, the cheapest first, 1 to 8: the first that passes is taken. */
    ladder?: string[] | { rungs: string[]; check?: LadderCheck }
    /** What the call may consume, all its attempts together; then it ends with kind `'limit'`. */
    budget?: { tokens?: number; outputTokens?: number; costUsd?: number }
    /** Answers of the model, over all attempts. */
    maxTurns?: number
    /** Calls of tools, over all attempts. */
    maxToolCalls?: number
    /** As `stallMs` beside `baton`, and wins over it. */
    stallMs?: number
    /** Wall time of one attempt, in milliseconds. */
    timeoutMs?: number
    /** Tools the agent may call, by names or patterns; never more than the script may. Absent: those of its agent type. */
    tools?: string[]
    /** Narrows what those tools may touch. */
    within?: Within
  }
}

/**
 * What a step of a ladder must pass beside its schema. A tool is called with `input` and the value as `output`; it
 * passes unless it fails, or returns an object with `passed: false` or a `status` that is not 0 (as `exec` does).
 * A challenger is a model that tries to refute the value; `prompt` says what it looks for.
 */
type LadderCheck = { tool: string; input?: { [key: string]: Json } } | { challenger: string; prompt: string }

/**
 * One agent with a fresh conversation. Never throws by itself: what is wrong rejects the promise.
 *
 * The value is the final text, byte for byte; with a schema the validated object. It is `null` when
 * the agent ended without a value: it failed, ran into a limit, was cancelled, or said nothing.
 *
 * Rejects with
 * - `TypeError`: wrong kinds of arguments;
 * - `WorkflowSchemaError`: the schema is impossible, or no answer fitted it;
 * - `WorkflowStallError`: its time was over;
 * - `WorkflowAgentTypeError`: unknown `agentType`;
 * - `WorkflowIsolationError`: no worktree;
 * - `WorkflowBudgetExceededError`, `WorkflowAgentCapError`: nothing more may be started.
 */
declare function agent(prompt: string, opts?: AgentOptions | null): Promise<any>

/**
 * Calls every function at once and waits for all. Results stand in the order of the functions. One
 * that throws or rejects gives `null` and a line in the log. At most 4,096.
 */
declare function parallel<T>(thunks: (() => T | Promise<T>)[]): Promise<(T | null)[]>

/**
 * Sends every item through all stages, each by itself. A stage gets what the stage before gave (in
 * the first: the item), the item, and its index. An item whose stage throws is `null` and skips the
 * rest. At most 4,096 items.
 */
declare function pipeline(
  items: any[],
  ...stages: ((previous: any, item: any, index: number) => any)[]
): Promise<any[]>

/** Begins a progress group: it takes the calls from now on. */
declare function phase(title: string): void

/** Writes a line for whoever watches. Several values are joined with a space. */
declare function log(...values: unknown[]): void

/** The run's input, unchanged; `undefined` if there is none. */
declare var args: any

/** The run's budget of output tokens. */
declare const budget: {
  /** Output tokens granted; `null` without a limit. */
  readonly total: number | null
  /** Output tokens that ended calls have used, those of nested workflows included. */
  spent(): number
  /** What is left, at least 0; `Infinity` without a limit. */
  remaining(): number
}

/**
 * Runs another workflow, by name or by path, and gives its value. One level deep unless the run
 * allows more. An error of the other script rejects with that error. Rejects also with
 * `WorkflowNotFoundError`, `WorkflowScriptError` (it does not parse) and `WorkflowNestingError`.
 */
declare function workflow(nameOrRef: string | { scriptPath: string }, args?: Json): Promise<any>

/** A durable timer: after a restart it waits for the rest of its time only. */
declare function setTimeout<A extends unknown[]>(callback: (...values: A) => void, ms?: number, ...values: A): number

/** Ends a timer. A number that is no open timer does nothing. */
declare function clearTimeout(id: number | undefined): void

// ---- Baton only --------------------------------------------------------------------------------

/** How an agent's call ended, in full. */
interface AgentOutcome {
  /** Whether there is a value. */
  ok: boolean
  /** The value; `null` if there is none. */
  value: any
  /** `'ok'`, or the kind of the failure. */
  outcome: 'ok' | 'failed' | 'cancelled' | 'timed-out' | 'limit' | 'refused' | 'invalid-output' | 'in-doubt' | 'internal'
  /** Why there is no value. */
  error?: { kind: string; code: string; message: string; detail: Json }
  /** Number of the task in this script, from 1. */
  callId: number
  /** Its label. */
  label: string
  /** Tokens, the children's included. */
  usage: { inputTokens: number; outputTokens: number; cachedTokens: number }
  /** US dollars. */
  cost: number
  /** What the agent says in a few sentences. */
  summary?: string
  /** What the value rests on. */
  evidence?: Evidence[]
  /** Files it produced. */
  artifacts?: { name: string; mediaType: string; digest: string; size: number }[]
  /** What should be done next. */
  followUps?: string[]
}

/** What a statement rests on. */
interface Evidence {
  /** Path inside the granted root. */
  path: string
  /** Lines from 1, both included; absent for the whole file. */
  lines?: { first: number; last: number } | null
  /** `sha256:` and the digest of the file when it was read. */
  digest?: string | null
  /** What the place shows. */
  claim: string
}

/** Narrows what a tool may touch: of what is named, nothing but what the patterns let pass. */
interface Within {
  /** Glob patterns of files to read. */
  read?: string[]
  /** Glob patterns of files to write. */
  write?: string[]
  /** Requests, such as `'GET https://example.org/docs/'`. */
  http?: string[]
  /** Names of environment variables. */
  env?: string[]
  /** Names of secrets. */
  secrets?: string[]
  /** Commands, such as `'cargo test **'`. */
  exec?: string[]
}

/** Options of a tool's call. Other keys are refused. */
interface ToolOptions {
  /** Name shown to people; otherwise the tool's, or the command. */
  label?: string
  /** Progress group of this call, whatever `phase()` said last. */
  phase?: string
  /** Wall time of one attempt, in milliseconds. */
  timeoutMs?: number
  /** Narrows what the tool may touch. */
  within?: Within
}

/** What a call of a tool rejects with. */
interface BatonToolError extends Error {
  name: 'BatonToolError'
  /** Full name as it was called; `'exec'` for a command. */
  tool: string
  /**
   * Of a call that was started: `'failed'`, `'cancelled'`, `'timed-out'`, `'limit'`, `'refused'` (it tried what it was
   * not granted), `'invalid-output'`, `'internal'`, or `'in-doubt'`: it was interrupted in the middle of what must
   * not happen twice, and nobody knows whether it happened. Of one that was not: `'invalid'`, `'denied'`, `'limit'`,
   * `'not-found'`.
   */
  kind: string
  /** A stable code, such as `'tool-input'` or the tool's own. */
  code: string
  /** More for programs; absent if nothing was started. */
  detail?: any
  /** Number of the task; absent if nothing was started. */
  task?: number
}

/** Options of a question. Other keys are refused. */
interface GateOptions {
  /** What can be chosen: 1 to 64 different texts. An approval names one. */
  choices?: string[]
  /** An approval carries data that fits it. */
  schema?: { [keyword: string]: any }
  /** What to know for an answer, as Markdown; at most 16 KiB. */
  details?: string
  /** How long people have, in milliseconds. */
  deadlineMs?: number
  /** The answer at the deadline: yes or no, a choice, or more. */
  default?: boolean | string | { approved?: boolean; choice?: string; data?: Json; note?: string }
  /** Short name shown to people. */
  label?: string
  /** Progress group of the question, whatever `phase()` said last. */
  phase?: string
}

/** What a person answered, or what stands for it at the deadline. */
interface GateAnswer {
  approved: boolean
  /** Which of the choices. */
  choice: string | null
  /** What an approval carries, if the gate has a schema. */
  data: any
  /** In the person's words. */
  note: string | null
  /** Who answered, as they named themselves. */
  by: string
  /** Nobody did before the deadline: this is the default. */
  defaulted: boolean
}

/** What a gate rejects with. */
interface BatonGateError extends Error {
  name: 'BatonGateError'
  /** `'timed-out'` or `'cancelled'`; of a question that was turned down `'invalid'`, `'limit'`. */
  kind: string
  /** A stable code, such as `'gate-deadline'`. */
  code: string
  /** Number of the task; absent if nobody was asked. */
  task?: number
}

/** Text that a person sent to the run. */
interface Message {
  /** Who, as they named themselves. */
  sender: string
  text: string
}

/** Which files a query is about. */
interface Selection {
  /** Glob patterns; what matches one is left out. */
  exclude?: string | string[]
  /** Also what `.gitignore` leaves out. */
  ignored?: boolean
  /** Also names that begin with a dot. */
  hidden?: boolean
  /** At most so many results. */
  limit?: number
}

/** What one challenger says of a claim. */
interface Verdict {
  refuted: boolean
  reason?: string
  [more: string]: unknown
}

declare const baton: {
  /** Release of the runner. */
  readonly version: string
  /** What is there, by name. */
  readonly features: readonly string[]

  /** A file inside the granted root. Recorded: a replay sees the same text. Rejects with `BatonFileError`. */
  readText(path: string): Promise<string>
  /** The same, parsed. */
  readJson(path: string): Promise<any>
  /** Paths that match a pattern, in byte order. */
  glob(include: string | string[], selection?: Selection & { directories?: boolean }): Promise<string[]>
  /** Lines that match a regular expression (of the Rust crate `regex`). Columns are byte offsets from 0. */
  search(
    pattern: string,
    selection?: Selection & { include?: string | string[] },
  ): Promise<{ path: string; line: number; column: number; text: string }[]>

  /** Waits, across restarts. */
  sleep(ms: number): Promise<void>
  /** Waits until a time: ISO 8601 or milliseconds since 1970. */
  sleepUntil(time: string | number | Date): Promise<void>
  /** Time of the last delivery in milliseconds since 1970. The same on every replay. */
  now(): number
  /** A number from 0 to below 1. The same on every replay. */
  random(): number
  /** A random UUID. The same on every replay. */
  uuid(): string

  /**
   * Calls a tool: `'PROVIDER/TOOL'`, or `'TOOL'` where only one provider has it. Without an input it gets `{}`.
   * Resolves to its output; rejects with `BatonToolError`.
   */
  tool(name: string, input?: Json, options?: ToolOptions): Promise<any>
  /**
   * Runs a command: a program and its arguments, which no shell sees. Another status than 0 does not reject; a
   * command that cannot be started, is killed or runs out of time does.
   */
  exec(
    argv: string[],
    options?: ToolOptions & {
      /** Working directory, relative to the root. */
      cwd?: string
      /** What it reads on standard input. */
      stdin?: string
    },
  ): Promise<{ status: number; stdout: string; stderr: string; truncated: boolean }>
  /** The tools this script may call, in the order of their names. */
  tools(): { name: string; description: string; input?: Schema; output?: Schema }[]

  /**
   * Asks a person, who answers from any terminal with `baton approve` or `baton reject`. Waits for days if need
   * be: the run costs nothing meanwhile, and goes on after a restart. A rejection resolves, with `approved: false`.
   * Rejects with `BatonGateError` if the question is turned down, and (code `gate-deadline`) when the deadline
   * passes without a `default`.
   */
  gate(question: string, options?: GateOptions): Promise<GateAnswer>
  /** The next message that a person sends to the run with `baton send`. Each is delivered once. */
  nextMessage(): Promise<Message>
  /** All messages, as they come, for `for await`. It has no end of its own: `break` when it is enough. */
  messages(): AsyncIterableIterator<Message>

  /** `agent()` with the whole outcome: the same call, and failures of the agent do not reject. What is
   * wrong with the arguments, the schema, the cap or the budget does. */
  agent(prompt: string, opts?: AgentOptions | null): Promise<AgentOutcome>
  /** Calls until a call does not throw: at most `times` (3), with a pause before the second that
   * doubles before each further one. Rejects with the last error. */
  retry<T>(
    call: (attempt: number) => T | Promise<T>,
    options?: { times?: number; backoffMs?: number },
  ): Promise<T>
  /** `parallel()`, at most `width` at once. */
  limit<T>(width: number, thunks: (() => T | Promise<T>)[]): Promise<(T | null)[]>
  /**
   * Runs `body` with a budget of its own: when an amount is used up, further calls made inside
   * (also after an `await`) reject with `WorkflowBudgetExceededError`. Calls outside are not
   * affected. `tokens` counts input and output. The run's own budget holds as well.
   */
  budget<T>(
    limits: { agents?: number; tokens?: number; outputTokens?: number },
    body: () => T | Promise<T>,
  ): Promise<T>
  /** Computes once per run; later calls with the same key get the same promise. A rejection is forgotten. */
  memo<T>(key: string, compute: () => T | Promise<T>): Promise<T>
  /** Keeps a file with the run: text, bytes, or a JSON value. At most 4 MiB. */
  artifact(
    name: string,
    data: string | ArrayBuffer | ArrayBufferView | Json,
    options?: { mediaType?: string },
  ): Promise<{ id: string; sha256: string }>
  /**
   * Checks a value against a schema and gives it back; throws `WorkflowSchemaError` if it does not
   * fit. `summary`, `evidence` and `followUps` of an object become those of the run's handoff.
   */
  handoff<T>(value: T, schema?: Schema): T
  /**
   * Sets challengers on one claim, each of whom tries to refute it. One that throws, or whose answer
   * is no verdict, has no voice and stands as `null`.
   */
  verify(
    challengers: number,
    challenge: (index: number) => Verdict | null | Promise<Verdict | null>,
  ): Promise<{
    verdicts: (Verdict | null)[]
    refutations: number
    confirmations: number
    ruling: 'holds' | 'refuted' | 'undecided'
    holds: boolean
  }>
  /**
   * Makes rounds until one brings nothing new, at most `rounds`. A round is given its number from 1
   * and what is known; equal items (as JSON, whatever the order of keys) count once. A round that
   * brings `null` does not count as one that found nothing.
   */
  converge<T>(
    rounds: number,
    round: (number: number, known: T[]) => T[] | null | Promise<T[] | null>,
  ): Promise<{ items: T[]; rounds: number; complete: boolean }>
}
