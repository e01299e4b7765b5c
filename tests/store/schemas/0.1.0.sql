BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'advisor','0001_briefs','2026-11-20 23:30:29.155183+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'advisor','0002_probes','2026-11-20 23:30:29.155697+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'advisor','0003_verdicts','2026-11-20 23:30:29.156332+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'advisor','0004_history','2026-11-20 23:30:29.156629+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'advisor','0005_runs','2026-11-21 00:19:48.697311+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'advisor','0006_actuals','2026-11-21 00:19:48.698021+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'advisor','0007_belongs','2026-11-21 02:53:35.849364+00:00');
CREATE TABLE "actuals" (
   "id" INTEGER PRIMARY KEY,
   "run_id" INTEGER REFERENCES "runs"("id"),
   "what" TEXT NOT NULL,
   "unit" TEXT NOT NULL,
   "forecast_p10" REAL,
   "forecast_p50" REAL,
   "forecast_p90" REAL,
   "actual" REAL NOT NULL,
   "note" TEXT,
   "recorded_at" TEXT NOT NULL
);
CREATE TABLE "briefs" (
   "id" INTEGER PRIMARY KEY,
   "path" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "digest" TEXT NOT NULL,
   "text" TEXT NOT NULL,
   "saved_at" TEXT NOT NULL
);
INSERT INTO "briefs" VALUES(1,'/kept.toml','Kept','23b66718f0135a82d2dee6d842a1ecfed0501ab1928806d31b5b410bdd9d95e7','schema = 1
name = "Kept"
','2026-11-20T23:30:29+00:00');
CREATE TABLE "probes" (
   "id" INTEGER PRIMARY KEY,
   "kind" TEXT NOT NULL,
   "key" TEXT NOT NULL,
   "report" TEXT NOT NULL,
   "probed_at" TEXT NOT NULL
);
INSERT INTO "probes" VALUES(1,'data','abc','{"rows": 3}','2026-11-20T23:30:29+00:00');
CREATE TABLE "runs" (
   "id" INTEGER PRIMARY KEY,
   "kind" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "digest" TEXT NOT NULL,
   "plan" TEXT NOT NULL,
   "trials" INTEGER NOT NULL,
   "status" TEXT NOT NULL,
   "device" TEXT,
   "forecast" TEXT,
   "result" TEXT,
   "machine" TEXT,
   "events" TEXT,
   "folder" TEXT,
   "started_at" TEXT NOT NULL,
   "ended_at" TEXT
, "data" TEXT, "eval" TEXT, "model" TEXT);
CREATE TABLE "trials" (
   "id" INTEGER PRIMARY KEY,
   "run_id" INTEGER NOT NULL REFERENCES "runs"("id"),
   "digest" TEXT NOT NULL,
   "label" TEXT NOT NULL,
   "status" TEXT NOT NULL,
   "seconds" REAL,
   "spec" TEXT,
   "result" TEXT,
   "reason" TEXT,
   "finished_at" TEXT NOT NULL
);
CREATE TABLE "verdicts" (
   "id" INTEGER PRIMARY KEY,
   "brief_id" INTEGER NOT NULL REFERENCES "briefs"("id"),
   "verdict" TEXT NOT NULL,
   "arm" TEXT,
   "p_best" REAL,
   "as_of" TEXT,
   "program" TEXT,
   "digest" TEXT NOT NULL,
   "record" TEXT NOT NULL,
   "decided_at" TEXT NOT NULL
);
INSERT INTO "verdicts" VALUES(1,1,'tune','tune/lora@m',0.75,'2026-11-20','0.1.0','c9dca30088fb51c60eebff8dbbddb7276f15b9ae848a86826896ab8a01ae0f6a','{"schema": 1}','2026-11-20T23:30:29+00:00');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX "idx_briefs_path_digest"
    ON "briefs" ("path", "digest");
CREATE INDEX "idx_briefs_name"
    ON "briefs" ("name");
CREATE UNIQUE INDEX "idx_probes_kind_key"
    ON "probes" ("kind", "key");
CREATE INDEX "idx_verdicts_brief_id"
    ON "verdicts" ("brief_id");
CREATE VIEW "history" AS select verdicts.id, briefs.id as brief_id, briefs.name, briefs.path, verdicts.verdict, verdicts.arm, verdicts.p_best, verdicts.as_of, verdicts.program, verdicts.decided_at from verdicts join briefs on briefs.id = verdicts.brief_id;
CREATE INDEX "idx_runs_digest"
    ON "runs" ("digest");
CREATE UNIQUE INDEX "idx_trials_run_id_digest"
    ON "trials" ("run_id", "digest");
CREATE INDEX "idx_actuals_what"
    ON "actuals" ("what");
CREATE INDEX "idx_runs_data"
    ON "runs" ("data");
COMMIT;
