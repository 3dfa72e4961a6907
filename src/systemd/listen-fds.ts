/** The first descriptor that systemd passes on. */
const LISTEN_FDS_START = 3;

/** Sockets that systemd opened for this process (sd_listen_fds(3)). */
export function listenFds(env: Readonly<Record<string, string | undefined>>): readonly number[] {
  const count = Number(env["LISTEN_FDS"] ?? "");
  // The variables are inherited, so they count only if they name this process.
  if (Number(env["LISTEN_PID"] ?? "") !== process.pid || !Number.isSafeInteger(count) || count < 1) return [];
  return Array.from({ length: Math.min(count, 16) }, (_, index) => LISTEN_FDS_START + index);
}
