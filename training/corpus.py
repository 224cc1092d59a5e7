"""The corpus and its two parts. The last tenth is held out; nothing is learnt from it, merges included."""


def split(path: str, held_out: float = 0.1) -> tuple[str, str]:
    """The training part and the held-out part of the text at `path`, cut at a fixed byte."""
    with open(path, "rb") as file:
        data = file.read()
    cut = int(len(data) * (1 - held_out))
    return data[:cut].decode("utf-8"), data[cut:].decode("utf-8")
