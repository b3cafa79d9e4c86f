"""A small valid course, and ways to break it: every test starts from what is known to be whole."""

from pathlib import Path

from tutor.course.measured import Found

COURSE = """format = 1
title = "A small course"

[[parts]]
folder = "01-first"
title = "First things"

[[parts]]
folder = "02-then"
title = "Then"
"""

CORPUS = """# what is learned
the sun is up
the sun is down
the moon is up
the sun is up
"""

LESSON = """+++
title = "A lesson"
goal = "See it work."
minutes = 3

[models.plain]
cell = "rnn"
hidden = 4
seed = 3
text = "never too late"

[models.keeper]
cell = "lstm"
hidden = 4
text = "never too late"

[models.reader]
task = "next-word"
corpus = "data/days.txt"
hidden = 8
steps = 30
batch = 4
learning_rate = 0.05
text = "the sun"

[values]
guess = { probe = "uniform_bits", of = 8 }
next = { probe = "likeliest", model = "reader" }

[[claims]]
says = "Half is less than one."
left = { probe = "power", base = 2, exponent = -1 }
right = { probe = "power", base = 2, exponent = 0 }
margin = 0.4
+++

## What it is

Some *words* with a value, {guess:.1f}, and `0.5` as code.

```math
h_t = tanh(0.5 x_t)
```

```predict
ask = "At which word does it move most?"
options = "tokens"
answer = { probe = "argmax", of = "change", model = "plain" }
because = "It moves by {value:.2f}."
```

```figure
show = "state"
model = "plain"
```

After the figure.

## A number

- one
- two

```predict
ask = "How many bits?"
answer = { probe = "uniform_bits", of = 8 }
low = 0
high = 10
tolerance = 0.1
unit = "bits"
because = "Three halvings."
```

```figure
show = "training"
model = "reader"
```

## A choice

```question
ask = "What comes after {p}?"
vary = { p = ["sun", "moon"], n = [2, 4] }
answer = { probe = "likeliest", model = "reader", text = "the {p}" }
options = [
  { key = "is", text = "is", says = "It follows {p} each time." },
  { key = "the", text = "the", says = "It begins a line." },
]
```

## By heart

```recite
ask = "Say it."
texts = ["abc", "cba"]
labels = ["forwards", "backwards"]
```
"""

SECOND = """+++
title = "Another"
goal = "Need the first."
needs = ["a-lesson"]
+++

## Only words

Nothing to compute.
"""


def write(root: Path, lesson: str = LESSON, name: str = "a-lesson") -> Path:
    """The course in a folder; `lesson` is its first one, and needed by its second. Returns the lesson's path.

    Under another name it is alone.
    """
    (root / "01-first").mkdir(parents=True)
    (root / "02-then").mkdir()
    (root / "data").mkdir()
    (root / "course.toml").write_text(COURSE, encoding="utf-8")
    (root / "data" / "days.txt").write_text(CORPUS, encoding="utf-8")
    if name == "a-lesson":
        (root / "02-then" / "02-another.md").write_text(SECOND, encoding="utf-8")
    path = root / "01-first" / f"01-{name}.md"
    path.write_text(lesson, encoding="utf-8")
    return path


def line_of(text: str, words: str) -> int:
    """The number of the first line that is some words; where there is none, that holds them."""
    lines = text.split("\n")
    whole = (i for i, line in enumerate(lines, 1) if line == words)
    return next(whole, 0) or next(i for i, line in enumerate(lines, 1) if words in line)


def check_answer(found: Found | None, said: str | None) -> None:
    """That what cannot be shown is answered: `said` is part of what is wrong, and how to mend it is there too."""
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert said in found[0]
        assert found[1]
