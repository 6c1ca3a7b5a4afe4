"""Every error that aether-nb raises, in one tree.

    AetherError
    ├── UsageFault              what was typed cannot be read
    │   ├── OptionError         an option or a value of it
    │   ├── UnknownVerb         a word after %aether
    │   └── MentionFailed       what a question mentions cannot be worked out
    ├── ConfigError             a setting has an invalid value
    ├── ModelError              a model did not answer as it should
    │   ├── ModelNotFound       no model goes by that name
    │   ├── ModelUnavailable    it cannot be reached, or it refused
    │   │   ├── ToolsRefused    it takes no tools in this form
    │   │   └── ToolUseFailed   it wrote a tool call that its provider cannot read
    │   └── AnswerInvalid       the answer has not the shape that was asked for
    ├── ToolError               a tool did not do its work
    │   ├── RepairableToolError the model is told and may try again
    │   │   └── WorkspaceError  a path lies outside what was granted
    │   ├── InterventionRequired a person has to decide; the run asks
    │   ├── EffectUnknown       nobody knows whether the call acted
    │   └── FatalToolError      the run ends
    ├── StoreError              the record of runs
    │   ├── StoreReadOnly       nothing can be written here
    │   ├── StoreFull           the disk is full
    │   ├── StoreCorrupt        the file is no store, or it is damaged
    │   ├── StoreNewer          a newer aether-nb wrote it
    │   ├── StoreLocked         it is encrypted, and nobody here has its key
    │   ├── StoreTampered       the record is not what was written
    │   ├── BlobMissing         bytes that the record speaks of are not there
    │   ├── LogConflict         somebody else appended first
    │   │   ├── AlreadyBegun    this attempt of a call has begun before
    │   │   ├── AlreadyReceived this signal was applied before
    │   │   └── LeaseLost       somebody else has taken the run over
    │   ├── LeaseHeld           somebody else advances this run
    │   └── RunNotFound         no run goes by that name
    │       └── RunAmbiguous    several runs do
    ├── KnowledgeError          what was read could not be kept or searched
    │   ├── KnowledgeMissing    nothing there goes by that name
    │   ├── KnowledgeReadOnly   it can be searched and not written
    │   ├── KnowledgeFull       the disk is full
    │   ├── KnowledgeCorrupt    a file of it is damaged
    │   ├── KnowledgeNewer      a newer aether-nb wrote it
    │   ├── KnowledgeBusy       others wrote at the same time, again and again
    │   ├── VectorInvalid       numbers that no search can use
    │   └── SourceUnreadable    a file, page or value cannot be read
    ├── ResumeRefused           a run cannot go on as it is
    │   └── AgentDrifted        a hosted agent takes another way than is recorded
    ├── ReplayError             a run cannot be replayed
    │   ├── ReplayDiverged      the record is not what the rules would have done
    │   └── WorldDiffers        an effect that the record speaks of is not there
    ├── UndoRefused             there is nothing that could be taken back, or not here
    ├── SignalRefused           what is said to a run does not fit what it waits for
    └── RunFailed               a run came to a bad end

and, beside it, ``RunStopped``: a KeyboardInterrupt, because whoever pressed Stop means the queued cells too. A tool's
own ``tools.base.PartlyDone`` is a RepairableToolError that also carries what it showed before it failed.

An error says three things: what happened, why, and what to type next. It carries plain values only, never a request,
a run or a frame, so that importing it costs nothing and keeping it holds nothing alive. This module knows nobody.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AetherError",
    "AgentDrifted",
    "AlreadyBegun",
    "AlreadyReceived",
    "AnswerInvalid",
    "BlobMissing",
    "ConfigError",
    "EffectUnknown",
    "FatalToolError",
    "InterventionRequired",
    "KnowledgeBusy",
    "KnowledgeCorrupt",
    "KnowledgeError",
    "KnowledgeFull",
    "KnowledgeMissing",
    "KnowledgeNewer",
    "KnowledgeReadOnly",
    "LeaseHeld",
    "LeaseLost",
    "LogConflict",
    "MentionFailed",
    "ModelError",
    "ModelNotFound",
    "ModelUnavailable",
    "OptionError",
    "RepairableToolError",
    "ReplayDiverged",
    "ReplayError",
    "ResumeRefused",
    "RunAmbiguous",
    "RunFailed",
    "RunNotFound",
    "RunStopped",
    "SignalRefused",
    "SourceUnreadable",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreNewer",
    "StoreReadOnly",
    "StoreTampered",
    "ToolError",
    "ToolUseFailed",
    "ToolsRefused",
    "UndoRefused",
    "UnknownVerb",
    "UsageFault",
    "VectorInvalid",
    "WorkspaceError",
    "WorldDiffers",
]


class AetherError(Exception):
    """What every error of ours is.

    Args:
        what: What happened, in a sentence that names the user's own objects.
        why: The reason, in the user's terms; empty when ``what`` says it all.
        hint: What to type next; empty when there is nothing to type.
    """

    def __init__(self, what: str, why: str = "", hint: str = "") -> None:
        self.what, self.why, self.hint = what, why, hint
        super().__init__(" ".join(part for part in (what, why, hint) if part))

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the three parts apart when an error crosses a process."""
        return type(self), (self.what, self.why, self.hint)

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback: the three parts, a line each."""
        rest = (self.why and f"  why:  {self.why}", self.hint and f"  next: {self.hint}")
        return [f"aether: {self.what}", *filter(None, rest)]


class UsageFault(AetherError):
    """What was typed cannot be read; nothing was done."""


class OptionError(UsageFault):
    """An option is unknown, or its value is."""


class UnknownVerb(UsageFault):
    """The word after ``%aether`` is no verb."""


class MentionFailed(UsageFault):
    """What a question mentions in braces cannot be worked out; nothing was asked."""


class ConfigError(AetherError):
    """A setting has an invalid value; the message names the setting and where it came from."""


class ModelError(AetherError):
    """A model did not answer as it should."""


class ModelNotFound(ModelError):
    """No model goes by that name."""


class ModelUnavailable(ModelError):
    """The model cannot be reached, or it refused to answer.

    Args:
        what: See ``AetherError``.
        why: See ``AetherError``.
        hint: See ``AetherError``.
        status: The HTTP status that stands for it; 0 when there was no answer.
        code: The provider's own word for it, for example ``insufficient_quota``.
        retry_after: Seconds after which the provider wants to be asked again; None when it did not say.
        retryable: Whether the same request may succeed later.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        hint: str = "",
        *,
        status: int = 0,
        code: str = "",
        retry_after: float | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(what, why, hint)
        self.status, self.code, self.retry_after, self.retryable = status, code, retry_after, retryable

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the plain values when an error crosses a process."""
        return (*super().__reduce__(), dict(self.__dict__))


class ToolsRefused(ModelUnavailable):
    """The model, or its server, takes no tools in this form; described in the prompt it may use them all the same."""


class ToolUseFailed(ModelUnavailable):
    """The model wrote a tool call that its provider could not read; ``generation`` is what it wrote."""

    generation: str = ""


class AnswerInvalid(ModelError):
    """The answer has not the shape that was asked for, also after one repair; ``answer`` is what came."""

    answer: str = ""


class ToolError(AetherError):
    """A tool did not do its work."""


class RepairableToolError(ToolError):
    """The model is told what went wrong and may try again in another way."""


class InterventionRequired(ToolError):
    """A person has to decide before the run can go on; the run asks."""


class EffectUnknown(ToolError):
    """The call was sent to somebody who is gone, and nobody knows whether it acted: one with an effect is in doubt."""


class FatalToolError(ToolError):
    """Nothing can be done about it: the run ends and says why."""


class StoreError(AetherError):
    """The record of runs could not be read or written."""


class StoreReadOnly(StoreError):
    """Nothing can be written in the store's folder."""


class StoreFull(StoreError):
    """The disk is full; what was committed before is kept."""


class StoreCorrupt(StoreError):
    """The file is not a store, or it is damaged."""


class StoreNewer(StoreError):
    """A newer version of aether-nb wrote this store."""


class StoreLocked(StoreError):
    """The store is encrypted, and nobody here has its key."""


class LogConflict(StoreError):
    """Somebody else appended to this run first."""


class AlreadyBegun(LogConflict):
    """This attempt of a call has begun before, here or elsewhere; it does not begin twice."""


class AlreadyReceived(LogConflict):
    """This signal was applied before; it is not applied twice."""


class LeaseLost(LogConflict):
    """Somebody else has taken the run over; this writer may not go on."""


class LeaseHeld(StoreError):
    """Somebody else advances this run: the message says who, and since when."""


class StoreTampered(StoreError):
    """The record is not what was written: the message names the first event that is wrong."""


class BlobMissing(StoreError):
    """Bytes that the record speaks of are not there."""


class KnowledgeError(AetherError):
    """What was read could not be kept or searched."""


class KnowledgeMissing(KnowledgeError):
    """Nothing that is kept goes by that name."""


class KnowledgeReadOnly(KnowledgeError):
    """What is kept here can be searched and not written."""


class KnowledgeFull(KnowledgeError):
    """The disk is full; what was written before is kept and can be searched."""


class KnowledgeCorrupt(KnowledgeError):
    """A file of the store is damaged; the message says how to repair it."""


class KnowledgeNewer(KnowledgeError):
    """A newer version of aether-nb wrote what is kept here."""


class KnowledgeBusy(KnowledgeError):
    """Others wrote at the same time, and did so at every new attempt; nothing was written."""


class VectorInvalid(KnowledgeError):
    """Numbers that no search can use: too many, too few, not finite, or all zero."""


class SourceUnreadable(KnowledgeError):
    """A file, a page or a value cannot be read; the others were."""


class ResumeRefused(AetherError):
    """A run cannot go on as it is: it has ended, somebody else began it, or its tools or rules are other ones now."""


class AgentDrifted(ResumeRefused):
    """A hosted agent, run again, asks for something else than its record has: it is not the same between two steps."""


class UndoRefused(AetherError):
    """Nothing was taken back: there is nothing, it is not known here, or nobody said yes."""


class ReplayError(AetherError):
    """A run cannot be replayed."""


class ReplayDiverged(ReplayError):
    """The record is not what the rules would have done.

    Args:
        what: See ``AetherError``.
        why: See ``AetherError``.
        hint: See ``AetherError``.
        seq: The number of the event at which they part.
        expected: The step that the rules say there.
        found: The step that the record has there.
    """

    def __init__(
        self, what: str, why: str = "", hint: str = "", *, seq: int = 0, expected: str = "", found: str = ""
    ) -> None:
        super().__init__(what, why, hint)
        self.seq, self.expected, self.found = seq, expected, found

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the plain values when an error crosses a process."""
        return (*super().__reduce__(), dict(self.__dict__))


class WorldDiffers(ReplayError):
    """An effect that the record speaks of is not there, or is another one; ``differences`` says which, call by call."""

    differences: tuple[str, ...] = ()


class SignalRefused(AetherError):
    """What is said to a run does not fit what it waits for; nothing was said."""


class RunNotFound(StoreError):
    """No run goes by that name."""


class RunAmbiguous(RunNotFound):
    """Several runs go by that name: one of them was meant."""


class WorkspaceError(RepairableToolError):
    """A path lies outside the folder that this run may touch."""


class RunFailed(AetherError):
    """A run came to a bad end; the record says how."""


class RunStopped(KeyboardInterrupt):
    """The user stopped the run. A KeyboardInterrupt, so that queued cells are stopped as well."""

    def _render_traceback_(self) -> list[str]:
        """One calm line instead of a traceback."""
        return ["aether: the run was stopped. Your variables and this notebook's history are as they were left."]
