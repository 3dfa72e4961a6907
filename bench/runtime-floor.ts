import fs from "node:fs";
import { join } from "node:path";
import { datagramSender } from "../src/os/datagram.ts";

// What floor.c does, on the sockets of the runtime: the least that a program of it can do, and so the part of our figures
// that is not ours. Usage and arguments are those of floor.c.

const PACKET_SIZE = 464;
const UNIT = 8;
const UNIT_MAX = 3;
const [FAST, SLOW] = [Buffer.from("2301000"), Buffer.from("1200000")];

const [directory = "", root = "", cpus = "", vcpus = ""] = process.argv.slice(2);
const files = Array.from({ length: Number(cpus) }, (_, cpu) =>
  fs.openSync(`${root}/cpufreq/policy${cpu}/scaling_setspeed`, "w"),
);
const connected = fs.readdirSync(directory).map((name) => {
  const [vm, number] = name.slice(2).split(".").map(Number) as [number, number];
  const file = files[(vm * Number(vcpus) + number) % files.length] as number;
  return Bun.connect({
    unix: join(directory, name),
    socket: {
      binaryType: "uint8array",
      data(socket, bytes) {
        for (let at = 0; at + PACKET_SIZE <= bytes.length; at += PACKET_SIZE) {
          fs.writeSync(file, bytes[at + UNIT] === UNIT_MAX ? FAST : SLOW, 0, 7, 0);
          socket.write(bytes.subarray(at, at + PACKET_SIZE));
        }
      },
    },
  });
});
await Promise.all(connected);
datagramSender(process.env["NOTIFY_SOCKET"] ?? "")?.send(Buffer.from("READY=1"));
