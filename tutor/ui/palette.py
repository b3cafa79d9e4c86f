"""What the command palette offers beside its own: the sandbox and every lesson by name, and to save the figure.

Titles go in as `Content`: as plain strings they would be markup, and `[/b]` in a title would end the app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.message import Message

from tutor.course.outline import Outline
from tutor.i18n import _
from tutor.ui.screens.home import HomeScreen


class Places(Provider):
    """Where one can go from anywhere, and what can be done with what is there."""

    def _offers(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        yield _("Sandbox"), _("Any sentence under the microscope"), self._to(HomeScreen.SandboxChosen())
        outlines: tuple[Outline, ...] = getattr(self.app, "outlines", ())
        for outline in outlines:
            yield outline.title, outline.goal, self._to(HomeScreen.LessonChosen(outline.id))
        from tutor.ui.figures.figure import figure_in
        from tutor.ui.saving import KINDS

        if figure_in(self.screen) is not None:
            for kind, said in KINDS.items():
                title = _("Save the figure: {what}").format(what=said)
                yield title, _("In the folder where rnn-tutor was started"), partial(self._save, kind)

    def _to(self, message: Message) -> Callable[[], object]:
        return partial(self.app.post_message, message)

    def _save(self, kind: str) -> None:
        self.app.save_figure(kind)  # type: ignore[attr-defined]

    async def discover(self) -> Hits:
        """All of them."""
        for title, goal, act in self._offers():
            yield DiscoveryHit(_said(Content(title), goal), act, text=title)

    async def search(self, query: str) -> Hits:
        """Those whose name is like what was typed."""
        matcher = self.matcher(query)
        for title, goal, act in self._offers():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, _said(Content(title), goal), act, text=title)


def _said(title: Content, goal: str) -> Content:
    return Content.assemble(title, "\n", (goal, "dim"))
