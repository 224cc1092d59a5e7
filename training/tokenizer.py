"""Byte-level byte-pair encoding: learning the merges, encoding, decoding, and the Hugging Face file.

    python3 tokenizer.py --corpus FILE --out tokenizer.json
"""

import argparse
import json
from collections import Counter, defaultdict

from config import END_OF_TEXT, END_OF_TEXT_ID, VOCABULARY
from corpus import split
from pretokenizer import BYTE_SYMBOLS, SYMBOL_BYTES, pieces, to_symbols

Pair = tuple[str, str]


def learn_merges(text: str, count: int) -> list[Pair]:
    """The `count` merges that byte-pair encoding learns from `text`, in order. Ties go to the smaller pair."""
    words = [(list(to_symbols(piece)), times) for piece, times in sorted(Counter(pieces(text)).items())]
    frequency: Counter[Pair] = Counter()
    users: dict[Pair, set[int]] = defaultdict(set)
    for index, (symbols, times) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            frequency[pair] += times
            users[pair].add(index)
    merges = []
    for _ in range(count):
        best = min(frequency, key=lambda pair: (-frequency[pair], pair))
        merges.append(best)
        for index in sorted(users[best]):
            symbols, times = words[index]
            for pair in zip(symbols, symbols[1:]):
                frequency[pair] -= times
            merged = merge(symbols, best)
            for pair in zip(merged, merged[1:]):
                frequency[pair] += times
                users[pair].add(index)
            words[index] = (merged, times)
        del frequency[best], users[best]
    return merges


def merge(symbols: list[str], pair: Pair) -> list[str]:
    """`symbols` with each occurrence of `pair`, from the left, made one symbol."""
    merged, at = [], 0
    while at < len(symbols):
        together = at + 1 < len(symbols) and (symbols[at], symbols[at + 1]) == pair
        merged.append(symbols[at] + symbols[at + 1] if together else symbols[at])
        at += 2 if together else 1
    return merged


class Tokenizer:
    """Encodes text to ids and back. Id 0 is `<|endoftext|>`, 1..256 are the bytes, then the merges in order."""

    def __init__(self, merges: list[Pair]):
        self.merges = merges
        self.tokens = [END_OF_TEXT, *BYTE_SYMBOLS, *(left + right for left, right in merges)]
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._known: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; a literal `<|endoftext|>` in it becomes id 0. Nothing is put in front."""
        ids: list[int] = []
        for index, part in enumerate(text.split(END_OF_TEXT)):
            if index > 0:
                ids.append(END_OF_TEXT_ID)
            for piece in pieces(part):
                ids.extend(self._encode_piece(piece))
        return ids

    def _encode_piece(self, piece: str) -> list[int]:
        if piece not in self._known:
            symbols = list(to_symbols(piece))
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
                if best not in self.ranks:
                    break
                symbols = merge(symbols, best)
            self._known[piece] = [self.ids[symbol] for symbol in symbols]
        return self._known[piece]

    def decode(self, ids: list[int]) -> str:
        """The text of `ids`, without the special token; bytes that are no UTF-8 become U+FFFD."""
        symbols = "".join(self.tokens[index] for index in ids if index != END_OF_TEXT_ID)
        return bytes(SYMBOL_BYTES[symbol] for symbol in symbols).decode("utf-8", errors="replace")

    def to_hugging_face(self) -> dict:
        """The contents of a standard `tokenizer.json`."""
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        special = {"id": END_OF_TEXT_ID, "content": END_OF_TEXT, "single_word": False, "lstrip": False,
                   "rstrip": False, "normalized": False, "special": True}
        bos = {"SpecialToken": {"id": END_OF_TEXT, "type_id": 0}}
        first, second = ({"Sequence": {"id": name, "type_id": kind}} for name, kind in (("A", 0), ("B", 1)))
        template = {
            "type": "TemplateProcessing", "single": [bos, first], "pair": [bos, first, second],
            "special_tokens": {END_OF_TEXT: {"id": END_OF_TEXT, "ids": [END_OF_TEXT_ID], "tokens": [END_OF_TEXT]}},
        }
        model = {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": self.ids, "merges": [list(pair) for pair in self.merges],
        }
        return {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": [special], "normalizer": None,
            "pre_tokenizer": byte_level, "post_processor": template, "decoder": byte_level, "model": model,
        }


def load(path: str) -> Tokenizer:
    """The tokenizer written to `path` by this file."""
    with open(path, encoding="utf-8") as file:
        return Tokenizer([tuple(pair) for pair in json.load(file)["model"]["merges"]])


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns the tokenizer from the corpus's training part.")
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    text, _ = split(options.corpus)
    tokenizer = Tokenizer(learn_merges(text, VOCABULARY - 1 - 256))
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(tokenizer.to_hugging_face(), file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    ids = tokenizer.encode(text)
    print(f"{len(tokenizer.tokens)} tokens; {len(text.encode()) / len(ids):.3f} bytes per token on the training part")


if __name__ == "__main__":
    main()
