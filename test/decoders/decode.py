"""Decodes what a gateway sent, strictly, and writes each frame or line in one form that other decoders write too.

Standard input: records of a letter (B: a binary frame, J: a line of JSON), u32 length, bytes. See decode.cpp.
"""

import json
import struct
import sys

try:
    import msgpack
except ImportError:
    msgpack = None


def double(value):
    return "nan" if value != value else "f" + struct.pack(">d", value).hex()


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def value(self):
        kind = self.number("B")
        if kind < 0x80:
            return str(kind)
        if kind >= 0xE0:
            return str(kind - 0x100)
        if kind < 0x90:
            return self.map(kind & 15)
        if kind < 0xA0:
            return self.array(kind & 15)
        if kind < 0xC0:
            return self.text(kind & 31)
        if kind in (0xC0, 0xC2, 0xC3):
            return {0xC0: "null", 0xC2: "false", 0xC3: "true"}[kind]
        if kind in (0xC4, 0xC5, 0xC6):
            return "b" + self.take(self.number("BHI"[kind - 0xC4])).hex()
        if kind in (0xC7, 0xC8, 0xC9):
            return self.extension(self.number("BHI"[kind - 0xC7]))
        if kind in (0xCA, 0xCB):
            return double(self.number("fd"[kind - 0xCA]))
        if 0xCC <= kind <= 0xD3:
            return str(self.number("BHIQbhiq"[kind - 0xCC]))
        if 0xD4 <= kind <= 0xD8:
            return self.extension(1 << (kind - 0xD4))
        if kind in (0xD9, 0xDA, 0xDB):
            return self.text(self.number("BHI"[kind - 0xD9]))
        if kind in (0xDC, 0xDD):
            return self.array(self.number("HI"[kind - 0xDC]))
        if kind in (0xDE, 0xDF):
            return self.map(self.number("HI"[kind - 0xDE]))
        raise ValueError("a byte that is never used")

    def text(self, count):
        return "s" + self.take(count).decode("utf-8").encode("utf-8").hex()

    def extension(self, count):
        kind = self.number("b")
        return f"e{kind}:{self.take(count).hex()}"

    def array(self, count):
        return "[" + ",".join(self.value() for _ in range(count)) + "]"

    def map(self, count):
        return "{" + ",".join(self.value() + "=" + self.value() for _ in range(count)) + "}"


def frame(data):
    length, command, flags, seq = struct.unpack(">IHHI", data[:12])
    if length != len(data) - 4 or flags != 0:
        raise ValueError("a header that makes no sense")
    if length == 8:
        return f"{command} {seq}"
    reader = Reader(data[12:])
    body = reader.value()
    if reader.at != len(reader.data):
        raise ValueError("more than one value")
    if msgpack is not None:
        msgpack.unpackb(data[12:], strict_map_key=False, object_pairs_hook=list)
    return f"{command} {seq} {body}"


class Digits(str):
    pass


def refuse(constant):
    raise ValueError(constant)


def plain(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise ValueError("a number beyond all")
        return double(value)
    if isinstance(value, str):
        return "s" + value.encode("utf-8").hex()
    if isinstance(value, tuple):
        return "{" + ",".join(plain(key) + "=" + plain(field) for key, field in value) + "}"
    return "[" + ",".join(plain(item) for item in value) + "]"


def line(data):
    text = data.decode("utf-8")
    json.loads(text)
    return plain(json.loads(text, parse_int=Digits, parse_constant=refuse, object_pairs_hook=tuple))


def main():
    data, at = sys.stdin.buffer.read(), 0
    while at < len(data):
        letter, length = data[at : at + 1], struct.unpack(">I", data[at + 1 : at + 5])[0]
        record = data[at + 5 : at + 5 + length]
        try:
            print(frame(record) if letter == b"B" else line(record))
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            print(f"ERROR {type(error).__name__} {error}".replace("\n", " "))
        at += 5 + length


main()
