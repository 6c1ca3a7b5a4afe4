-- A record as version 3 of the file had it: the statements of its schema, and the rows that its appends made.
CREATE TABLE calls (
            run TEXT NOT NULL, call TEXT NOT NULL, attempt INTEGER NOT NULL, tool TEXT NOT NULL, state TEXT NOT NULL,
            effect TEXT NOT NULL, hash TEXT NOT NULL, epoch INTEGER NOT NULL, begun INTEGER NOT NULL,
            proposed INTEGER NOT NULL,
            PRIMARY KEY (run, call, attempt)
        ) WITHOUT ROWID;
INSERT INTO "calls" VALUES('c3d4','a',1,'','finished','external','h',0,2,2);
CREATE TABLE "events" (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            prev BLOB NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (run, seq)
        );
INSERT INTO "events" VALUES('c3d4',1,1760000000.5,'run.started',5,'{"ask":[],"bind":"","cell":"c1","data":"all","deny":[],"depth":0,"fence":"","hide":[],"limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mentions":[],"mode":"ask","model":"analyst","notebook":"a.ipynb","parent":"","plan_only":false,"prior":[],"profile":"","prompt":"what lies here?","tools":[],"versions":{},"wanted":"","workspace":""}',X'8672F8333DC41E6FD687C900DB175B23169E39F0EE20D2EB24055501F15683A1',X'80CAB86F3C3888DF80D82E4B6826AD31C5ACA690D563F1606CC8DD00B974AA3A');
INSERT INTO "events" VALUES('c3d4',2,1760000000.5,'call.begun',2,'{"attempt":1,"call_id":"a","hash":"h"}',X'80CAB86F3C3888DF80D82E4B6826AD31C5ACA690D563F1606CC8DD00B974AA3A',X'B8EF5D30DEA76076EBDECE4011B9416C3430C6160B2337C4EC7EE40F36543CEF');
INSERT INTO "events" VALUES('c3d4',3,1760000000.5,'call.finished',1,'{"call_id":"a","outputs":[],"parts":[{"columns":[],"data":"text","rows":0,"text":"three rows"}],"seconds":1.0}',X'B8EF5D30DEA76076EBDECE4011B9416C3430C6160B2337C4EC7EE40F36543CEF',X'12440A1ECE03B0FE306832067429151D8FFD850C69677E0CC29C85D56F9B8692');
INSERT INTO "events" VALUES('c3d4',4,1760000003.0,'run.ended',3,'{"hint":"","outcome":"done","what":"","why":""}',X'12440A1ECE03B0FE306832067429151D8FFD850C69677E0CC29C85D56F9B8692',X'1C6BBAE8F6D26606F0C25780D40098A1145D86B4C20B4CE85259B343A0488677');
CREATE TABLE leases (
            run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL, process TEXT NOT NULL,
            since REAL NOT NULL
        ) WITHOUT ROWID;
CREATE TABLE runs (
            id TEXT PRIMARY KEY, started REAL NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
            head INTEGER NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL
        , parked INTEGER NOT NULL DEFAULT 0, chain BLOB NOT NULL DEFAULT x'', seal TEXT NOT NULL DEFAULT '');
INSERT INTO "runs" VALUES('c3d4',1760000000.5,'what lies here?','analyst',4,'done','a.ipynb','c1',0,X'1C6BBAE8F6D26606F0C25780D40098A1145D86B4C20B4CE85259B343A0488677','');
CREATE TABLE signals (
            place INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, id TEXT NOT NULL, time REAL NOT NULL,
            type TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL, applied INTEGER NOT NULL,
            UNIQUE (run, id)
        );
INSERT INTO "signals" VALUES(1,'c3d4','s1',1760000004.0,'tell','cli','{"text":"thanks"}','x',0);
CREATE INDEX runs_started ON runs (started);
PRAGMA application_id = 1095070824;
PRAGMA user_version = 3;
