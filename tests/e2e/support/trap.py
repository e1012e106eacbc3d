"""The module with one callback that traps: what a fault of ours, or memory that ends, would do."""

import re
from pathlib import Path

# A body without locals whose one instruction is `unreachable`.
UNREACHABLE = b"\x03\x00\x00\x0b"
IMPORT, FUNCTION, EXPORT, CODE = 2, 3, 7, 10
# The kind of an import or export.
A_FUNCTION = 0


def trapping(module: bytes, callback: str) -> bytes:
    """The same module, whose export `callback` leads to a function that traps."""
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
    bodies[FUNCTION] = _leb(at + 1) + types + _leb(kind)
    codes, count = _items(bodies[CODE])
    bodies[CODE] = _leb(count + 1) + codes + UNREACHABLE
    bodies[EXPORT] = exports[: found.end()] + _leb(new) + exports[end:]
    parts = [
        bytes([kind]) + _leb(len(body)) + body
        for kind, body in ((kind, bodies[kind] if kind else own) for kind, own in sections)
    ]
    return module[:8] + b"".join(parts)


def trap(bootstrap: dict, role: str, module: Path, callback: str, folder: Path) -> dict:
    """The same bootstrap, whose filters of a role (`edge` or `provider`) trap in a callback."""
    own = folder / f"{role}-traps.wasm"
    folder.mkdir(parents=True, exist_ok=True)
    own.write_bytes(trapping(module.read_bytes(), callback))

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
