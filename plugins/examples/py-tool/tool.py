"""Tools for comparing texts, with the standard library's difflib."""

import difflib
import json
from collections.abc import Callable

import wit_world
from componentize_py_types import Err
from wit_world.imports.types import ToolError, ToolErrorKind


def refused(code: str, message: str) -> Err[ToolError]:
    return Err(ToolError(ToolErrorKind.INVALID_INPUT, code, message, "{}"))


def unified(
    before: str, after: str, name: str = "text", context: int = 3
) -> dict[str, object]:
    """A unified diff, and how many lines it adds and removes."""
    lines = list(
        difflib.unified_diff(
            before.splitlines(),
            after.splitlines(),
            f"a/{name}",
            f"b/{name}",
            n=int(context),
            lineterm="",
        )
    )
    body = lines[2:]
    return {
        "diff": "".join(f"{line}\n" for line in lines),
        "added": sum(line.startswith("+") for line in body),
        "removed": sum(line.startswith("-") for line in body),
    }


def closest(
    word: str, among: list[str], count: int = 3, least: float = 0.6
) -> dict[str, object]:
    """The candidates most like a word, best first."""
    if not word:
        raise refused("empty", "there is nothing to compare: the word is empty")
    found = difflib.get_close_matches(word, among, n=int(count), cutoff=least)
    score = difflib.SequenceMatcher(b=word)

    def scored(text: str) -> dict[str, object]:
        score.set_seq1(text)
        return {"text": text, "score": round(score.ratio(), 4)}

    return {"matches": [scored(text) for text in found]}


TOOLS: dict[str, Callable[..., dict[str, object]]] = {
    "closest": closest,
    "unified": unified,
}


class WitWorld(wit_world.WitWorld):
    """The export of world `tool`: JSON in, JSON out; a raised `Err` becomes the `tool-error`."""

    def call(self, name: str, input: str) -> str:
        if name not in TOOLS:
            raise refused("unknown-tool", f"there is no tool {name}")
        return json.dumps(TOOLS[name](**json.loads(input)), ensure_ascii=False)
