"""Lets a model write: a look at what it has learnt.

    python3 sample.py --folder public/models/shakespeare-1m --prompt "ROMEO:" --tokens 200
"""

import argparse
import os

import torch

import exported
from config import CONTEXT, END_OF_TEXT_ID
from files import GRAPHS, TOKENIZER
from tokenizer import load


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description="Samples from an exported model.")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--variant", default="fp32", choices=GRAPHS)
    parser.add_argument("--prompt", default="ROMEO:\n")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    tokenizer = load(os.path.join(options.folder, TOKENIZER))
    model_id = os.path.basename(os.path.normpath(options.folder))
    model = exported.decoder(model_id, os.path.join(options.folder, GRAPHS[options.variant]))
    ids = [END_OF_TEXT_ID, *tokenizer.encode(options.prompt)]
    for _ in range(min(options.tokens, CONTEXT - len(ids))):
        odds = (model(torch.tensor([ids]))[0, -1] / options.temperature).softmax(-1)
        ids.append(int(torch.multinomial(odds, 1)))
    print(tokenizer.decode(ids))


if __name__ == "__main__":
    main()
