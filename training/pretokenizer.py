"""GPT-2's pre-tokenisation and byte symbols, with the classes of characters that a JavaScript runtime uses.

Python's `re` has no `\\p{L}` and its `\\s` differs from JavaScript's, so the classes are written out from
`unicodedata`. Characters assigned after this Python's Unicode version are the one possible difference.
"""

import re
import sys
import unicodedata

# ECMAScript's WhiteSpace and LineTerminator: the tokenizer runs in JavaScript.
_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def _character_class(major: str) -> str:
    """The inside of a `[...]` that matches every character whose general category starts with `major`."""
    ranges, start = [], None
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and unicodedata.category(chr(point)).startswith(major)
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = None
    return "".join(ranges)


_L, _N = _character_class("L"), _character_class("N")

PATTERN = re.compile(
    f"'s|'t|'re|'ve|'m|'ll|'d| ?[{_L}]+| ?[{_N}]+| ?[^{_SPACE}{_L}{_N}]+|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
)


def pieces(text: str) -> list[str]:
    """Splits `text` into the pieces inside which byte pairs may merge. `"".join(pieces(t)) == t`."""
    return PATTERN.findall(text)


def _byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for each of the 256 bytes, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


BYTE_SYMBOLS = _byte_symbols()
SYMBOL_BYTES = {symbol: byte for byte, symbol in enumerate(BYTE_SYMBOLS)}


def to_symbols(piece: str) -> str:
    """The piece's UTF-8 bytes, each as its symbol."""
    return "".join(BYTE_SYMBOLS[byte] for byte in piece.encode("utf-8"))
