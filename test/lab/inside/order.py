#!/usr/bin/python3
"""Tells a real guest, over its serial port, what to do, and prints its answer: order.py SOCKET SECONDS WORDS..."""
import os, socket, sys, time

path, seconds, words = sys.argv[1], float(sys.argv[2]), " ".join(sys.argv[3:])
number = str(time.monotonic_ns())
end = time.monotonic() + seconds
port = socket.socket(socket.AF_UNIX)
port.settimeout(seconds)
port.connect(path)
port.sendall(f"{number} {words}\n".encode())
text = b""
while f"{number} = ".encode() not in text or not text.endswith(b"\n"):
    port.settimeout(max(end - time.monotonic(), 0.01))
    try:
        more = port.recv(4096)
    except TimeoutError:
        sys.exit("no answer")
    if not more:
        sys.exit("hung up")
    text += more
answers = [line for line in text.decode("latin1").splitlines() if line.startswith(f"{number} = ")]
print(answers[-1].split(" = ", 1)[1])
