/** What is told of its socket. */
interface SocketOwner<Self> {
  opened(socket: Bun.Socket<Self>): void;
  received(bytes: Uint8Array): void;
  /** Also when a connect failed: then there is no socket. */
  lost(socket: Bun.Socket<Self> | undefined, cause: string): void;
}

/** The runtime's handlers of a socket whose owner is its data. */
export function socketHandlers<Owner extends SocketOwner<Owner>>(): Bun.SocketHandler<Owner> {
  return {
    // Not a Buffer, the default: its slice() is a view that keeps the whole chunk in memory.
    binaryType: "uint8array",
    open: (socket) => socket.data.opened(socket),
    data: (socket, bytes) => socket.data.received(bytes),
    close: (socket) => socket.data.lost(socket, "QEMU closed it"),
    error: (socket, error) => socket.data.lost(socket, error.message),
    connectError: (socket, error) => socket.data.lost(undefined, connectFailure(error)),
  };
}

/** Why a socket cannot be connected, for an operator. */
function connectFailure(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  return code === "ECONNREFUSED" ? "nobody listens on it (ECONNREFUSED)" : `it cannot be connected (${code})`;
}

/** The descriptor of a socket. Bun's sockets have it; their types leave it out. */
export function fdOf(socket: Bun.Socket<unknown>): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
