"""What an answer rests on, read off the log."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.evidence import Evidence, Standing, Variable, evidence
from aether_nb.events.messages import Message, Usage
from harness.agent import Stage, call, look, stage
from harness.evidence import play


def found(this: Stage, hashed: bool = True) -> Evidence:
    """Its evidence."""
    entries = list(this.run.log.read("run1"))
    return evidence(entries, this.run.log.hashes("run1") if hashed else ())  # type: ignore[attr-defined]


def test_each_call_says_who_approved_it_and_what_it_touched() -> None:
    """Tool, exact hash, approval, attempt, step and item; variables with the hashes of what they hold."""
    this = play()
    calls = {one.id: one for one in found(this).calls}
    assert [(one.tool, one.step, one.item, one.status, one.attempts) for one in calls.values()] == [
        ("plan", 1, 0, "finished", 1),
        ("look", 1, 1, "finished", 1),
        ("make", 2, 2, "finished", 1),
        ("send", 3, 0, "finished", 1),
        ("send", 3, 0, "denied", 0),
    ]
    assert (calls["c3"].approved_by, calls["c3"].lasts, calls["c3"].hash) == (
        "panel", "run", this.run.state.calls["c3"].proposed.hash,
    )  # fmt: skip
    assert (calls["c4"].denied_by, calls["c4"].what) == ("panel", "not now")
    assert calls["c2"].changed == ("t (added)",)
    assert calls["c2"].read == (Variable("df", "DataFrame", "sha256:0", "In[1]"),)
    assert found(this).variables == (Variable("t", "DataFrame", "sha256:1"),)


def test_each_step_is_a_snapshot() -> None:
    """Its goal, how far the run was before and after, and which request and reply it was, by the chain."""
    this = play()
    whole, hashes = found(this), this.run.log.hashes("run1")  # type: ignore[attr-defined]
    kinds = this.kinds
    asked = [n for n, kind in enumerate(kinds) if kind == "model.asked"]
    replied = [n for n, kind in enumerate(kinds) if kind == "model.answered"]
    assert [step.request for step in whole.steps] == [hashes[n - 1] for n in asked]
    assert [step.reply for step in whole.steps] == [hashes[n] for n in replied]
    assert [step.goal for step in whole.steps] == ["the question", "Make", "Tell", "Tell"]
    assert (whole.steps[0].before, whole.steps[0].after) == (Standing(), Standing(3, 1, 2))
    assert whole.steps[-1].after == Standing(3, 3, 5, 1)
    assert (whole.steps[0].usage.cost, whole.cost, whole.tokens, whole.chain) == (0.25, 0.25, 15, hashes[-1])
    assert [step.request for step in found(this, hashed=False).steps] == [""] * 4


def test_files_failures_and_origins_are_told() -> None:
    """A file that was written, calls that failed, were in doubt, were settled; a fork and a replay say of what."""
    asked = Message("assistant", (), tuple(call("write_file", id=id) for id in "abc"))
    opening = [
        k.RunStarted("q", "m"),
        k.ContextComposed(()),
        k.ReplayBegun("r0", "live", "m", 1.0),
        k.RunForked("f0", 3),
    ]
    proposed = [k.CallProposed(call("write_file", id=id), f"h{id}", "low", "external", path=f"/w/{id}") for id in "abc"]
    after = [
        k.ModelAsked("m", 1), k.ModelAnswered("m-2", asked, Usage(), "tool_calls", 0.5, "openai"),
        *proposed, k.GateAnswered("a", "another", "approve", "panel"),
        k.CallBegun("a", "ha"), k.CallFinished("a", (), 0.1),
        k.CallBegun("b", "hb"), k.CallFailed("b", "no", seconds=0.2),
        k.CallBegun("c", "hc"), k.CallDoubtful("c", "lost"), k.CallSettled("c", "skip", "me"),
        k.RunEnded("failed", "Nothing works."),
    ]  # fmt: skip
    whole = evidence([k.Entry("r", n, float(n), event) for n, event in enumerate([*opening, *after], 1)])
    assert (whole.files, whole.replay_of, whole.fork_of) == (("/w/a",), "r0", "f0")
    assert [(one.what, one.seconds, one.approved_by) for one in whole.calls] == [
        ("", 0.1, ""), ("no", 0.2, ""), ("skip, said by me", 0.0, ""),
    ]  # fmt: skip
    assert (whole.outcome, whole.what) == ("failed", "Nothing works.")
    assert (whole.steps[0].provider, whole.steps[0].version, whole.steps[0].model) == ("openai", "m-2", "m")


def test_a_log_without_a_run_holds_no_evidence() -> None:
    """Nothing happened, so nothing is claimed."""
    assert evidence([]) == Evidence()
    assert (
        evidence([k.Entry("r", 1, 1.0, k.ModelAnswered("m", Message("assistant"), Usage(), "stop", 0.0))]).steps == ()
    )


def test_what_a_hosted_agent_did_by_itself_is_a_step_of_its_own() -> None:
    """Who did what: the agent, or the model that it asked; its call belongs to its own step."""

    async def agent(house: object) -> str:
        await house.model("How?")  # type: ignore[attr-defined]
        return str(await house.call("look"))  # type: ignore[attr-defined]

    play = stage(["so"], tools=[look], agent=agent)
    play.drive()
    told = found(play)
    assert [(step.number, step.model, step.finish) for step in told.steps] == [
        (1, "aether:scripted", "stop"), (2, "agent:guest", "tool_calls"), (3, "agent:guest", "stop"),
    ]  # fmt: skip
    assert [step.sent != () for step in told.steps] == [True, False, False]
    assert [(call.tool, call.step) for call in told.calls] == [("look", 2)]


def test_documents_that_were_recalled_are_evidence() -> None:
    """Each passage once, with its document's hash; a later look at the same place counts, and what it cost adds up."""
    first = k.Recalled("guide.md", start=3, end=9, sha="aa")
    again, solution = k.Recalled("guide.md", start=3, end=9, sha="aa", changed=True), k.Recalled("solution/1")
    events = [
        k.RunStarted("q", "m"),
        k.KnowledgeRecalled("q", (solution,)),
        k.KnowledgeRecalled("x", (first,), call_id="c1", usage=Usage(10, 1, 0.5)),
        k.KnowledgeRecalled("y", (again,), call_id="c2"),
    ]
    entries = [k.Entry("r1", seq, 1.0, event) for seq, event in enumerate(events, 1)]
    told = evidence(entries)
    assert told.documents == (solution, again)
    assert (told.tokens, told.cost) == (11, 0.5)


def test_a_passage_has_a_place_for_people() -> None:
    """A line, lines, a page, or the document as a whole."""
    places = [
        k.Recalled("a.md", start=3, end=3), k.Recalled("a.md", start=3, end=9),
        k.Recalled("a.pdf", unit="page", start=2, end=2), k.Recalled("facts.md"),
    ]  # fmt: skip
    assert [one.place for one in places] == ["a.md:3", "a.md:3-9", "a.pdf, page 2", "facts.md"]
