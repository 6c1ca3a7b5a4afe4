"""What every ``Log`` has to keep. Subclass it as ``Test…`` and give a fixture ``log``."""

from __future__ import annotations

import threading

import pytest

from aether_nb.errors import LogConflict, RunAmbiguous, RunNotFound, StoreError
from aether_nb.events.children import child_of
from aether_nb.events.kinds import (
    CallBegun,
    Entry,
    RunEnded,
    RunParked,
    RunResumed,
    RunsPruned,
    RunStarted,
    TextDelta,
)
from aether_nb.store.log import JOURNAL, Log, RunSummary

STARTED = RunStarted("how many rows?", "analyst", notebook="a.ipynb", cell="c1")


class LogContract:
    """The laws of a log."""

    def test_it_is_a_log(self, log):
        """The object has the methods that the contract names."""
        assert isinstance(log, Log)

    def test_what_was_appended_is_read_in_order(self, log):
        """Events are numbered from 1, returned as entries, and read back equal."""
        first = log.append("r1", 0, (STARTED,), 10.0)
        more = log.append("r1", 1, (CallBegun("a", "h"), CallBegun("b", "h")), 11.5)
        assert first + more == (
            Entry("r1", 1, 10.0, STARTED),
            Entry("r1", 2, 11.5, CallBegun("a", "h")),
            Entry("r1", 3, 11.5, CallBegun("b", "h")),
        )
        assert tuple(log.read("r1")) == first + more
        assert tuple(log.read("r1", after=1)) == more
        assert tuple(log.read("r1", after=3)) == ()

    def test_what_is_handed_back_is_what_is_read(self, log):
        """What has to be mended to be recorded is handed back mended: nobody goes on by what no reader will find."""
        began = RunStarted("caf\udce9, \ud83d\ude00?", "analyst")
        assert log.append("r1", 0, (began,), 1.0) == tuple(log.read("r1"))
        assert next(log.read("r1")).event.prompt == "caf\ufffd, \U0001f600?"

    def test_an_unknown_run_has_no_events(self, log):
        """Reading is not an error where there is nothing to read."""
        assert (tuple(log.read("nobody")), log.runs()) == ((), [])

    def test_runs_do_not_see_each_other(self, log):
        """Each run has its own numbers and its own events."""
        log.append("r1", 0, (STARTED,), 1.0)
        other = log.append("r2", 0, (CallBegun("x", "h"),), 2.0)
        assert tuple(log.read("r2")) == other == (Entry("r2", 1, 2.0, CallBegun("x", "h")),)

    def test_appending_nothing_changes_nothing(self, log):
        """No events: no entries, no run; but a wrong head is still a conflict."""
        assert (log.append("r1", 0, (), 1.0), log.runs()) == ((), [])
        with pytest.raises(LogConflict):
            log.append("r1", 3, (), 1.0)

    @pytest.mark.parametrize("head", [0, 2, 7])
    def test_who_has_not_seen_the_last_event_is_refused(self, log, head):
        """A head behind or beyond the last event is a conflict, and leaves the run as it was."""
        kept = log.append("r1", 0, (STARTED,), 1.0)
        with pytest.raises(LogConflict) as caught:
            log.append("r1", head, (CallBegun("a", "h"),), 2.0)
        assert caught.value.what == f"Run r1 is at event 1, not at {head}."
        assert tuple(log.read("r1")) == kept

    def test_of_two_writers_one_wins(self, log):
        """When many threads append after the same event, each number is given once."""
        wins, conflicts = [], []

        def write(name):
            for head in range(25):
                try:
                    wins.extend(log.append("r1", head, (CallBegun(f"{name}{head}", "h"),), 1.0))
                except LogConflict:
                    conflicts.append(head)

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(wins, key=lambda entry: entry.seq) == list(log.read("r1"))
        assert len(wins) + len(conflicts) == 100

    def test_a_thread_reads_what_another_wrote(self, log):
        """The agent's thread appends, the main thread reads."""
        thread = threading.Thread(target=log.append, args=("r1", 0, (STARTED,), 1.0))
        thread.start()
        thread.join()
        assert tuple(log.read("r1")) == (Entry("r1", 1, 1.0, STARTED),)

    def test_a_reader_may_stop_early(self, log):
        """A half-read run does not keep others from writing."""
        log.append("r1", 0, (STARTED, CallBegun("a", "h")), 1.0)
        reader = log.read("r1")
        assert next(reader).seq == 1
        log.append("r1", 2, (CallBegun("b", "h"),), 2.0)
        assert [entry.seq for entry in log.read("r1", after=2)] == [3]

    def test_transient_events_are_refused(self, log):
        """A delta is shown and never kept, and nothing that came with it is kept either."""
        with pytest.raises(StoreError) as caught:
            log.append("r1", 0, (STARTED, TextDelta("x")), 1.0)
        assert "'text.delta' is transient" in caught.value.what
        assert tuple(log.read("r1")) == ()

    def test_an_event_that_cannot_be_written_takes_nothing_with_it(self, log):
        """All of the events are kept, or none."""
        with pytest.raises(StoreError):
            log.append("r1", 0, (STARTED, RunStarted("x", object())), 1.0)
        assert (tuple(log.read("r1")), log.runs()) == ((), [])

    def test_the_list_of_runs_says_what_they_were(self, log):
        """Newest first, with prompt, model, place, head and outcome."""
        log.append("r1", 0, (STARTED,), 1.0)
        log.append("r2", 0, (RunStarted("plot it", "openai:x"), RunEnded("failed", "no")), 5.0)
        log.append("r1", 1, (CallBegun("a", "h"), RunEnded("done")), 9.0)
        log.append("r3", 0, (RunStarted("open", "m"), RunParked("gate", "a")), 7.0)
        whole = [
            RunSummary("r3", 7.0, "open", "m", 2, parked=True),
            RunSummary("r2", 5.0, "plot it", "openai:x", 2, "failed"),
            RunSummary("r1", 1.0, "how many rows?", "analyst", 3, "done", "a.ipynb", "c1"),
        ]
        assert log.runs() == whole
        assert log.runs(limit=2) == whole[:2]

    @pytest.mark.parametrize("over", [RunResumed("cell", fresh=True), RunEnded("cancelled")])
    def test_a_parked_run_is_listed_as_such(self, log, over):
        """From its parking until it goes on or ends, whatever else happens meanwhile."""
        log.append("r1", 0, (STARTED, RunParked("go")), 1.0)
        log.append("r1", 2, (CallBegun("a", "h"),), 2.0)
        assert [summary.parked for summary in log.runs()] == [True]
        log.append("r1", 3, (over,), 3.0)
        assert [summary.parked for summary in log.runs()] == [False]

    def test_the_journal_is_no_run(self, log):
        """What the store says of itself can be read, and is in no list."""
        log.append(JOURNAL, 0, (RunsPruned("r0", 3, "", "old"),), 9.0)
        log.append("jo", 0, (STARTED,), 1.0)
        assert [summary.id for summary in log.runs()] == ["jo"]
        assert (log.resolve(""), log.resolve("j"), len(list(log.read(JOURNAL)))) == ("jo", "jo", 1)

    def test_a_run_is_found_by_its_first_letters(self, log):
        """A prefix of one run is enough; a whole id wins over longer ones that begin with it."""
        for number, run in enumerate(("7f3a", "7f3ab", "91cc")):
            log.append(run, 0, (STARTED,), float(number))
        assert [log.resolve(prefix) for prefix in ("9", "91cc", "7f3a", "7f3ab")] == ["91cc", "91cc", "7f3a", "7f3ab"]

    def test_the_letters_of_a_run_do_not_mean_those_that_work_for_it(self, log):
        """However many there are: they go by longer names, and by its own once it is gone."""
        first = child_of("7f3a", "a")
        family = ["7f3a", first, child_of(first, "b"), *(child_of("7f3a", f"call{n}") for n in range(120))]
        for number, run in enumerate(family):
            log.append(run, 0, (STARTED,), float(number))
        assert [log.resolve(prefix) for prefix in ("7f", "7f3a", "", first[:8])] == ["7f3a", "7f3a", "7f3a", first]
        log.append("7f9b", 0, (STARTED,), 500.0)
        with pytest.raises(RunAmbiguous) as caught:
            log.resolve("7f")
        assert caught.value.why == "They are 7f9b, 7f3a."
        log.append(child_of("91cc", "a"), 0, (STARTED,), 600.0)
        assert log.resolve("91cc") == child_of("91cc", "a")

    def test_a_prefix_of_several_names_them(self, log):
        """What could be meant is listed, the newest first."""
        for number, run in enumerate(("7f3a", "7f9b", "91cc")):
            log.append(run, 0, (STARTED,), float(number))
        with pytest.raises(RunAmbiguous) as caught:
            log.resolve("7f")
        assert (caught.value.what, caught.value.why) == ("Several runs begin with '7f'.", "They are 7f9b, 7f3a.")

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ("7f3b", "Close to it: 7f3a."),
            ("zzzz", "The newest are 91cc, 7f3a."),
            ("%", "The newest are 91cc, 7f3a."),
        ],
    )
    def test_an_unknown_run_proposes_others(self, log, typed, why):
        """A slip of the finger is answered with what looks like it; a wildcard is a letter like any other."""
        for number, run in enumerate(("7f3a", "91cc")):
            log.append(run, 0, (STARTED,), float(number))
        with pytest.raises(RunNotFound) as caught:
            log.resolve(typed)
        assert (caught.value.what, caught.value.why) == (f"There is no run '{typed}'.", why)

    def test_nothing_typed_means_the_newest_run(self, log):
        """``aether trace`` alone speaks of the last run, also when there is only one."""
        for number, run in enumerate(("7f3a", "91cc")):
            log.append(run, 0, (STARTED,), float(number))
            assert log.resolve("") == run

    def test_an_empty_store_says_that_it_is_empty(self, log):
        """Nobody is sent to look for runs that do not exist."""
        with pytest.raises(RunNotFound) as caught:
            log.resolve("7f")
        assert caught.value.why == "This store holds no runs yet."
        with pytest.raises(RunNotFound) as caught:
            log.resolve("")
        assert (caught.value.what, caught.value.hint) == ("No run is recorded here yet.", "Begin one: %%aether")

    def test_a_closed_log_opens_itself_again(self, log):
        """Closing twice is fine, and loses nothing."""
        kept = log.append("r1", 0, (STARTED,), 1.0)
        log.close()
        log.close()
        assert tuple(log.read("r1")) == kept
        log.append("r1", 1, (RunEnded("done"),), 2.0)
        assert [summary.head for summary in log.runs()] == [2]
