"""What the keys of a lesson do now, as the key line and the help say it."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.course.lesson import Doing, Prediction, QuestionBlock, Step
from tutor.i18n import _
from tutor.ui.computing import Shown
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.activity import Activity
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.keyline import Hint


def enter_does(step: Step, shown: Shown, activity: Activity | None, *, last: bool) -> str:
    """What enter does.

    Args:
        step: the step.
        shown: how much of it there is.
        activity: what is done in it.
        last: whether it is the lesson's last.
    """
    if shown.phase == "working":
        return _("wait")
    if shown.phase == "asking" and isinstance(step.asked, Prediction):
        return _("commit")
    if shown.phase == "asking" and isinstance(step.asked, QuestionBlock):
        return _("answer")
    if shown.phase == "asking" and isinstance(step.asked, Doing):
        return _("skip") if activity is None else activity.enter_does
    return _("finish") if last else _("go on")


def hints(
    enter: str, step: Step, shown: Shown, ask: Ask | None, activity: Activity | None, figures: Sequence[Figure]
) -> list[Hint]:
    """The keys, in the order of their weight.

    Args:
        enter: what enter does.
        step: the step.
        shown: how much of it there is.
        ask: what is asked in it.
        activity: what is done in it.
        figures: what stands beside its words.
    """
    named = [Hint("enter", "go_on", enter)]
    if shown.phase == "working":
        named.append(Hint("esc", "leave", _("stop")))
    elif shown.phase == "asking":
        named += ask.means.hints if ask is not None else ()
        if isinstance(step.asked, Prediction):
            named.append(Hint("tab", "app.focus_next", _("how sure")))
    for figure in figures:
        named += figure.hints
    typed = activity if shown.phase == "asking" else None
    letters, text = typed is not None and typed.takes_letters, typed is not None and typed.takes_text
    # While letters are typed, s is a letter.
    named += [
        *([] if text else [Hint("backspace", "go_back", _("back"))]),
        *([] if letters else [Hint("s", "sandbox", _("sandbox"))]),
        Hint("esc", "leave", _("home")),
        *([] if text else [Hint("?", "app.help", _("help"))]),
        *([Hint("x", "app.save_figure", _("save"))] if figures and not letters else []),
    ]
    return list(dict.fromkeys(named))


def help_keys(enter: str, ask: Ask | None, figures: Sequence[Figure]) -> list[tuple[str, str]]:
    """What the help says.

    Args:
        enter: what enter does.
        ask: what is asked in the step.
        figures: what stands beside its words.
    """
    return [
        ("enter", enter),
        ("backspace", _("the step before")),
        ("n", _("go on without an answer")),
        ("↑ ↓", _("choose an option; a token on or back")),
        ("← →", _("move a number; another unit")),
        ("tab", _("to how sure you are, and between things")),
        ("space", _("play, pause")),
        (". ,", _("one token on, one back")),
        ("home end", _("first and last")),
        ("+ -", _("faster, slower")),
        ("w", _("why: open the value under the cursor")),
        ("t", _("train on, after a stop")),
        ("s", _("this model in the sandbox; esc comes back")),
        *(ask.means.help_keys if ask is not None and not ask.answered else ()),
        *(keys for figure in figures for keys in figure.help_keys),
        ("x", _("save the figure: SVG, CSV, JSON")),
        ("esc", _("stop what runs, or go home")),
        ("ctrl+p", _("palette: themes and more")),
        ("ctrl+q", _("leave")),
    ]
