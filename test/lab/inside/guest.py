#!/usr/bin/python3
"""Plays QEMU and the guests in it: listens where channels are, and sends packets made by hand.

Reads orders, a line each, and answers each with a line:
  open VM.N            make the socket and wait for the host        -> open
  send VM.N SIZE UNIT [VCPU]   a scale request; waits for the answer -> ACK | NACK | silence
  connect VM.N SIZE    the first packet of a guest process          -> sent
  raw VM.N BYTES       so many bytes of nonsense                    -> sent
  close VM.N           as QEMU ends: connection and file go         -> closed
"""
import os, random, select, socket, struct, sys

directory = sys.argv[1]
ports = {}
UNITS = {"up": 1, "down": 2, "max": 3, "min": 4, "turbo": 5, "no-turbo": 6}


def packet(size, vcpu, unit, command):
    return struct.pack("<QII", vcpu, unit, command).ljust(size, b"\0")


def drain(host):
    while select.select([host], [], [], 0)[0] and host.recv(65536):
        pass


def order(words):
    verb, name = words[0], words[1]
    if verb == "open":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{directory}/{name}")
        os.chmod(f"{directory}/{name}", 0o775)
        listener.listen(1)
        listener.settimeout(20)
        host, _ = listener.accept()
        ports[name] = (listener, host)
        return "open"
    listener, host = ports[name]
    if verb == "close":
        host.close()
        listener.close()
        os.unlink(f"{directory}/{name}")
        del ports[name]
        return "closed"
    if verb == "accept":  # the host connects again, as after its restart
        ports[name] = (listener, listener.accept()[0])
        return "open"
    if verb == "raw":
        host.send(random.Random(7).randbytes(int(words[2])))
        return "sent"
    size = int(words[2])
    if verb == "connect":
        host.send(packet(size, 0, 0, 2))
        return "sent"
    drain(host)
    host.send(packet(size, int(words[4]) if len(words) > 4 else 0, UNITS[words[3]], 1))
    # Old guests read no answers, and none is sent to them.
    if not select.select([host], [], [], 10 if size >= 460 else 0.5)[0]:
        return "silence"
    answer = host.recv(size)
    return {1: "ACK", 2: "NACK"}.get(struct.unpack("<I", answer[12:16])[0], "?")


for line in sys.stdin:
    try:
        print(order(line.split()), flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)
