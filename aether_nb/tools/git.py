"""``git``: look at the repository that the working folder belongs to, and commit to it.

Commands that only read run without a question, with options that are known to only read, unless the repository's own
configuration makes git start programs. It does not know any other command: those are for ``shell``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare
from aether_nb.tools.programs import run_program

__all__ = ["git"]

QUIET = tuple(
    "-c core.fsmonitor=false -c safe.bareRepository=explicit -c color.ui=false --no-pager --no-optional-locks".split()
)
"""What every command is run with: nothing watches, pages or paints, and looking writes no index."""
PLAIN = ("--no-ext-diff", "--no-textconv", "--submodule=short")
"""Differences that git makes by itself, without the programs that a repository may name for them."""
WRITES = ("add", "commit")
VERIFIES = re.compile(r"%[-+ ]?G|%\(signature")
"""A form of output for which gpg is started."""
OUTSIDE = re.compile(r"^(-\w|--[\w-]+=)?([/\\~]|[A-Za-z]:[/\\])|(^|[=/\\])\.\.([/\\]|$)")
"""A path that may lead out of the working folder: git compares any two files, wherever they are."""
STARTS = re.compile(
    r"\[(filter|diff|include|includeif|gpg|submodule)\b|%[-+ ]?G|"
    r"\b(external|command|clean|smudge|process|textconv|program|driver|sshcommand|promisor|partialclone\w*|worktree\w*)"
    r"\s*=",
    re.IGNORECASE,
)
"""Lines of a configuration that make git start programs when it only reads, or read files of elsewhere."""
STEERS = re.compile(
    r"GIT_(?!AUTHOR_|COMMITTER_|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$|SSH|SSL_|HTTP_|ASKPASS$|LFS_|TERMINAL_PROMPT$)"
)
"""Variables that take git to another repository than the one that was judged, or make it start programs."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a command only reads. Options are known by their whole names: git takes shortened and joined ones, too.

    Args:
        always: What it is always given, first: with these it changes nothing and starts no other program.
        long: The long options that it may be given beside them, each with a value or without.
        short: The short ones.
    """

    always: tuple[str, ...]
    long: frozenset[str]
    short: re.Pattern[str]

    def allows(self, word: str) -> bool:
        """Whether a word is no option, or one of these."""
        if word.startswith("--"):
            return word == "--" or word.partition("=")[0].removeprefix("--") in self.long
        return not word.startswith("-") or self.short.fullmatch(word) is not None


def _look(always: tuple[str, ...], long: str, short: str) -> Look:
    return Look(always, frozenset(long.split()), re.compile(short, re.DOTALL))


DIFFERENCES = (
    "stat numstat shortstat dirstat summary compact-summary patch-with-stat name-only name-status raw patch no-patch "
    "unified minimal patience histogram diff-algorithm indent-heuristic word-diff word-diff-regex color-words no-color "
    "function-context ignore-all-space ignore-space-change ignore-space-at-eol ignore-cr-at-eol ignore-blank-lines "
    "find-renames no-renames find-copies find-copies-harder diff-filter pickaxe-all pickaxe-regex text full-index "
    "abbrev no-abbrev no-prefix relative cc"
)
HISTORY = (
    "oneline graph decorate no-decorate all branches tags remotes glob exclude max-count skip since after until before "
    "author committer grep all-match invert-grep regexp-ignore-case extended-regexp fixed-strings merges no-merges "
    "first-parent follow full-history ancestry-path simplify-by-decoration reverse date relative-date date-order "
    "topo-order author-date-order format pretty abbrev-commit no-abbrev-commit parents children boundary left-right "
    "cherry cherry-mark cherry-pick source no-walk walk-reflogs notes no-notes"
)
CHANGED = r"-([puswbazRWc]|U\d+|[MCB]\d*%?|[SG].*)"
SHOWN = rf"{CHANGED}|-([iEFgL]|\d+|n\d*|L.+)"
LOOKS = {
    "status": _look(
        ("--short", "--branch", "--ignore-submodules=dirty"),
        "short branch show-stash porcelain untracked-files ignored renames no-renames ahead-behind no-ahead-behind",
        r"-([sbz]+|u(no|normal|all)?)",
    ),
    "diff": _look((*PLAIN, "--ignore-submodules=dirty"), f"{DIFFERENCES} cached staged merge-base", CHANGED),
    "log": _look((*PLAIN, "--no-show-signature", "--max-count=50"), f"{DIFFERENCES} {HISTORY}", SHOWN),
    "show": _look((*PLAIN, "--no-show-signature"), f"{DIFFERENCES} {HISTORY}", SHOWN),
    "blame": _look(
        ("--no-textconv",),
        "porcelain line-porcelain show-email show-name show-number date since abbrev root reverse first-parent",
        r"-([wltfnspe]+|L.*|[MC]\d*)",
    ),
    "branch": _look(
        ("--list",),
        "list all remotes verbose contains no-contains merged no-merged points-at sort format ignore-case abbrev "
        "no-abbrev no-color no-column",
        r"-[arvi]+",
    ),
    "ls-files": _look(
        (),
        "cached deleted modified others ignored exclude exclude-standard stage unmerged killed directory "
        "no-empty-directory eol full-name error-unmatch deduplicate abbrev format",
        r"-([cdmoisuktz]+|x.*)",
    ),
}
"""The commands that only read. Submodules are not looked into: each has a configuration of its own."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """Reading is harmless where the repository's configuration starts nothing; the rest is asked about."""
    command, options = arguments["command"], list(arguments.get("arguments") or ())
    text = f"runs: {' '.join(['git', command, *options])}"
    if command in WRITES:
        reasons = (
            "it changes the repository",
            *(("a commit runs the repository's hooks",) if command == "commit" else ()),
        )
        return Assessment("high", "external", reasons, text)
    if command not in LOOKS:
        known = ", ".join((*LOOKS, *WRITES))
        raise RepairableToolError(f"This tool does not know git {command}.", f"It knows: {known}.", "Use shell.")
    if doubt := _doubt(command, options):
        return Assessment("high", "external", (doubt,), text)
    if _starts_programs(context.workspace):
        reasons = ("the repository's own configuration makes git start other programs",)
        return Assessment("high", "external", reasons, text)
    return Assessment("low", "pure", effect_text=text)


def _doubt(command: str, options: Sequence[str]) -> str:
    """Why a command may do more than read below the working folder; empty when it does not."""
    if [command, *options] == ["branch", "--show-current"]:
        return ""  # alone: behind another option it may be that one's value
    for word in options:  # those behind -- as well: it may be the value of the option before it
        if not LOOKS[command].allows(word):
            return f"{word} is not among the options that only read"
        if VERIFIES.search(word):
            return f"{word} may start gpg"
        if OUTSIDE.search(word):
            return f"{word} may lie outside the working folder"
    return ""


def _always(command: str, options: Sequence[str]) -> tuple[str, ...]:
    """What a command is given beside its options."""
    if command not in LOOKS:
        return ()
    if command == "branch" and (list(options) == ["--show-current"] or _doubt(command, options)):
        return ()  # no listing: it does what a person has read
    return LOOKS[command].always


@declare(
    judge=judge, where="loop", title=lambda call: " ".join(("git", call["command"], *(call.get("arguments") or ())))
)
async def git(command: str, context: Context, arguments: list[str] | None = None) -> Result:
    """Look at the repository (status, diff, log, show, blame, branch, ls-files), or change it (add, commit).

    Args:
        command: One of these.
        arguments: What follows it, each word an item.
    """
    options = arguments or []
    words = ["git", *QUIET, command, *_always(command, options), *options]
    steering = dict.fromkeys(filter(STEERS.match, os.environ))
    ended = await run_program(words, context, seconds=60.0, more=steering)
    if ended.code and not ended.stdout.strip():
        why = ended.stderr.strip() or f"exit code {ended.code}"
        raise RepairableToolError(f"git {command} did not work.", why) from ended.failure(words)
    return Result((Text(ended.told(), "output"),), ({"text/plain": ended.stdout},) if ended.stdout.strip() else ())


def _starts_programs(folder: Path) -> bool:
    """Whether the configuration of a repository above a folder may; unknown is yes.

    All of them count: what looks like a repository may be none to git, which then goes on to the next one above it.

    Raises:
        RepairableToolError: There is no repository: git would compare files that belong to none.
    """
    folder = folder.resolve()
    places = (folder, *folder.parents)
    if any((place / "HEAD").exists() and (place / "objects").exists() for place in places):
        return True  # a repository without a working tree, or its inside
    found = [place / ".git" for place in places if (place / ".git").exists()]
    if not found:
        raise RepairableToolError("The working folder belongs to no repository.", hint="Read files with read_file.")
    return not all(map(_is_quiet, found))


def _is_quiet(dot: Path) -> bool:
    """Whether a repository has its configuration in its own folder, and starts nothing by it."""
    if not dot.is_dir() or (dot / "commondir").exists():
        return False  # a worktree or a submodule: its configuration lies elsewhere
    try:
        return not STARTS.search((dot / "config").read_text(errors="replace"))
    except OSError:
        return False
