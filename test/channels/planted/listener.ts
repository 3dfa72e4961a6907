import { renameSync } from "node:fs";
import { MAX, scale } from "../../daemon/port.ts";

// A process of QEMU's user that puts sockets where it is told to, over whatever lies there, and asks for the highest
// speed as soon as somebody connects. It reports each byte that it gets.

let sockets = 0;

process.on("message", (path: string) => {
  const fresh = `${path}-${process.pid}-${++sockets}`;
  Bun.listen<undefined>({
    unix: fresh,
    socket: {
      open: (socket) => void socket.write(scale(0, MAX)),
      data: (_socket, bytes) => void process.send?.({ kind: "answered", bytes: bytes.length }),
    },
  });
  renameSync(fresh, path);
  process.send?.({ kind: "planted", path });
});

process.send?.({ kind: "ready" });
