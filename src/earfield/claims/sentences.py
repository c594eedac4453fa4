"""The table of sentences: what is claimed, how it is measured, and which rule makes the verdict."""

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from earfield.claims.measures import KINDS
from earfield.claims.rules import RULES
from earfield.errors import ConfigError

BEYOND = "not in the paper"  # the place of a further sentence
UNITS = ("fraction", "points", "number")


@dataclass(frozen=True)
class Sentence:
    """A sentence that is judged.

    Attributes
    ----------
    claim, sentence : str
        A short name; what is claimed.
    kind : str
        How it is measured, key of `earfield.claims.measures.KINDS`.
    measure, unit : str
        What our number is; one of `UNITS`: a fraction, a difference of fractions, or a number without unit.
    rule : str
        Which intervals make which verdict, key of `earfield.claims.rules.RULES`.
    margin : float
        A difference below it does not count; 0 for a rule without margin.
    place : str
        Where the paper says so, or `BEYOND`.
    note : str
        What the rule's text cannot say.
    options : mapping
        Keyword arguments of the kind's function.
    """

    claim: str
    sentence: str
    kind: str
    measure: str
    unit: str
    rule: str
    margin: float = 0.0
    place: str = BEYOND
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule_in_words(self) -> str:
        """The rule as a reader sees it, with its margin."""
        margin = f"{100 * self.margin:.0f} points" if self.unit == "points" else f"{self.margin:g}"
        everyone = " It cannot hold if one of them was not run." if self.options.get("all_of_them") else ""
        return f"{RULES[self.rule].words.format(margin=margin)}{everyone} {self.note}".strip()


@dataclass(frozen=True)
class Caveat:
    """What is said of a verdict that the accuracy of `model` decides, on a dataset from `source`."""

    model: str
    source: str
    text: str


def read_sentences(path: str | os.PathLike[str]) -> tuple[list[Sentence], list[Caveat]]:
    """Read the table of sentences.

    Parameters
    ----------
    path : path-like
        `.yaml` with the keys `claims` and `caveats`; see `resources/claims.yaml`.

    Returns
    -------
    sentences : list of Sentence
        In the order of the file.
    caveats : list of Caveat

    Raises
    ------
    ConfigError
        If an entry lacks a key, or has one that is unknown or of an unknown value.
    """
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    sentences = [_entry(Sentence, each, f"{path}, claims[{n}]") for n, each in enumerate(content["claims"])]
    for n, each in enumerate(sentences):
        place = f"{path}, claims[{n}] ('{each.claim}')"
        for name, value, known in (("kind", each.kind, KINDS), ("rule", each.rule, RULES), ("unit", each.unit, UNITS)):
            if value not in known:
                raise ConfigError(f"{place}: {name} '{value}' is none of {', '.join(known)}; correct it.")
        options = list(inspect.signature(KINDS[each.kind]).parameters)[1:]
        for option in each.options:
            if option not in options:
                raise ConfigError(
                    f"{place}: kind '{each.kind}' has no option '{option}'; it has {', '.join(options) or 'none'}."
                )
    caveats = content.get("caveats") or []
    return sentences, [_entry(Caveat, each, f"{path}, caveats[{n}]") for n, each in enumerate(caveats)]


def _entry(kind: type[Any], entry: Mapping[str, Any], place: str) -> Any:
    known = {each.name for each in fields(kind)}
    if unknown := sorted(set(entry) - known):
        raise ConfigError(f"{place} has the unknown key '{unknown[0]}'; known are {', '.join(sorted(known))}.")
    try:
        return kind(**entry)
    except TypeError as error:
        raise ConfigError(f"{place} is incomplete: {error}; add what is missing.") from error
