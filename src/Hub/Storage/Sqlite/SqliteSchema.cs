namespace IntegrationHub.Storage.Sqlite;

/// <summary>The tables of the embedded store. Rows that are probed often are kept apart from the bytes they lead to.</summary>
internal static class SqliteSchema
{
    public const int Version = 7;

    /// <summary>Sizes that cannot be changed once the file exists.</summary>
    public const string BeforeCreation = "PRAGMA page_size=16384; PRAGMA auto_vacuum=NONE;";

    /// <summary>For every connection. FULL: a committed batch survives a power cut, not only a crash of the process.</summary>
    public const string Connection = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;
        PRAGMA foreign_keys=OFF; PRAGMA recursive_triggers=OFF; PRAGMA trusted_schema=OFF;
        """;

    public static string Tables => Plain
        // In order of their numbers within a stream, so that new ones come at the end and pages of a stream need no sort.
        + $"CREATE INDEX records_live ON records(stream) WHERE state<>{(int)RecordState.Deleted};"
        + SqliteLevels.Create("sources", "stream INTEGER NOT NULL, source_id TEXT NOT NULL, record INTEGER NOT NULL", "stream, source_id")
        + SqliteLevels.Create("keys", "kind INTEGER NOT NULL, value TEXT NOT NULL, entity INTEGER NOT NULL, refs INTEGER NOT NULL", "kind, value, entity")
        + SqliteLevels.Create("profile_hashes", "hash INTEGER NOT NULL, profile INTEGER NOT NULL", "hash, profile")
        + SqliteLevels.Create("candidates", "kind INTEGER NOT NULL, value INTEGER NOT NULL, profile INTEGER NOT NULL", "kind, value, profile")
        + SqliteLevels.Create("links", "kind INTEGER NOT NULL, value TEXT NOT NULL, name INTEGER NOT NULL, source INTEGER NOT NULL", "kind, value, name, source");

    private const string Plain = """
        CREATE TABLE names(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name));
        CREATE TABLE records(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, source_id TEXT NOT NULL, parent INTEGER NOT NULL, hash BLOB, version TEXT,
          state INTEGER NOT NULL, mapping INTEGER NOT NULL, observed INTEGER NOT NULL, seen INTEGER NOT NULL);
        CREATE INDEX records_parent ON records(parent, source_id) WHERE parent<>0;
        CREATE TABLE bodies(id INTEGER PRIMARY KEY, body BLOB, metadata BLOB);
        CREATE TABLE contributions(id INTEGER PRIMARY KEY, record INTEGER NOT NULL, type INTEGER NOT NULL, key TEXT NOT NULL, connection INTEGER NOT NULL,
          entity INTEGER NOT NULL, home INTEGER NOT NULL, owns INTEGER NOT NULL, observed INTEGER NOT NULL, mapping INTEGER NOT NULL, body BLOB);
        CREATE INDEX contributions_record ON contributions(record);
        CREATE INDEX contributions_entity ON contributions(entity) WHERE body IS NOT NULL;
        CREATE TABLE entity_keys(entity INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY(entity, kind, value)) WITHOUT ROWID;
        CREATE TABLE entities(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, state INTEGER NOT NULL, merged_into INTEGER NOT NULL, version INTEGER NOT NULL,
          change INTEGER NOT NULL, contributions INTEGER NOT NULL, chained INTEGER NOT NULL, origins BLOB);
        CREATE INDEX entities_type ON entities(type, id) WHERE state=0;
        CREATE TABLE profiles(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL, listed BLOB);
        CREATE TABLE holders(profile INTEGER NOT NULL, entity INTEGER NOT NULL, refs INTEGER NOT NULL, PRIMARY KEY(profile, entity)) WITHOUT ROWID;
        CREATE TABLE contested(entity INTEGER PRIMARY KEY, component INTEGER NOT NULL);
        CREATE INDEX contested_component ON contested(component);
        CREATE TABLE decisions(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
          sides TEXT NOT NULL, evidence TEXT NOT NULL, undone INTEGER NOT NULL);
        CREATE TABLE decision_keys(type INTEGER NOT NULL, key TEXT NOT NULL, decision INTEGER NOT NULL, PRIMARY KEY(type, key, decision)) WITHOUT ROWID;
        CREATE INDEX entities_merged ON entities(merged_into) WHERE merged_into<>0;
        CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, tokenize="ascii");
        INSERT INTO search(search, rank) VALUES('pgsz', 16000), ('automerge', 8);
        CREATE TABLE changes(seq INTEGER PRIMARY KEY, entity INTEGER NOT NULL, type INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, run INTEGER NOT NULL,
          mapping INTEGER NOT NULL, records TEXT NOT NULL, body BLOB NOT NULL);
        CREATE INDEX changes_entity ON changes(entity, seq);
        CREATE TABLE rejected(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, record INTEGER NOT NULL, place TEXT NOT NULL, rule TEXT NOT NULL, path TEXT NOT NULL,
          found TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, run INTEGER NOT NULL, body BLOB);
        CREATE INDEX rejected_stream ON rejected(stream, id);
        CREATE INDEX rejected_record ON rejected(record) WHERE record<>0;
        CREATE TABLE streams(id INTEGER PRIMARY KEY, cursor TEXT);
        CREATE TABLE runs(id INTEGER PRIMARY KEY, connection TEXT NOT NULL, stream TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, started INTEGER NOT NULL,
          ended INTEGER NOT NULL, statement TEXT NOT NULL, error TEXT);
        CREATE TABLE callbacks(id INTEGER PRIMARY KEY, connection INTEGER NOT NULL, stream TEXT NOT NULL, event TEXT NOT NULL, subject TEXT NOT NULL, body BLOB,
          received INTEGER NOT NULL, error TEXT);
        CREATE TABLE callback_ids(connection INTEGER NOT NULL, event TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(connection, event)) WITHOUT ROWID;
        CREATE INDEX callback_ids_at ON callback_ids(at);
        CREATE TABLE actions(connection INTEGER NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(connection, key)) WITHOUT ROWID;
        CREATE TABLE deliveries(subscription INTEGER NOT NULL, seq INTEGER NOT NULL, entity INTEGER NOT NULL, previous INTEGER NOT NULL, parked INTEGER NOT NULL,
          attempts INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(subscription, seq)) WITHOUT ROWID;
        CREATE INDEX deliveries_next ON deliveries(subscription, next) WHERE parked=0;
        CREATE INDEX deliveries_entity ON deliveries(subscription, entity, seq) WHERE parked=0;
        CREATE TABLE timers(rule INTEGER NOT NULL, entity INTEGER NOT NULL, seq INTEGER NOT NULL, previous INTEGER NOT NULL, due INTEGER NOT NULL, PRIMARY KEY(rule, entity)) WITHOUT ROWID;
        CREATE INDEX timers_due ON timers(due);
        CREATE TABLE effects(rule INTEGER NOT NULL, connection INTEGER NOT NULL, effect TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(rule, connection, effect, at)) WITHOUT ROWID;
        CREATE INDEX effects_at ON effects(at);
        CREATE TABLE documents(kind TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY(kind, name)) WITHOUT ROWID;
        CREATE TABLE log_entries(seq INTEGER PRIMARY KEY, act INTEGER NOT NULL, at INTEGER NOT NULL, indexed INTEGER NOT NULL, hash BLOB NOT NULL, entry BLOB NOT NULL);
        CREATE TABLE log_subjects(subject INTEGER PRIMARY KEY, id TEXT NOT NULL, key BLOB, commitment BLOB NOT NULL);
        CREATE TABLE log_index(part INTEGER NOT NULL, subject INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(part, subject, seq)) WITHOUT ROWID;
        CREATE TABLE log_bundles(idx INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL, terms TEXT NOT NULL);
        CREATE TABLE log_tiles(level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY(level, idx));
        CREATE TABLE log_heads(size INTEGER PRIMARY KEY, at INTEGER NOT NULL, note TEXT NOT NULL, published INTEGER NOT NULL);
        """;
}
