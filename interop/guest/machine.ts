import { join } from "node:path";
import { until } from "../../test/daemon/until.ts";

/** The result of a command in the guest. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One virtual machine, emulated, with two vCPUs and a port for each. */
export interface Machine {
  /** Waits until it accepts orders, also after a reboot. */
  booted(): Promise<void>;
  /** Runs a shell's command in the guest. */
  run(command: string): Promise<Ran>;
  /** Starts such a command without waiting for it. */
  begin(command: string): void;
  /** Ends QEMU as a crash would. */
  kill(): Promise<void>;
}

/** Emulation is slow: a program of 110 MB takes long to start. */
const ANSWER_MS = 20_000;
const BOOT_MS = 60_000;

/** Paths of a machine. */
export interface MachineFiles {
  /** The directory of the kernel, the initramfs and the guest's output. */
  readonly directory: string;
  /** The directory of its channel sockets, such as `web1.0`. */
  readonly channels: string;
}

/** Starts a machine. */
export function startMachine({ directory, channels }: MachineFiles): Machine {
  const orders = join(directory, "orders");
  const port = (n: number) => [
    ...["-chardev", `socket,id=port${n},path=${channels}/web1.${n},server=on,wait=off`],
    ...["-device", `virtserialport,chardev=port${n},name=virtio.serial.port.poweragent.${n}`],
  ];
  const qemu = Bun.spawn(
    [
      ...["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Haswell"],
      ...["-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", "-no-user-config"],
      ...["-kernel", join(directory, "kernel"), "-initrd", join(directory, "initramfs")],
      ...["-append", "console=ttyS1 mitigations=off panic=-1 quiet"],
      ...["-chardev", `socket,id=orders,path=${orders},server=on,wait=off`, "-serial", "chardev:orders"],
      ...["-serial", `file:${join(directory, "kernel.log")}`],
      ...["-device", "virtio-serial-pci", ...port(0), ...port(1)],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  const line = orderLine(orders);
  return {
    async booted() {
      const end = performance.now() + BOOT_MS;
      while (performance.now() < end) if ((await line.order("true", 500))?.code === 0) return;
      throw new Error("The guest does not boot");
    },
    async run(command) {
      const ran = await line.order(command, ANSWER_MS);
      if (ran === undefined) throw new Error(`The guest says nothing to "${command}"`);
      return ran;
    },
    begin: (command) => void line.order(`{ ${command}; } >/tmp/begun 2>&1 </dev/null &`, ANSWER_MS),
    async kill() {
      qemu.kill("SIGKILL");
      await qemu.exited;
      line.close();
    },
  };
}

/** The guest's first serial port; see `init`. */
function orderLine(path: string) {
  const answers = new Map<number, (ran: Ran) => void>();
  let socket: Bun.Socket | undefined;
  let count = 0;
  let text = "";

  function received(chunk: string): void {
    const lines = (text + chunk).split(/\r?\n/);
    text = lines.pop() ?? "";
    for (const line of lines) {
      const [, number, code, out = "", err = ""] = /(\d+) = (\d+) (\S*) (\S*)$/.exec(line) ?? [];
      answers.get(Number(number))?.({ code: Number(code), out: plain(out), err: plain(err) });
    }
  }

  return {
    async order(command: string, withinMs: number): Promise<Ran | undefined> {
      socket ??= await connect(path, received);
      const number = ++count;
      const answer = Promise.withResolvers<Ran | undefined>();
      const timer = setTimeout(() => answer.resolve(undefined), withinMs);
      answers.set(number, answer.resolve);
      socket.write(`${number} ${command}\n`);
      const ran = await answer.promise;
      clearTimeout(timer);
      answers.delete(number);
      return ran;
    },
    close: () => socket?.terminate(),
  };
}

async function connect(path: string, received: (text: string) => void): Promise<Bun.Socket> {
  let socket: Bun.Socket | undefined;
  const data = (_: Bun.Socket, bytes: Buffer) => received(bytes.toString("latin1"));
  for (let tries = 0; socket === undefined; tries++) {
    // QEMU creates its sockets at its start.
    socket = await Bun.connect({ unix: path, socket: { data } }).catch((error) => {
      if (tries > 100) throw error;
      return undefined;
    });
    if (socket === undefined) await Bun.sleep(50);
  }
  return socket;
}

function plain(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}

/** {@link until} with a longer limit, because an emulated machine is slow. */
export function eventually(holds: () => boolean): Promise<void> {
  return until(holds, ANSWER_MS);
}
