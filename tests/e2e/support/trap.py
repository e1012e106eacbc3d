"""The module with one callback that traps: what a fault of ours, or memory that ends, would do."""

import re
from pathlib import Path

# A body without locals whose one instruction is `unreachable`.
UNREACHABLE = b"\x03\x00\x00\x0b"
TYPE, IMPORT, FUNCTION, GLOBAL, EXPORT, CODE = 1, 2, 3, 6, 7, 10
# A number that may change, at first 0.
COUNTER = b"\x7f\x01\x41\x00\x0b"
# The kind of an import or export.
A_FUNCTION = 0


def trapping(module: bytes, callback: str, nth: int | None = None) -> bytes:
    """The same module, whose export `callback` leads to a function that traps: always, or only the
    `nth` time that a VM comes there, which is any other time as it was."""
    sections = list(_sections(module))
    bodies = {kind: body for kind, body in sections}
    imports = _imported_functions(bodies[IMPORT])
    types, at = _items(bodies[FUNCTION])
    exports = bodies[EXPORT]
    # name, kind (0 for a function), index
    found = re.search(re.escape(bytes([len(callback)]) + callback.encode() + b"\0"), exports)
    index, end = _number(exports, found.end())
    # The new function has the type of the one whose place it takes.
    kind, _ = _number(types, _skip(types, index - imports))
    new = imports + at
    body = UNREACHABLE
    if nth is not None:
        globals_, known = _items(bodies[GLOBAL])
        bodies[GLOBAL] = _leb(known + 1) + globals_ + COUNTER
        body = _nth(nth, known, index, _parameters(bodies[TYPE], kind))
    bodies[FUNCTION] = _leb(at + 1) + types + _leb(kind)
    codes, count = _items(bodies[CODE])
    bodies[CODE] = _leb(count + 1) + codes + body
    bodies[EXPORT] = exports[: found.end()] + _leb(new) + exports[end:]
    parts = [
        bytes([kind]) + _leb(len(body)) + body
        for kind, body in ((kind, bodies[kind] if kind else own) for kind, own in sections)
    ]
    return module[:8] + b"".join(parts)


def trap(
    bootstrap: dict, role: str, module: Path, callback: str, folder: Path, nth: int | None = None
) -> dict:
    """The same bootstrap, whose filters of a role (`edge` or `provider`) trap in a callback."""
    own = folder / f"{role}-traps.wasm"
    folder.mkdir(parents=True, exist_ok=True)
    own.write_bytes(trapping(module.read_bytes(), callback, nth))

    def walk(value) -> None:
        if isinstance(value, dict):
            vm = value.get("vm_config")
            if vm and vm["vm_id"] == f"tradewind-{role}":
                vm["code"]["local"]["filename"] = str(own)
            value = list(value.values())
        for item in value if isinstance(value, list) else []:
            walk(item)

    walk(bootstrap)
    return bootstrap


def _nth(nth: int, counter: int, called: int, parameters: int) -> bytes:
    """A body that counts, traps at a count, and otherwise is the function that it stands for."""
    assert 0 < nth < 64, "one byte"
    count = b"\x23" + _leb(counter)
    code = count + b"\x41\x01\x6a\x24" + _leb(counter)
    code += count + b"\x41" + bytes([nth]) + b"\x46\x04\x40\x00\x0b"
    code += b"".join(b"\x20" + _leb(number) for number in range(parameters))
    code = b"\x00" + code + b"\x10" + _leb(called) + b"\x0b"
    return _leb(len(code)) + code


def _parameters(section: bytes, kind: int) -> int:
    """How many parameters functions of a type have."""
    count, at = _number(section, 0)
    for number in range(count):
        assert section[at] == 0x60, "a function's type"
        parameters, at = _number(section, at + 1)
        at += parameters
        results, at = _number(section, at)
        at += results
        if number == kind:
            return parameters
    raise AssertionError("no such type")


def _sections(module: bytes):
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = _number(module, at + 1)
        yield kind, module[at : at + size]
        at += size


def _items(section: bytes) -> tuple[bytes, int]:
    """What follows a section's count, and the count."""
    count, at = _number(section, 0)
    return section[at:], count


def _skip(numbers: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        _, at = _number(numbers, at)
    return at


def _imported_functions(section: bytes) -> int:
    count, at = _number(section, 0)
    functions = 0
    for _ in range(count):
        for _ in ("module", "name"):
            size, at = _number(section, at)
            at += size
        kind, at = section[at], at + 1
        assert kind == A_FUNCTION, "the module imports functions alone"
        _, at = _number(section, at)
        functions += 1
    return functions


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number and where it ends."""
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _leb(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)
