#!/usr/bin/python3
"""Starts Xen guests and has them send packets. Takes the orders of guest.py, a line each, and answers each with a line:
  open VM.N            create the domain of /run/lab/VM.cfg, if it is not there; wait for its guest and the host
                       -> open
  send VM.N SIZE UNIT [VCPU]   a scale request; waits for the answer -> ACK | NACK | silence
  connect VM.N SIZE    the first packet of a guest process          -> sent
  raw VM.N BYTES       so many bytes of nonsense                    -> sent
  run VM COMMAND       a shell command in the guest                 -> its status and output
  close VM.N           destroy the domain                           -> closed
"""
import base64, os, socket, struct, subprocess, sys, time

guests = {}
UNITS = {"up": 1, "down": 2, "max": 3, "min": 4, "turbo": 5, "no-turbo": 6}
BOOT_S = 240


class Guest:
    """The channel "orders" of a guest."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"/run/lab/orders.{name}")
        self.number = 0
        self.text = b""

    def lives(self):
        try:
            return self.run("true", 10) is not None
        except OSError:
            return False

    def run(self, command, seconds):
        """The status and the output of a command; None if there is no answer."""
        self.number += 1
        self.socket.sendall(f"{self.number} {command}\n".encode())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            *lines, self.text = self.text.split(b"\n")
            for line in lines:
                words = line.split()
                if words[:2] == [str(self.number).encode(), b"="]:
                    return int(words[2]), base64.b64decode(words[3] if len(words) > 3 else b"")
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                break
            if not more:
                raise ConnectionError("the guest is gone")
            self.text += more


def boot(name):
    if subprocess.run(["xl", "domid", name], capture_output=True).returncode != 0:
        subprocess.run(["xl", "create", f"/run/lab/{name}.cfg"], check=True, capture_output=True)
    end = time.monotonic() + BOOT_S
    while time.monotonic() < end:
        try:
            guest = Guest(name)
            # An order that comes before the guest takes any is lost.
            while time.monotonic() < end:
                if guest.run("true", 3):
                    return guest
        except OSError:
            time.sleep(0.5)
    raise TimeoutError("the guest does not boot")


def connected(name, number):
    """Whether the daemon is connected to a channel. The kernel does not tell: the daemon has a network of its own."""
    channels = subprocess.run(["vmpowerctl", "list", "--channels"], capture_output=True, text=True).stdout
    return any(line.split()[:3] == [name, number, "connected"] for line in channels.splitlines())


def head(size, vcpu, unit, command):
    """A packet, as commands for the guest's shell: its first 16 bytes, then zeros."""
    octal = "".join(f"\\{byte:03o}" for byte in struct.pack("<QII", vcpu, unit, command))
    return f"{{ printf '{octal}'; head -c {size - 16} /dev/zero; }} >/packet; "


def order(words):
    verb, channel = words[0], words[1]
    name, _, number = channel.partition(".")
    if verb == "open":
        if name not in guests or not guests[name].lives():
            guests[name] = boot(name)
        end = time.monotonic() + 30
        while not connected(name, number):
            if time.monotonic() > end:
                return "the host does not connect"
            time.sleep(0.5)
        return "open"
    if verb == "close":
        subprocess.run(["xl", "destroy", name], check=True, capture_output=True)
        del guests[name]
        return "closed"
    guest = guests[name]
    device = f"/dev/xen-channels/poweragent.{number}"
    if verb == "run":
        status, output = guest.run(" ".join(words[2:]), 120) or (-1, b"no answer")
        return f"{status} {output.decode('latin1').strip()}".replace("\n", " | ")
    if verb == "raw":
        guest.run(f"head -c {words[2]} /dev/urandom >{device}", 30)
        return "sent"
    size = int(words[2])
    if verb == "connect":
        guest.run(head(size, 0, 0, 2) + f"cat /packet >{device}", 30)
        return "sent"
    # Old guests read no answers, and none is sent to them.
    wait = 10 if size >= 460 else 2
    packet = head(size, int(words[4]) if len(words) > 4 else 0, UNITS[words[3]], 1)
    hex = "od -An -v -tx1 | tr -d ' \\n'"
    answer = guest.run(f"exec 2>/dev/null; {packet}cat /packet >{device}; timeout {wait} head -c {size} <{device} | {hex}", 60)
    received = bytes.fromhex(answer[1].decode()) if answer else b""
    if len(received) < 16:
        return "silence"
    return {1: "ACK", 2: "NACK"}.get(struct.unpack("<I", received[12:16])[0], "?")


for line in sys.stdin:
    try:
        print(order(line.split()), flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)
