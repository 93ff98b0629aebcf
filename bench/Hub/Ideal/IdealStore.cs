using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Bench.Ideal;

/// <summary>
/// What a store has to do at the least: keep the raw record with its hash and put one row per record, in batches of 1,000 that survive a power cut.
/// No mapping, no identity, no fold, no search, no change feed.
/// </summary>
internal static class IdealStore
{
    private const int Batch = 1_000;

    public static int Run(string input, string file, string key)
    {
        using var lines = new Lines(input);
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, """
            PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;
            CREATE TABLE records(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL);
            CREATE TABLE entities(key TEXT PRIMARY KEY, record INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
            """);
        using var record = connection.CreateCommand();
        record.CommandText = "INSERT INTO records(hash, body) VALUES($hash, $body) RETURNING id";
        var hash = record.Parameters.Add("$hash", SqliteType.Blob);
        var body = record.Parameters.Add("$body", SqliteType.Blob);
        using var entity = connection.CreateCommand();
        entity.CommandText = "INSERT INTO entities(key, record, body) VALUES($key, $record, $body) ON CONFLICT(key) DO UPDATE SET record=excluded.record, body=excluded.body";
        var keyName = Encoding.UTF8.GetBytes(key);
        var keyValue = entity.Parameters.Add("$key", SqliteType.Text);
        var from = entity.Parameters.Add("$record", SqliteType.Integer);
        var golden = entity.Parameters.Add("$body", SqliteType.Blob);
        var records = 0;
        var more = true;
        while (more)
        {
            using var transaction = connection.BeginTransaction();
            record.Transaction = entity.Transaction = transaction;
            for (var i = 0; i < Batch && (more = lines.TryNext(out var line)); i++, records++)
            {
                var bytes = line.ToArray();
                hash.Value = SHA256.HashData(bytes);
                body.Value = golden.Value = bytes;
                from.Value = record.ExecuteScalar();
                keyValue.Value = KeyOf(bytes, keyName);
                entity.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        Console.Error.WriteLine($"{records} records");
        return 0;
    }

    private static string KeyOf(byte[] record, byte[] name)
    {
        var reader = new Utf8JsonReader(record);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read())
                return reader.GetString()!;
        return "";
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
