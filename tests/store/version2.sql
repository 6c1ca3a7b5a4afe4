-- A record as version 2 wrote it, with the seals that it had: over a start, a yes, a grant and an end.
CREATE TABLE calls (
            run TEXT NOT NULL, call TEXT NOT NULL, attempt INTEGER NOT NULL, tool TEXT NOT NULL, state TEXT NOT NULL,
            effect TEXT NOT NULL, hash TEXT NOT NULL, epoch INTEGER NOT NULL, begun INTEGER NOT NULL,
            proposed INTEGER NOT NULL,
            PRIMARY KEY (run, call, attempt)
        ) WITHOUT ROWID;
INSERT INTO "calls" VALUES('5c1d','a',1,'shell','begun','external','h',0,6,3);
CREATE TABLE "events" (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            prev BLOB NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID;
INSERT INTO "events" VALUES('5c1d',1,1750000000.5,'run.started',2,'{"cell":"c2","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"openai:x","notebook":"a.ipynb","plan_only":false,"prior":[],"prompt":"what lies here?","seal":"b62b9fd060d4dc15456609df9634b756bcb8ad082b75f1de1b4b6c5c9fd61a83","tools":["shell"],"versions":{},"workspace":"/w"}',X'C85F2F0AA69540758A1787C0E212D08D2BBD5EF7F3627DC3D8B704750CEE63A7',X'B93D9701A144B192B6FE6BB4E5B415464C6A788D9F37A0192F51797D16264A03');
INSERT INTO "events" VALUES('5c1d',2,1750000001.0,'model.asked',1,'{"model":"openai:x","sent":[],"step":1}',X'B93D9701A144B192B6FE6BB4E5B415464C6A788D9F37A0192F51797D16264A03',X'24DA3EBC30085664628F00529EA8A6647C047902182C35EA97BA04893A33CB1E');
INSERT INTO "events" VALUES('5c1d',3,1750000002.0,'call.proposed',1,'{"call":{"arguments":{"command":"ls"},"id":"a","name":"shell"},"edited":false,"effect":"external","effect_text":"","hash":"h","parallel":false,"path":"","purpose":"","reasons":[],"risk":"high"}',X'24DA3EBC30085664628F00529EA8A6647C047902182C35EA97BA04893A33CB1E',X'3FDCE36A799D820D7DCC0F3585AA3410D61BCE2EF26132152D116DEB3DB30A70');
INSERT INTO "events" VALUES('5c1d',4,1750000002.0,'gate.answered',2,'{"by":"panel","call_id":"a","decision":"approve","hash":"h","lasts":"run","reason":"","seal":"26e5b3d983a8269af0af033fc850e1fba207e1221a30964477e43f2909c28438"}',X'3FDCE36A799D820D7DCC0F3585AA3410D61BCE2EF26132152D116DEB3DB30A70',X'26F94F891FEB912B5FC15DFA9D374EAEF7106F455E2AD2132D83E0C98CC5684B');
INSERT INTO "events" VALUES('5c1d',5,1750000002.0,'grant.given',2,'{"grant":{"by":"panel","id":"g1","lasts":"run","risk":"high","rule":"call:h","tool":"shell"},"seal":"fe49560f2ae60c72893cc7080aea0194c7645027c507b08fe90f6ebde7d7d292"}',X'26F94F891FEB912B5FC15DFA9D374EAEF7106F455E2AD2132D83E0C98CC5684B',X'622CB01FFAB1A5994A8614A9B0D05C7960B360E2DDD76132C9E980A1419AACD3');
INSERT INTO "events" VALUES('5c1d',6,1750000003.0,'call.begun',2,'{"attempt":1,"call_id":"a","hash":"h"}',X'622CB01FFAB1A5994A8614A9B0D05C7960B360E2DDD76132C9E980A1419AACD3',X'49865822477E1E62DDD6B07EE4B0837B7368EFB6454FCD651F54D01A799C1CA2');
INSERT INTO "events" VALUES('6d2e',1,1750000100.0,'run.started',2,'{"cell":"","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"openai:x","notebook":"","plan_only":false,"prior":[],"prompt":"and now?","seal":"f4df1cc2bef8b93d588006336930ebc170274f859ef4bd11230498e9e02bdb9d","tools":[],"versions":{},"workspace":""}',X'19FCA898A82FB111F95344CD7862A315E210EDB3EF337A4B2C1EE8548ECC027C',X'AA5DD62193C4E7919A4666EA3149A3D9845E8C2B32700B4AAE7099CC53CBE767');
INSERT INTO "events" VALUES('6d2e',2,1750000101.0,'run.ended',2,'{"hint":"","outcome":"done","seal":"5ce28083556153d85119e24af3bba458d68b15f3b89d5dcb8b19869aba353ff1","what":"","why":""}',X'AA5DD62193C4E7919A4666EA3149A3D9845E8C2B32700B4AAE7099CC53CBE767',X'9E2E2AEB146EBFAA1495D81B122E6E1A69A01979D2D0E7F4A63CB705F5117A34');
CREATE TABLE leases (
            run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL, process TEXT NOT NULL,
            since REAL NOT NULL
        ) WITHOUT ROWID;
CREATE TABLE runs (
            id TEXT PRIMARY KEY, started REAL NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
            head INTEGER NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL
        , parked INTEGER NOT NULL DEFAULT 0, chain BLOB NOT NULL DEFAULT x'');
INSERT INTO "runs" VALUES('5c1d',1750000000.5,'what lies here?','openai:x',6,NULL,'a.ipynb','c2',0,X'49865822477E1E62DDD6B07EE4B0837B7368EFB6454FCD651F54D01A799C1CA2');
INSERT INTO "runs" VALUES('6d2e',1750000100.0,'and now?','openai:x',2,'done','','',0,X'9E2E2AEB146EBFAA1495D81B122E6E1A69A01979D2D0E7F4A63CB705F5117A34');
CREATE TABLE signals (
            place INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, id TEXT NOT NULL, time REAL NOT NULL,
            type TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL, applied INTEGER NOT NULL,
            UNIQUE (run, id)
        );
CREATE INDEX runs_started ON runs (started);
PRAGMA application_id = 1095070824;
PRAGMA user_version = 2;
