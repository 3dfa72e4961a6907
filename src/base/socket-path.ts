/** The longest path of a socket in bytes: `sun_path` (unix(7)) without its final NUL. */
export const SOCKET_PATH_BYTES_MAX = 107;
