import { dlopen, FFIType, ptr } from "bun:ffi";

const { i32, u32, u64, ptr: pointer, i64_fast } = FFIType;
const libc = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  accept4: { args: [i32, pointer, pointer, i32], returns: i32 },
  send: { args: [i32, pointer, u64, i32], returns: i64_fast },
  recv: { args: [i32, pointer, u64, i32], returns: i64_fast },
  close: { args: [i32], returns: i32 },
}).symbols;

const [AF_UNIX, SOCK_SEQPACKET, SOCK_NONBLOCK, MSG_DONTWAIT] = [1, 5, 0o4000, 0x40];

/** A DPDK program's telemetry socket: it greets each client, then replies to each command. */
export function telemetryServer(path: string, answer: (command: string) => string) {
  const address = new Uint8Array(110);
  address.set([AF_UNIX, 0, ...Buffer.from(path)]);
  const listener = libc.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  if (libc.bind(listener, ptr(address), 2 + path.length + 1) !== 0 || libc.listen(listener, 5) !== 0)
    throw new Error(`Cannot listen at "${path}"`);
  const clients = new Set<number>();
  const say = (client: number, text: string) => {
    const bytes = Buffer.from(text);
    libc.send(client, ptr(bytes), bytes.length, MSG_DONTWAIT);
  };
  const timer = setInterval(() => {
    for (let client = accept(listener); client >= 0; client = accept(listener)) {
      clients.add(client);
      say(client, '{"version": "DPDK 23.11.0", "pid": 1, "max_output_len": 16384}');
    }
    for (const client of clients) {
      const bytes = new Uint8Array(4096);
      const size = Number(libc.recv(client, ptr(bytes), bytes.length, MSG_DONTWAIT));
      if (size > 0) say(client, answer(Buffer.from(bytes.subarray(0, size)).toString()));
    }
  }, 1);
  return {
    close() {
      clearInterval(timer);
      for (const fd of [...clients, listener]) libc.close(fd);
    },
  };
}

function accept(listener: number): number {
  return libc.accept4(listener, null, null, SOCK_NONBLOCK);
}
