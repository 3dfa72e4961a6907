/** How long ssh tries to connect, where nothing says how long the whole may take. */
const CONNECT_SECONDS = 10;

/** Exit status of a host that did not answer in time: that of `vmpowerctl` itself. */
const TIMED_OUT = 5;

/** Bytes that are kept of one host's output; of a stream nothing is kept. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What `vmpowerctl` said on one host. */
export interface Said {
  readonly host: string;
  /** The exit status; 255 is ssh's own, for a host that it did not reach. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command to run on a host. */
export interface RemoteCommand {
  readonly host: string;
  /** What follows `vmpowerctl`. */
  readonly argv: readonly string[];
  /** How long connecting and the command may take together; undefined for what goes on until it is stopped. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with each line of stdout as it comes; lines are not kept then. */
  readonly onLine?: (line: string) => void;
}

/** Runs `vmpowerctl` on a host. Nothing of ours listens there, and ssh never asks: it is for many hosts at once. */
export async function runOver(command: RemoteCommand): Promise<Said> {
  const { host, argv, timeoutMs, signal, onLine } = command;
  const connectSeconds = Math.ceil((timeoutMs ?? CONNECT_SECONDS * 1000) / 1000);
  const options = ["-T", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${connectSeconds}`];
  // The remote shell reads what ssh joins with spaces.
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

/** Whether a text is the name of a host for ssh, and not one of its options. */
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
