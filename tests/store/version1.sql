-- A record as the first release wrote it: the statements of its schema and of its appends, as they were.
CREATE TABLE runs (
            id TEXT PRIMARY KEY, started REAL NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
            head INTEGER NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL
        );
CREATE INDEX runs_started ON runs (started);
CREATE TABLE events (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID;
PRAGMA application_id = 1095070824;
PRAGMA user_version = 1;
INSERT INTO runs VALUES ('7f3a', 1700000000.25, 'wie groß?', 'analyst', 6, NULL, 'a.ipynb', 'c1');
INSERT INTO events VALUES ('7f3a', 1, 1700000000.25, 'run.started', 1, '{"cell":"c1","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"analyst","notebook":"a.ipynb","plan_only":false,"prior":[],"prompt":"wie groß?","tools":["shell"]}');
INSERT INTO events VALUES ('7f3a', 2, 1700000001.0, 'call.proposed', 1, '{"call":{"arguments":{"command":"ls"},"id":"a","name":"shell"},"edited":false,"effect":"external","effect_text":"","hash":"h","parallel":false,"path":"","purpose":"","reasons":[],"risk":"high"}');
INSERT INTO events VALUES ('7f3a', 3, 1700000002.0, 'gate.answered', 1, '{"by":"panel","call_id":"a","decision":"approve","hash":"h","lasts":"once","reason":""}');
INSERT INTO events VALUES ('7f3a', 4, 1700000003.0, 'call.begun', 1, '{"call_id":"a","hash":"h"}');
INSERT INTO events VALUES ('7f3a', 5, 1700000004.0, 'call.finished', 1, '{"no event":"at all"}');
INSERT INTO events VALUES ('7f3a', 6, 1700000005.0, 'call.proposed', 1, '{"call":{"arguments":{},"id":"b","name":"summary"},"edited":false,"effect":"pure","effect_text":"","hash":"i","parallel":true,"path":"","purpose":"","reasons":[],"risk":"low"}');
INSERT INTO runs VALUES ('91cc', 1700000100.0, 'plot it', 'openai:x', 2, 'done', '', '');
INSERT INTO events VALUES ('91cc', 1, 1700000100.0, 'run.started', 1, '{"cell":"","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"openai:x","notebook":"","plan_only":false,"prior":[],"prompt":"plot it","tools":[]}');
INSERT INTO events VALUES ('91cc', 2, 1700000101.0, 'run.ended', 1, '{"hint":"","outcome":"done","what":"","why":""}');
