"""What ``encrypt`` seals, and what can be seen all the same. ``%aether help encryption`` shows this page.

    sealed                                                    readable on the disk
    what every event says: questions, answers, code,          its run, number, time, kind and version
      arguments and results of calls, figures, tables
    the question in the list of runs                          model, notebook, cell, outcome, and whether it is parked
    what is said to a run from outside                        who said it, when, and of which kind it is
    bytes: variables, files as they were before a change      how many there are, and how large
    the hash of a call, as a keyed one                        the call's id, its tool, its effect, how it stands
    the hashes of the chain are over what is sealed           the hashes, seals, and who holds a run

Sealing is AES-256-GCM with a nonce of its own each time, bound to the run, the number and the kind of the event, or
to the name of the bytes: what was moved, swapped or changed does not open, and ``verify`` says so. Names of bytes are
keyed hashes of them. The chain can be looked at without the key, so ``aether verify RUN`` says whether it is whole
even to who cannot read it; a hash that was noted before the record was encrypted is still a witness. Not so one that
was noted while it was, once it is decrypted: what that hash was over is gone then.

The data key is random. It is wrapped by a secret, which is looked for in this order: the variable AETHER_STORE_KEY
(set it where the kernel is started; in a cell it would stand in the notebook), the system's keyring, a passphrase
that is typed (``%aether unlock``; a terminal asks when it has to). With ``--rotate`` another secret wraps the same
data key (where the old one is a variable, AETHER_STORE_KEY_NEW hands over the next); an old copy of the record still
opens with the old one. Who loses the secret loses the record.

Not sealed: knowledge, memory, the inbox and logs of servers beside the record; notebooks, with all that their outputs
show; what tools write elsewhere; the memory of the kernel. Of an encrypted record nothing is written into these
unasked: no log of the day, no solution of a run. Replies of models and the text of scanned pages, which are kept to
save a second request, stay in memory; ``encrypt`` removes their files, and says so. A server of PostgreSQL has a log
and copies of its own, in which what was there before may still stand. A disk may keep what was overwritten, or
removed, on it before: encrypt a record before there is anything in it where that matters. On a server that several
share, the seals of the others are gone after it: to go on with their own runs they say --anyway.

Encrypting needs the record alone: other kernels have to be shut down. Who is killed in the middle has the record as
it was, or encrypted with something readable left over: typing ``encrypt`` again does the rest. What is damaged does not
hinder ``decrypt``: it is counted, and is lost with the key. ``pack`` writes what anybody can read, so of an encrypted
record only with ``--readable``.
"""
