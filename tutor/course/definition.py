"""A `define` block becomes a value: what is to be said in the learner's own words, and the terms that belong to it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tutor.course.fences import Block, Reader, shaped
from tutor.course.lesson import Define, Term
from tutor.course.terms import found, words
from tutor.course.words import wrong_words

MOST_TERMS = 6
"""Terms of one definition; what needs more is two."""


class _DefineTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `define` block."""

    ask: str
    terms: tuple[Term, ...]
    answer: str
    about: str = ""


def define(reader: Reader, block: Block, data: dict[str, Any]) -> Define | None:
    """The block, or None where it has another shape; what is wrong with it goes to the reader."""
    table = shaped(reader, block, _DefineTable, data, "a define block")
    if table is None:
        return None
    for key in ("ask", "answer"):
        if not getattr(table, key).strip():
            reader.add(block.at(key), f"`{key}` is empty", f'write {key} = "…"')
    for fault in wrong_words(table.ask, reader.values, numbers=False):
        reader.add(block.at("ask"), *fault)
    for fault in wrong_words(table.answer, reader.values, numbers=True):
        reader.add(block.at("answer"), *fault)
    if not 1 <= len(table.terms) <= MOST_TERMS:
        what = f"{len(table.terms)} terms"
        reader.add(block.at("terms"), what, f"write 1 to {MOST_TERMS}: what the definition cannot do without")
    for i, term in enumerate(table.terms):
        _term(reader, block, i, term)
    said = found(table.answer, table.terms)
    missing = [term.any[0] for term, there in zip(table.terms, said, strict=True) if term.any and not there]
    if missing:
        what = f"the answer does not say `{missing[0]}`, and so would not be found right itself"
        reader.add(block.at("answer"), what, "say it there, or add to `any` how the answer says it")
    return Define(**{key: getattr(table, key) for key in table.__struct_fields__}, line=block.line, key=block.key)


def _term(reader: Reader, block: Block, i: int, term: Term) -> None:
    here = block.at("terms", i, "any")
    if not term.any:
        reader.add(here, "a term that nothing says", 'write any = ["…"], the ways to say it')
    for way in term.any:
        if not words(way):
            reader.add(here, f"“{way}” holds no word to look for", "write it in letters or digits")
    if not term.says.strip():
        mend = 'write says = "…": what is missing without it'
        reader.add(block.at("terms", i, "says"), "a term that says nothing to those who leave it out", mend)
    for fault in wrong_words(term.says, reader.values, numbers=True):
        reader.add(block.at("terms", i, "says"), *fault)
