import type { OutputRoom } from "./output.ts";
import type { Said } from "./said.ts";
import type { Target } from "./target.ts";

/** How long ssh tries to connect if there is no other limit, in seconds. */
const CONNECT_SECONDS = 10;

/** A host is lost if it is silent for so many times that many seconds, while its command runs until it is stopped. */
const ALIVE_SECONDS = 10;
const ALIVE_COUNT = 3;

/** Exit status of a host that did not answer in time, the same as that of `vmpowerctl`. */
const TIMED_OUT = 5;

/** A command to run on a host. */
export interface RemoteCommand {
  readonly target: Target;
  /** The arguments of `vmpowerctl`. */
  readonly argv: readonly string[];
  /**
   * Longest time to connect and run the command together, in ms; undefined for a command that runs until it is stopped.
   */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly room: OutputRoom;
  /** Called with each line of stdout; then lines are not kept. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs `vmpowerctl` on a host through ssh. ssh never asks the user anything, because it runs for many hosts at once.
 */
export async function runOver(command: RemoteCommand): Promise<Said> {
  const { timeoutMs, signal, onLine, room } = command;
  const host = command.target.name;
  let ssh: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    ssh = Bun.spawn(commandLine(command), {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: process.env,
    });
  } catch {
    return { host, code: 255, out: "", err: "There is no ssh: install openssh-client\n" };
  }
  let ended: Pick<Said, "code" | "err"> | undefined;
  const end = (code: number, err: string) => {
    ended ??= { code, err };
    ssh.kill();
  };
  const stop = () => ssh.kill();
  signal?.addEventListener("abort", stop);
  const late = `It did not answer within ${(timeoutMs ?? 0) / 1000} s: try a longer --timeout\n`;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => end(TIMED_OUT, late), timeoutMs);
  const tooMuch = () => end(1, "It printed more than is kept of one host, or of all: ask fewer hosts\n");
  const [out, err] = await Promise.all([
    onLine === undefined ? room.read(ssh.stdout, tooMuch) : lines(ssh.stdout, onLine),
    room.read(ssh.stderr, tooMuch),
  ]);
  const code = await ssh.exited;
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  return { host, code, out, err, ...ended };
}

function commandLine({ target, argv, timeoutMs }: RemoteCommand): string[] {
  const connectSeconds = Math.ceil((timeoutMs ?? CONNECT_SECONDS * 1000) / 1000);
  const options = ["-T", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${connectSeconds}`];
  if (timeoutMs === undefined)
    options.push("-o", `ServerAliveInterval=${ALIVE_SECONDS}`, "-o", `ServerAliveCountMax=${ALIVE_COUNT}`);
  if (target.port !== undefined) options.push("-p", `${target.port}`);
  // ssh joins the arguments with spaces, and the remote shell reads the result.
  const remote = ["vmpowerctl", ...argv].map(quoted).join(" ");
  return ["ssh", ...options, "--", target.address, remote];
}

/** Whether a text is a host name for ssh, not one of its options. */
export function isHost(text: string): boolean {
  return /^[A-Za-z0-9_[][A-Za-z0-9_.@:%[\]-]{0,254}$/.test(text);
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
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
