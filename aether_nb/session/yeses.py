"""The yeses that last in one notebook: those that were given here, those that were kept, and the typed flag's.

It keeps and takes them back; what a yes allows is none of its business.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from aether_nb.agent.granting import Grants
from aether_nb.errors import OptionError, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from aether_nb.session.signalling import Post, Word, stands

__all__ = ["Yeses"]

FLAG = "g-flag"
"""The yes that a typed flag gives. It is there as long as the flag is, and kept nowhere."""


@dataclass
class Yeses:
    """The yeses of one notebook.

    Args:
        kept: Where they are kept for later kernels.
        folder: The folder that a typed flag has opened for writing; empty for none.
    """

    kept: Grants
    folder: str = ""
    gone: set[str] = field(default_factory=set)
    """Those that were taken back while this kernel lives."""

    @cached_property
    def lasting(self) -> list[k.Grant]:
        """Those in force: given in this notebook, and the folder that a typed flag has opened.

        Raises:
            StoreError: The record cannot be read.
        """
        found = self.kept.standing()
        if self.folder:
            rule = f"folder:{os.path.realpath(self.folder)}"
            found.append(k.Grant(FLAG, "write_file", rule, "medium", "notebook", "the flag --allow-writes"))
        return found

    def learn(self, state: RunState) -> None:
        """Keep those that were given in a run for longer than it; one for minutes is not kept for later kernels.

        One that a call has gone beyond is taken back for good, where it was given before, too.
        """
        for id in state.beyond:
            with suppress(OptionError, StoreError):  # it was given in this run; or it ends with this kernel
                self.revoke(id)
        self.gone.update(state.beyond)
        now = time.time()
        self.lasting[:] = [one for one in self.lasting if one.id not in self.gone and not 0 < one.until < now]
        known = {(grant.tool, grant.rule, grant.risk) for grant in self.lasting}
        lasting = [grant for grant in state.grants if grant.lasts in ("notebook", "minutes") and grant.id != FLAG]
        lasting = [grant for grant in lasting if grant.id not in self.gone]  # another run may still have it
        fresh = [grant for grant in lasting if (grant.tool, grant.rule, grant.risk) not in known]
        self.lasting.extend(fresh)
        with suppress(StoreError):  # then they are as long as this kernel is
            self.kept.keep(*(grant for grant in fresh if grant.lasts == "notebook"))

    def revoke(self, id: str) -> k.Grant:
        """Take back a yes that lasts, for good: also from every run that has not ended.

        Raises:
            OptionError: There is no such grant.
            StoreError: That could not be written.
        """
        for grant in self.lasting:
            if grant.id == id:
                self.kept.revoke(id)
                self.lasting.remove(grant)
                self.gone.add(id)
                self._tell(id)
                return grant
        known = ", ".join(grant.id for grant in self.lasting) or "none"
        raise OptionError(f"There is no grant {id!r}.", f"In force: {known}.", "%aether grants")

    def _tell(self, id: str) -> None:
        """Let every run that has this yes know that it is gone; one that nobody works on hears it when it goes on."""
        post = Post(self.kept.store, self.kept.sealer, "cell")
        for one in stands(self.kept.store):
            if any(grant.id == id for grant in one.state.grants):
                post.send(one.state.run, Word("revoke", "", {"id": id}))
