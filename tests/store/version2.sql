-- A record as version 2 of the file had it: the statements of its schema, and the rows that its appends made.
CREATE TABLE calls (
            run TEXT NOT NULL, call TEXT NOT NULL, attempt INTEGER NOT NULL, tool TEXT NOT NULL, state TEXT NOT NULL,
            effect TEXT NOT NULL, hash TEXT NOT NULL, epoch INTEGER NOT NULL, begun INTEGER NOT NULL,
            proposed INTEGER NOT NULL,
            PRIMARY KEY (run, call, attempt)
        ) WITHOUT ROWID;
INSERT INTO "calls" VALUES('7f3a','c1',1,'shell','begun','external','h',0,8,5);
CREATE TABLE "events" (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            prev BLOB NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID;
INSERT INTO "events" VALUES('7f3a',1,1700000200.5,'run.started',2,'{"cell":"c1","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"openai:x","notebook":"a.ipynb","plan_only":false,"prior":[],"prompt":"wie groß?","seal":"","tools":[],"versions":{},"workspace":""}',X'37AF4DF68671AFC61FDF956A5F1137C543BA320DF129479117B50E20237F4004',X'FBCB1B8BD8285F9F76642F88A0CDDB2BA04D97B72CD048C97DFBA48864CFB8DD');
INSERT INTO "events" VALUES('7f3a',2,1700000200.5,'context.composed',1,'{"messages":[{"call_id":"","calls":[],"origin":null,"parts":[{"columns":[],"data":"text","text":"wie groß?"}],"role":"user","thinking":""}]}',X'FBCB1B8BD8285F9F76642F88A0CDDB2BA04D97B72CD048C97DFBA48864CFB8DD',X'AB52CD7823E87B9767CCC7342794E4B840C4FB36474B0D1E0C58B1E150645F71');
INSERT INTO "events" VALUES('7f3a',3,1700000201.5,'model.asked',1,'{"model":"openai:x","sent":[{"amount":9,"columns":[],"data":"text"}],"step":1}',X'AB52CD7823E87B9767CCC7342794E4B840C4FB36474B0D1E0C58B1E150645F71',X'4F34E6953ABEC2FD56E79BF91916383FC31B01B9288C9DA279E2F73838676C5D');
INSERT INTO "events" VALUES('7f3a',4,1700000202.5,'model.answered',1,'{"finish":"tool_calls","message":{"call_id":"","calls":[{"arguments":{"command":"mail größe.txt"},"id":"c1","name":"shell"}],"origin":null,"parts":[],"role":"assistant","thinking":""},"model":"x","notes":[],"provider":"","repairs":0,"seconds":0.1,"usage":{"cache_write_tokens":0,"cached_tokens":0,"cost":0.001,"estimated":false,"image_tokens":0,"input_tokens":10,"output_tokens":5,"reasoning_tokens":0}}',X'4F34E6953ABEC2FD56E79BF91916383FC31B01B9288C9DA279E2F73838676C5D',X'2146B5A66DCF90E4744F7EC1BCBEE87B64446ABF4BDCEE83D232EFD358DAFE44');
INSERT INTO "events" VALUES('7f3a',5,1700000203.5,'call.proposed',1,'{"call":{"arguments":{"command":"mail größe.txt"},"id":"c1","name":"shell"},"edited":false,"effect":"external","effect_text":"","hash":"h","parallel":false,"path":"","purpose":"","reasons":[],"risk":"high"}',X'2146B5A66DCF90E4744F7EC1BCBEE87B64446ABF4BDCEE83D232EFD358DAFE44',X'D50C771C609C71A27E506117E06ABA961EFFCBAF555972A5E6592FDAE3931196');
INSERT INTO "events" VALUES('7f3a',6,1700000203.5,'gate.opened',1,'{"call_id":"c1","hash":"h"}',X'D50C771C609C71A27E506117E06ABA961EFFCBAF555972A5E6592FDAE3931196',X'5D9802FE2EEC5F1E28BF70A3BCDEC154D42636B007CF8CCB358E62950953E470');
INSERT INTO "events" VALUES('7f3a',7,1700000204.5,'gate.answered',2,'{"by":"panel","call_id":"c1","decision":"approve","hash":"h","lasts":"once","reason":"","seal":""}',X'5D9802FE2EEC5F1E28BF70A3BCDEC154D42636B007CF8CCB358E62950953E470',X'F11D3DD14101E0DD684733EEC7063E64E854E38582A95378430DA0E2AE37DE1D');
INSERT INTO "events" VALUES('7f3a',8,1700000205.5,'call.begun',2,'{"attempt":1,"call_id":"c1","hash":"h"}',X'F11D3DD14101E0DD684733EEC7063E64E854E38582A95378430DA0E2AE37DE1D',X'0E4E76001E3E0E6094DDA29D785A5AE89612A8F2D691E56F34C38F4B58288083');
INSERT INTO "events" VALUES('91cc',1,1700000202.0,'run.started',2,'{"cell":"","limits":{"cost":1.0,"seconds":900.0,"steps":40,"tokens":400000},"mode":"ask","model":"openai:x","notebook":"","plan_only":false,"prior":[],"prompt":"plot it","seal":"","tools":[],"versions":{},"workspace":""}',X'0286631151F8E1A2DB191634FE32A6117E98FBD2B5503EB689E8B0CD6AF23488',X'2679D88A2FAEB50CD9620023859FBE2925AC5D31B1FADF0C2B715BBF1A9DEC92');
INSERT INTO "events" VALUES('91cc',2,1700000202.0,'run.ended',2,'{"hint":"","outcome":"done","seal":"","what":"","why":""}',X'2679D88A2FAEB50CD9620023859FBE2925AC5D31B1FADF0C2B715BBF1A9DEC92',X'10BF0C9C3DB56D0D18A0AA87AC8EA155D9299B939F45EFDB7048299880B0CE0C');
CREATE TABLE leases (
            run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL, process TEXT NOT NULL,
            since REAL NOT NULL
        ) WITHOUT ROWID;
INSERT INTO "leases" VALUES('91cc',3,'a.ipynb (process 7 on host)','1-2-3',1700000201.0);
CREATE TABLE runs (
            id TEXT PRIMARY KEY, started REAL NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
            head INTEGER NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL
        , parked INTEGER NOT NULL DEFAULT 0, chain BLOB NOT NULL DEFAULT x'');
INSERT INTO "runs" VALUES('7f3a',1700000200.5,'wie groß?','openai:x',8,NULL,'a.ipynb','c1',0,X'0E4E76001E3E0E6094DDA29D785A5AE89612A8F2D691E56F34C38F4B58288083');
INSERT INTO "runs" VALUES('91cc',1700000202.0,'plot it','openai:x',2,'done','','',0,X'10BF0C9C3DB56D0D18A0AA87AC8EA155D9299B939F45EFDB7048299880B0CE0C');
CREATE TABLE signals (
            place INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, id TEXT NOT NULL, time REAL NOT NULL,
            type TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL, applied INTEGER NOT NULL,
            UNIQUE (run, id)
        );
INSERT INTO "signals" VALUES(1,'7f3a','s1',1700000206.5,'tell','terminal','{"text":"faster"}','',0);
CREATE INDEX runs_started ON runs (started);
PRAGMA application_id = 1095070824;
PRAGMA user_version = 2;
