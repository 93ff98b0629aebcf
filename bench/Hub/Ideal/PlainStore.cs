using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Bench.Ideal;

/// <summary>The least a store has to do: keep the raw record with its hash and put one row per record, in transactions that survive a power cut.</summary>
internal sealed class PlainStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _record;
    private readonly SqliteCommand _entity;
    private SqliteTransaction? _transaction;

    public PlainStore(string file)
    {
        _connection = new($"Data Source={file};Pooling=False");
        _connection.Open();
        using var schema = Command("""
            PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;
            CREATE TABLE records(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL);
            CREATE TABLE entities(key TEXT PRIMARY KEY, record INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
            """);
        schema.ExecuteNonQuery();
        _record = Command("INSERT INTO records(hash, body) VALUES($hash, $body) RETURNING id", ("$hash", SqliteType.Blob), ("$body", SqliteType.Blob));
        _entity = Command(
            "INSERT INTO entities(key, record, body) VALUES($key, $record, $body) ON CONFLICT(key) DO UPDATE SET record=excluded.record, body=excluded.body",
            ("$key", SqliteType.Text), ("$record", SqliteType.Integer), ("$body", SqliteType.Blob));
    }

    public void Begin() => _record.Transaction = _entity.Transaction = _transaction = _connection.BeginTransaction();

    /// <param name="key">What the row is found by.</param>
    /// <param name="record">As the source said it.</param>
    /// <param name="body">Of the row.</param>
    public void Put(string key, byte[] record, byte[] body)
    {
        _record.Parameters[0].Value = SHA256.HashData(record);
        _record.Parameters[1].Value = record;
        _entity.Parameters[0].Value = key;
        _entity.Parameters[1].Value = _record.ExecuteScalar();
        _entity.Parameters[2].Value = body;
        _entity.ExecuteNonQuery();
    }

    public void Commit()
    {
        _transaction!.Commit();
        _transaction.Dispose();
        _transaction = null;
    }

    public void Dispose()
    {
        _transaction?.Dispose();
        _record.Dispose();
        _entity.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Command(string text, params (string Name, SqliteType Type)[] parameters)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // The texts above.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (var (name, type) in parameters)
            command.Parameters.Add(name, type);
        return command;
    }
}
