"""Writes the golden data that the TypeScript tests compare with: tokenizations, and logits of each model.

    python3 vectors.py --models public/models --out test/vectors
"""

import argparse
import json
import os

import torch

import exported
from config import END_OF_TEXT, END_OF_TEXT_ID, MODELS
from files import GRAPHS, TOKENIZER
from tokenizer import load

TEXTS = [
    "",
    " ",
    "\n",
    "\n\n",
    "  leading and trailing  ",
    "tabs\tand\r\nline ends\n\n\nand   runs   of   spaces \n ",
    "ROMEO:\nBut, soft! what light through yonder window breaks?\nIt is the east, and Juliet is the sun.\n\n",
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n",
    "O, she doth teach the torches to burn bright!",
    "don't, we'll, I've, they're, it's, he'd, I'm, 'tis, 'twas, DON'T",
    "Hello, world! 1234567890 3.14159 -42",
    "naïve café, Ærøskøbing, straße, Ελληνικά, Русский, עברית, العربية",
    "日本語のテキスト、中文文本，한국어 텍스트",
    "emoji: 😀 👩‍🚀 🏳️‍🌈 👍🏽 ❤️",
    "combining: e\u0301 n\u0303, ligature \ufb01, no-break\u00a0space, zero\u200bwidth, BOM \ufeff end",
    "math: ∑∫√≤≥ ½ ⅓ ² ₃ Ⅻ ①",
    "const f = (x) => x ** 2; // code {[(<>)]} \\ ` ~ @ # $ % ^ & * _ | ;",
    "\u0000\u0001\u007f control and \U0010ffff \ue000 the last and a private code point",
    f"before{END_OF_TEXT}after {END_OF_TEXT}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + "ab" * 16,
    "𝕿𝖍𝖊 𝖖𝖚𝖎𝖈𝖐 𒀀 𓂀 𠮷",
    "http://example.org/a?b=c&d=%20#e",
]
PROMPT = "CITIZEN:\nGood morrow, sir. What news is come from Rome?\n\nROMEO:\n"
BEST, SPREAD = 32, 64


def tokenizations(path: str) -> dict:
    tokenizer = load(path)
    cases = [{"text": text, "ids": tokenizer.encode(text)} for text in TEXTS]
    for case in cases:
        assert tokenizer.decode(case["ids"]) == case["text"].replace(END_OF_TEXT, "")
    return {"about": "Ids without the special token that encoding may put in front.", "cases": cases}


@torch.no_grad()
def logits(model_id: str, folder: str) -> dict:
    """The last position's logits after PROMPT: of the BEST ids, best first, and of SPREAD evenly spaced ids."""
    ids = [END_OF_TEXT_ID, *load(os.path.join(folder, TOKENIZER)).encode(PROMPT)]
    found = {}
    for variant, graph in GRAPHS.items():
        last = exported.decoder(model_id, os.path.join(folder, graph))(torch.tensor([ids]))[0, -1]
        step = len(last) // SPREAD
        chosen = [*last.topk(BEST).indices.tolist(), *range(0, len(last), step)]
        found[variant] = [[index, float(f"{last[index].item():.6g}")] for index in chosen]
    return {"about": "[id, logit] at the last position, from PyTorch with the graph's weights. Tolerance 1e-3.",
            "model": model_id, "prompt": PROMPT, "ids": ids, "logits": found}


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the golden data.")
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    folders = {model_id: os.path.join(options.models, model_id) for model_id in MODELS}
    written = {"tokenizer": tokenizations(os.path.join(next(iter(folders.values())), TOKENIZER))}
    written.update({f"logits-{model_id}": logits(model_id, folder) for model_id, folder in folders.items()})
    for name, value in written.items():
        with open(os.path.join(options.out, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=True)
            file.write("\n")


if __name__ == "__main__":
    main()
