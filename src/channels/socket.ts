/** Why a socket cannot be connected, for an operator. */
export function connectFailure(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  return code === "ECONNREFUSED" ? "nobody listens on it (ECONNREFUSED)" : `it cannot be connected (${code})`;
}

/** The descriptor of a socket. Bun's sockets have it; their types leave it out. */
export function fdOf(socket: Bun.Socket<unknown>): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
