"""From a person's file to the first loss on the screen's side, beside the same by hand in PyTorch.

    python benchmarks/sandbox.py [--samples N] [--learn SECONDS]

Wants PyTorch, as `engine.py` does. A file of 100 KB without a line break is looked at, cut into stretches, and the loss
of a GRU of 64 units is measured before any update, on characters and on words; then five updates more, to the second
checkpoint. Beside it stands what a person would write instead: read the file, number its tokens, `nn.Embedding`,
`nn.GRU`, `nn.Linear`, the loss of as many stretches, and five updates with Adam. Each way runs in a process of its own
and in turn, on one thread; times are from the first line that runs in it, so that what has to be imported counts.

`--learn` trains the sandbox's own network for so many seconds instead, and prints its held-out bits and perplexity
beside those of guessing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

UNITS = ("characters", "words")

OURS = """
    import time
    start = time.perf_counter()
    import json, sys
    from pathlib import Path
    from tutor.sandbox.corpora import look
    from tutor.sandbox.learning import NAME, Choices, lab
    corpus = look(Path(sys.argv[1]))
    looked = time.perf_counter()
    training = lab(corpus, Choices(unit=sys.argv[2])).train(NAME)
    first = next(training)
    there = time.perf_counter()
    second = next(training)
    done = time.perf_counter()
    print(json.dumps([there - start, done - start, there - looked, done - there, first.loss, second.loss]))
"""

THEIRS = """
    import time
    start = time.perf_counter()
    import json, re, sys
    from collections import Counter
    import torch
    from torch import nn
    torch.set_num_threads(1)
    torch.manual_seed(0)
    text = open(sys.argv[1], encoding="utf-8").read()
    characters = sys.argv[2] == "characters"
    tokens = list(text) if characters else re.findall(r"\\w+|[^\\w\\s]", text)
    length = 64 if characters else 32
    known = [token for token, count in Counter(tokens).most_common(2000) if count > 1]
    index = {token: place for place, token in enumerate(known, 1)}
    ids = torch.tensor([index.get(token, 0) for token in tokens])
    looked = time.perf_counter()
    count = (len(ids) - 1) // length
    read = ids[: count * length].view(count, length)
    said = ids[1 : count * length + 1].view(count, length)
    held, first = min(count // 10, 96), 64
    embedding, gru = nn.Embedding(len(known) + 1, 32), nn.GRU(32, 64, batch_first=True)
    head = nn.Linear(64, len(known) + 1)
    parameters = [*embedding.parameters(), *gru.parameters(), *head.parameters()]
    adam = torch.optim.Adam(parameters, 0.005)
    def loss_of(rows):
        out, _ = gru(embedding(read[rows]))
        return nn.functional.cross_entropy(head(out).flatten(0, 1), said[rows].flatten())
    def held_out():
        with torch.no_grad():
            return sum(loss_of(range(at, min(at + 16, held))).item() for at in range(0, held, 16))
    train = torch.randperm(count - held) + held
    losses = []
    for at in range(0, first, 16):
        loss = loss_of(train[at : at + 16])
        loss.backward()
        losses.append(loss.item())
    held_out()
    there = time.perf_counter()
    more = []
    for at in range(0, 80, 16):
        adam.zero_grad()
        loss = loss_of(train[at : at + 16])
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        more.append(loss.item())
    held_out()
    done = time.perf_counter()
    print(json.dumps([there - start, done - start, there - looked, done - there, sum(losses) / 4, sum(more) / 5]))
"""


def prose(size: int, seed: int = 0) -> str:
    """A text of `size` characters without a line break, from the words and the sentences of a lesson.

    Each paragraph is about one thing, which comes again and again: what a network can know and a bigram cannot.
    """
    import numpy as np

    from tutor.course.outline import lessons_dir
    from tutor.engine.datasets import read_tagged

    sentences = read_tagged(lessons_dir() / "data" / "tagged.txt")
    words: dict[str, list[str]] = {}
    for word, tag in sorted({pair for sentence in sentences for pair in sentence}):
        words.setdefault(tag, []).append(word)
    rng = np.random.default_rng(seed)
    found: list[str] = []
    length = 0
    while length < size:
        about = words["NOUN"][rng.integers(len(words["NOUN"]))]
        for _sentence in range(rng.integers(3, 7)):
            said = []
            for word, tag in sentences[rng.integers(len(sentences))]:
                if tag == "NOUN" and rng.random() < 0.5:
                    word = about
                elif tag in ("NOUN", "ADJ", "VERB") and rng.random() < 0.5:
                    word = words[tag][rng.integers(len(words[tag]))]
                said.append(word)
            line = " ".join(said).capitalize() + ". "
            found.append(line)
            length += len(line)
    return "".join(found)[:size]


def timed(code: str, path: Path, unit: str) -> list[float]:
    """Seconds to the first and to the second loss, and the two losses, of one process."""
    command = [sys.executable, "-c", textwrap.dedent(code), str(path), unit]
    found: list[float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def beside(path: Path, samples: int) -> None:
    """Both ways in turn, and the ratio of their medians."""
    for unit in UNITS:
        rows: dict[str, list[list[float]]] = {"here": [], "PyTorch": []}
        for _sample in range(samples):
            rows["here"].append(timed(OURS, path, unit))
            rows["PyTorch"].append(timed(THEIRS, path, unit))
        medians = {
            way: [statistics.median(column) for column in zip(*found, strict=True)] for way, found in rows.items()
        }
        for way, (first, second, after, between, *losses) in medians.items():
            print(
                f"{unit:11} {way:8} first loss {first:5.2f} s ({after:4.2f} s after the file is read),"
                f" five updates more {between * 1e3:4.0f} ms, {second:5.2f} s in all;"
                f" losses {losses[0]:.2f}, {losses[1]:.2f} nats"
            )
        ratios = [medians["PyTorch"][at] / medians["here"][at] for at in (0, 3)]
        print(f"{unit:11} PyTorch takes {ratios[0]:.1f} times as long to the first loss, {ratios[1]:.1f} between two")


def learn(path: Path, seconds: float) -> None:
    """What is learned in so much time, beside guessing."""
    from tutor.sandbox.corpora import look
    from tutor.sandbox.learning import NAME, Choices, lab, notes, standing

    corpus = look(path)
    print(f"{corpus.characters:,} characters, {corpus.tokens:,} words; guessed: {corpus.task}")
    for unit in UNITS:
        made = lab(corpus, Choices(unit=unit))
        start = time.perf_counter()
        training = made.train(NAME)
        first = next(training)
        print(
            f"{unit}: first loss after {time.perf_counter() - start:.2f} s, {first.loss:.2f} nats", *notes(corpus, made)
        )
        for _checkpoint in training:
            if time.perf_counter() - start > seconds:
                break
        taken = time.perf_counter() - start
        count, last = len(made.history(NAME)), made.history(NAME)[-1]
        score, perplexity, guesses = standing(made)
        told = ", ".join(f"{kind} {guess.value:.2f}" for kind, guess in guesses)
        print(
            f"  {taken:.0f} s, {last.step} updates of {last.steps}, {count / taken:.1f} checkpoints a second:"
            f" {score.value:.2f} bits held out (perplexity {perplexity:.1f}, {score.count} tokens); {told}"
        )


def main() -> None:
    """As asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--learn", type=float, default=0.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(prose(100_000), encoding="utf-8")
        if given.learn:
            learn(path, given.learn)
        else:
            beside(path, given.samples)


if __name__ == "__main__":
    main()
