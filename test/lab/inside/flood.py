#!/usr/bin/python3
"""Floods a socket until it is killed: flood.py SOCKET. Connections without end: idle, with nonsense, with a part of a
call, and with calls whose replies nobody reads. Prints what the first round met, then goes on."""
import errno, os, socket, sys

path = sys.argv[1]
CALL = b'{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.vmpower.Control"}}\0'
WORDS = [b"", os.urandom(4096), CALL[:20], CALL * 200]
kept = []
met = {}


def attempt(words):
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect(path)
        client.send(words)
        return client, "connected"
    except OSError as error:
        client.close()
        return None, errno.errorcode.get(error.errno, "?")


first = True
while True:
    for number in range(400):
        client, result = attempt(WORDS[number % len(WORDS)])
        met[result] = met.get(result, 0) + 1
        if client:
            kept.append(client)
    if first:
        print(" ".join(sorted(met)), flush=True)
        first = False
    for client in kept[:-200]:
        client.close()
    del kept[:-200]
