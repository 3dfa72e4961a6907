/** How long ssh tries to connect if there is no other limit, in seconds. */
const CONNECT_SECONDS = 10;

/** Exit status of a host that did not answer in time, the same as that of `vmpowerctl`. */
const TIMED_OUT = 5;

/** The most bytes that are kept of one host's output; of a stream nothing is kept. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** The output of `vmpowerctl` on one host. */
export interface Said {
  readonly host: string;
  /** The exit status; 255 is ssh's own, if it could not connect. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command to run on a host. */
export interface RemoteCommand {
  readonly host: string;
  /** The arguments of `vmpowerctl`. */
  readonly argv: readonly string[];
  /**
   * Longest time to connect and run the command together, in ms; undefined for a command that runs until it is stopped.
   */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with each line of stdout; then lines are not kept. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs `vmpowerctl` on a host through ssh. ssh never asks the user anything, because it runs for many hosts at once.
 */
export async function runOver(command: RemoteCommand): Promise<Said> {
  const { host, argv, timeoutMs, signal, onLine } = command;
  const connectSeconds = Math.ceil((timeoutMs ?? CONNECT_SECONDS * 1000) / 1000);
  const options = ["-T", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${connectSeconds}`];
  // ssh joins the arguments with spaces, and the remote shell reads the result.
  const remote = ["vmpowerctl", ...argv].map(quoted).join(" ");
  let ssh: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    ssh = Bun.spawn(["ssh", ...options, "--", host, remote], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: process.env,
    });
  } catch {
    return { host, code: 255, out: "", err: "There is no ssh: install openssh-client\n" };
  }
  const stop = () => ssh.kill();
  signal?.addEventListener("abort", stop);
  let late = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          stop();
        }, timeoutMs);
  const [out, err] = await Promise.all([
    onLine === undefined ? bounded(ssh.stdout, stop) : lines(ssh.stdout, onLine),
    bounded(ssh.stderr, stop),
  ]);
  const exitCode = await ssh.exited;
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  return late
    ? {
        host,
        code: TIMED_OUT,
        out,
        err: `It did not answer within ${(timeoutMs ?? 0) / 1000} s: try a longer --timeout\n`,
      }
    : { host, code: exitCode, out, err };
}

/** Whether a text is a host name for ssh, not one of its options. */
export function isHost(text: string): boolean {
  return /^[A-Za-z0-9_[][A-Za-z0-9_.@:%[\]-]{0,254}$/.test(text);
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

async function bounded(stream: ReadableStream<Uint8Array>, stop: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > OUTPUT_BYTES_MAX) stop();
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function lines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onLine(part);
  }
  if (rest !== "") onLine(rest);
  return "";
}
