#!/usr/bin/python3
"""Plays QEMU and the guests in it: listens where channels are, and sends packets made by hand.

Reads orders, a line each, and answers each with a line:
  open VM.N            make the socket and wait for the host        -> open
  send VM.N SIZE UNIT [VCPU]   a scale request; waits for the answer -> ACK | NACK | silence
  policy VM.N BUSY QUIET   a guest policy of 464 bytes by such hours, as 8,9; waits for the answer
  connect VM.N SIZE    the first packet of a guest process          -> sent
  raw VM.N BYTES       so many bytes of nonsense                    -> sent
  burst VM.N COUNT ANSWERS [PID]  so many requests at once, min and up in turn; reads so many answers, then kills that
                       process                           -> killed | answered
  half VM.N            the first half of a packet        -> sent
  flood VM.N packets | garbage  without end, and reads no answer         -> flooding
  calm VM.N            ends that                         -> how many bytes went out
  close VM.N           as QEMU ends: connection and file go         -> closed
"""
import os, random, select, signal, socket, struct, sys, threading

directory = sys.argv[1]
ports = {}
floods = {}
UNITS = {"up": 1, "down": 2, "max": 3, "min": 4, "turbo": 5, "no-turbo": 6}


def packet(size, vcpu, unit, command):
    return struct.pack("<QII", vcpu, unit, command).ljust(size, b"\0")


def by_time(busy, quiet):
    policy = bytearray(packet(464, 0, 0, 3))
    policy[152] = 1  # CPUs: vCPU 0 alone
    for offset, hours in ((156, busy), (252, quiet), (348, [])):
        struct.pack_into("<24i", policy, offset, *(hours + [-1] * 24)[:24])
    struct.pack_into("<I", policy, 452, 1)  # by time
    return bytes(policy)


def drain(host):
    while select.select([host], [], [], 0)[0] and host.recv(65536):
        pass


def exchange(host, request):
    drain(host)
    host.send(request)
    # Old guests read no answers, and none is sent to them.
    if not select.select([host], [], [], 10 if len(request) >= 460 else 0.5)[0]:
        return "silence"
    answer = host.recv(len(request))
    return {1: "ACK", 2: "NACK"}.get(struct.unpack("<I", answer[12:16])[0], "?")


def receive(host, count):
    while count > 0:
        answer = host.recv(min(count, 65536))
        if not answer:
            raise EOFError("the host hung up")
        count -= len(answer)


class Flood(threading.Thread):
    """Sends as fast as the host takes it."""

    def __init__(self, host, what):
        super().__init__(daemon=True)
        self.host, self.sent, self.going = host, 0, True
        noise = random.Random(7).randbytes(1 << 16)
        requests = (packet(464, 0, 4, 1) + packet(464, 0, 1, 1)) * 64
        self.bytes = noise if what == "garbage" else requests
        self.start()

    def run(self):
        try:
            while self.going:
                if select.select([], [self.host], [], 0.1)[1]:
                    self.sent += self.host.send(self.bytes, socket.MSG_DONTWAIT)
        except OSError:
            pass  # the host hung up


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
    if verb == "half":
        host.send(packet(464, 0, 4, 1)[:232])
        return "sent"
    if verb == "flood":
        floods[name] = Flood(host, words[2])
        return "flooding"
    if verb == "calm":
        flood = floods.pop(name)
        flood.going = False
        flood.join()
        return str(flood.sent)
    if verb == "burst":
        drain(host)
        host.sendall((packet(464, 0, 4, 1) + packet(464, 0, 1, 1)) * (int(words[2]) // 2))
        host.settimeout(20)
        receive(host, 464 * int(words[3]))
        if len(words) < 5:
            return "answered"
        os.kill(int(words[4]), signal.SIGKILL)
        return "killed"
    if verb == "policy":
        return exchange(host, by_time(*([int(hour) for hour in hours.split(",")] for hours in words[2:])))
    size = int(words[2])
    if verb == "connect":
        host.send(packet(size, 0, 0, 2))
        return "sent"
    return exchange(host, packet(size, int(words[4]) if len(words) > 4 else 0, UNITS[words[3]], 1))


for line in sys.stdin:
    try:
        print(order(line.split()), flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)
