#!/usr/bin/env python3
"""A client of the gateway in binary over raw TCP, with nothing but Python's own library.

    python3 examples/tcp_client.py NAME ROOM [http://127.0.0.1:3000/]

Lines of standard input go to the room; its end signs out. docs/protocol.md has the commands.
"""
import json
import os
import random
import select
import socket
import struct
import sys
import time
import urllib.parse
import urllib.request

ONLINE, ONLINE_ACK, OFFLINE, PING, KICK = 0x0101, 0x0102, 0x0103, 0x0105, 0x0110
ROOM_JOIN, ROOM_JOIN_ACK, ROOM_CHAT, ROOM_BC = 0x0405, 0x0406, 0x040B, 0x040D

# A frame: length of what follows it, command, flags, seq; then a MessagePack map.
HEADER = struct.Struct(">IHHI")
LENGTH_BYTES = 4


# MessagePack, but for extension types and dates, which the gateway does not send.


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 0x80 or -0x20 <= value < 0:
            return struct.pack(">b" if value < 0 else ">B", value)
        return b"\xcf" + struct.pack(">Q", value) if value > 0 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(len(text), 0xA0, 32, 0xD9) + text
    if isinstance(value, bytes):
        return _head(len(value), None, 0, 0xC4) + value
    if isinstance(value, (list, tuple)):
        return _head(len(value), 0x90, 16, 0xDB) + b"".join(map(pack, value))
    if isinstance(value, dict):
        fields = b"".join(pack(key) + pack(field) for key, field in value.items())
        return _head(len(value), 0x80, 16, 0xDD) + fields
    raise TypeError(f"MessagePack has no {type(value).__name__}")


def _head(length, short, short_end, first):
    """The type and length: short ones are one byte; `first` is the type with a length of one byte, two and four follow.

    Lists and maps have none with one byte."""
    if length < short_end:
        return bytes([short | length])
    if length < 0x100 and first not in (0xDB, 0xDD):
        return struct.pack(">BB", first, length)
    if length < 0x10000:
        return struct.pack(">BH", first + 1, length)
    return struct.pack(">BI", first + 2, length)


_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_NUMBERS.update({0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"})
_LENGTHS = {0xC4: "B", 0xC5: "H", 0xC6: "I", 0xD9: "B", 0xDA: "H", 0xDB: "I"}
_LENGTHS.update({0xDC: "H", 0xDD: "I", 0xDE: "H", 0xDF: "I"})


def unpack(data, at=0):
    """The value that begins at `at`, and where the next one would begin."""
    kind = data[at]
    at += 1
    if kind < 0x80 or kind >= 0xE0:
        return (kind if kind < 0x80 else kind - 0x100), at
    if kind in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[kind], at
    if kind in _NUMBERS:
        (value,) = struct.unpack_from(_NUMBERS[kind], data, at)
        return value, at + struct.calcsize(_NUMBERS[kind])
    if kind < 0xC0:
        length = kind & (0x1F if kind >= 0xA0 else 0x0F)
    elif kind in _LENGTHS:
        (length,) = struct.unpack_from(">" + _LENGTHS[kind], data, at)
        at += struct.calcsize(">" + _LENGTHS[kind])
    else:
        raise ValueError(f"type {kind:#x} is not one of those here")
    if kind < 0x90 or kind >= 0xDE:
        fields = {}
        for _ in range(length):
            key, at = unpack(data, at)
            fields[key], at = unpack(data, at)
        return fields, at
    if kind < 0xA0 or kind >= 0xDC:
        items = []
        for _ in range(length):
            item, at = unpack(data, at)
            items.append(item)
        return items, at
    content = bytes(data[at : at + length])
    return (content if 0xC4 <= kind <= 0xC6 else content.decode()), at + length


# Frames


def frame(command, seq, body):
    payload = pack(body) if body else b""
    return HEADER.pack(HEADER.size - LENGTH_BYTES + len(payload), command, 0, seq) + payload


def take_frames(buffer):
    """Takes the whole frames off the front of the buffer: a packet may end anywhere, the rest stays for the next one."""
    while len(buffer) >= HEADER.size:
        length, command, _flags, seq = HEADER.unpack_from(buffer)
        end = LENGTH_BYTES + length
        if len(buffer) < end:
            return
        body = unpack(bytes(buffer[HEADER.size : end]))[0] if end > HEADER.size else {}
        del buffer[:end]
        yield command, seq, body


# The client


class Client:
    def __init__(self, name, rid, app_server):
        self.name, self.rid, self.app_server = name, rid, app_server
        self.backoff = {"base": 1000, "factor": 2, "max": 60000, "jitter": 0.5}
        self.failures = 0
        self.seq = 0
        self.socket = None
        self.is_leaving = False
        self.typed = b""

    def send(self, command, body=None):
        self.seq += 1
        self.socket.sendall(frame(command, self.seq, body))

    def log_in(self):
        query = urllib.parse.urlencode({"name": self.name, "type": 1})
        url = urllib.parse.urljoin(self.app_server, "/login?" + query)
        with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as reply:
            return json.load(reply)

    def connect_once(self):
        """Fetches a token, connects, and returns when the connection is over. `kick`: what a KICK said, if there was one."""
        self.kick = None
        self.login = self.log_in()
        self.backoff = self.login["backoff"]
        self.ping_every, self.is_alive = None, True
        host, _, port = self.login["iplist"][0].rpartition(":")
        try:
            self.socket = socket.create_connection((host.strip("[]"), int(port)))
            fields = {key: self.login[key] for key in ("uid", "sid", "token")}
            self.send(ONLINE, {**fields, "app": "example-python", "version": "1.0"})
            self.read_until_closed()
        finally:
            if self.socket is not None:
                self.socket.close()
                self.socket = None

    def read_until_closed(self):
        buffer = bytearray()
        next_ping = None
        while True:
            if self.ping_every and next_ping is None:
                next_ping = time.monotonic() + self.ping_every
            pause = None if next_ping is None else max(0, next_ping - time.monotonic())
            sources = [self.socket] if self.is_leaving else [self.socket, sys.stdin]
            readable, _, _ = select.select(sources, [], [], pause)
            if self.socket in readable:
                data = self.socket.recv(65536)
                if not data:
                    return
                self.is_alive = True
                buffer += data
                for command, _seq, body in take_frames(buffer):
                    self.on_frame(command, body)
            if sys.stdin in readable:
                self.read_lines()
            if next_ping is not None and time.monotonic() >= next_ping:
                # Whoever is silent for three heartbeats is closed, and a gateway that does not answer a PING is gone.
                if not self.is_alive:
                    return
                self.is_alive = False
                self.send(PING)
                next_ping = None

    def read_lines(self):
        data = os.read(sys.stdin.fileno(), 65536)
        self.is_leaving = not data
        *lines, self.typed = (self.typed + data).split(b"\n")
        if self.socket is None:
            return
        for line in lines:
            self.send(ROOM_CHAT, {"rid": self.rid, "text": line.decode()})
        if self.is_leaving:
            # The gateway closes the connection after its answer.
            self.send(OFFLINE)

    def on_frame(self, command, body):
        if body.get("code"):
            print(f"{command:#06x}: {body['code']} {body['errmsg']}")
        if command == KICK:
            self.kick = body
        elif command == ROOM_CHAT:
            print(f"{body['uid']}: {body.get('text')}")
        elif command == ROOM_BC:
            data = body["data"]
            print("push:", data.decode() if isinstance(data, bytes) else data)
        elif command == ROOM_JOIN_ACK and body["code"] == 0:
            print(f"joined room {self.rid} as user {self.login['uid']}")
        elif command == ONLINE_ACK and body["code"] == 0:
            self.failures = 0
            self.ping_every = body["heartbeat"]
            self.send(ROOM_JOIN, {"rid": self.rid})

    def stay_connected(self):
        while not self.is_leaving:
            try:
                self.connect_once()
            except OSError as error:
                print(error)
            if self.is_leaving:
                return
            if self.kick and not self.kick["retry"]:
                sys.exit(1)
            # Give or take a share by chance, so that not all devices come back in the same second.
            backoff = self.backoff
            after_ms = min(backoff["max"], backoff["base"] * backoff["factor"] ** self.failures)
            after_ms *= 1 + backoff["jitter"] * random.uniform(-1, 1)
            after_ms = max(after_ms, self.kick["after"] if self.kick else 0)
            self.failures += 1
            print(f"connecting again in {after_ms:.0f} ms")
            self.wait(after_ms / 1000)

    def wait(self, seconds):
        """Sleeps, but hears when standard input ends. What is typed meanwhile is lost."""
        end = time.monotonic() + seconds
        while not self.is_leaving and time.monotonic() < end:
            if select.select([sys.stdin], [], [], max(0, end - time.monotonic()))[0]:
                self.read_lines()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    name, room, app_server = (sys.argv[1:] + ["carl", "42", "http://127.0.0.1:3000/"][len(sys.argv) - 1 :])[:3]
    Client(name, int(room), app_server).stay_connected()
