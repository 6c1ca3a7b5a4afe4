"""Names behind ``@`` and inside braces in a ``%%aether`` cell, for IPython's completer.

It looks at the text before the cursor and at the names that there are; it runs nothing.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from IPython.core.completer import SimpleCompletion, context_matcher

__all__ = ["Names"]

FIRST = 1_000
"""Before all others, which then need not read a question as if it were Python."""

BEHIND = re.compile(r"(?:(?<![\w@.])@|[{(\[,+*/<>=-][ ]*|\$`|&`)(?P<part>[^\W\d]\w*)?$")


class Names:
    """Completes what is mentioned in a question.

    Args:
        shell: The IPython shell whose variables there are.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell

        @context_matcher(identifier="aether.mentions", priority=FIRST)
        def matcher(context: Any) -> dict[str, Any]:
            return self.complete(context)

        self.matcher = matcher

    def complete(self, context: Any) -> dict[str, Any]:
        """What may stand at the cursor: only in a question, and only where a mention is begun."""
        before = context.line_with_cursor[: context.cursor_position]
        match = BEHIND.search(before) if context.full_text.startswith("%%aether") else None
        if match is None or (match[0][0] != "@" and not re.search(r"\{[^}]*$|[$&]`[^`]*$", before)):
            return {"completions": []}
        from aether_nb.live.describing.words import type_name
        from aether_nb.live.owning import users_own

        part, functions = match["part"] or "", match[0].startswith("&")
        names = [
            SimpleCompletion(name, type=type_name(type(value)))
            for name, value in sorted(users_own(self.shell.user_ns, self.shell.user_ns_hidden).items())
            if name.startswith(part) and not issubclass(type(value), ModuleType) and (callable(value) or not functions)
        ]
        return {"completions": names, "matched_fragment": part, "suppress": bool(names)}
