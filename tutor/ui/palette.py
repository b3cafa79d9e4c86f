"""What the command palette offers beside its own: the sandbox and every lesson, by name.

Titles go in as `Content`: as plain strings they would be markup, and `[/b]` in a title would end the app.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.message import Message

from tutor.course.outline import Outline
from tutor.i18n import _
from tutor.ui.screens.home import HomeScreen


class Places(Provider):
    """Where one can go from anywhere."""

    def _places(self) -> Iterator[tuple[str, str, Message]]:
        yield _("Sandbox"), _("Any sentence under the microscope"), HomeScreen.SandboxChosen()
        outlines: tuple[Outline, ...] = getattr(self.app, "outlines", ())
        for outline in outlines:
            yield outline.title, outline.goal, HomeScreen.LessonChosen(outline.id)

    async def discover(self) -> Hits:
        """All of them."""
        for title, goal, message in self._places():
            yield DiscoveryHit(_said(Content(title), goal), lambda m=message: self._go(m), text=title)

    async def search(self, query: str) -> Hits:
        """Those whose name is like what was typed."""
        matcher = self.matcher(query)
        for title, goal, message in self._places():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, _said(Content(title), goal), lambda m=message: self._go(m), text=title)

    def _go(self, message: Message) -> None:
        self.app.post_message(message)


def _said(title: Content, goal: str) -> Content:
    return Content.assemble(title, "\n", (goal, "dim"))
