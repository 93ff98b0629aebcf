using System.Text.Json;
using IntegrationHub.Bench.Ideal;
using IntegrationHub.Json;

namespace IntegrationHub.Bench.Http;

/// <summary>
/// The whole way by hand: pages over HTTP, the next one asked for while one is worked on; each contact mapped by <see cref="IdealContact"/>; the record and a row with the twenty fields
/// put into <see cref="PlainStore"/>, a page to a transaction. No retries, no checks, no identity, no fold, no search, no change feed, no log.
/// </summary>
internal static class IdealHttp
{
    public static async Task<int> RunAsync(Uri address, string file, int size)
    {
        using var http = new HttpClient { BaseAddress = address };
        using var store = new PlainStore(file);
        var contact = new IdealContact();
        var mapped = new Utf8Output();
        var records = 0;
        var next = http.GetByteArrayAsync($"contacts?cursor=&limit={size}");
        while (next is not null)
        {
            var page = await next;
            var (places, cursor) = Split(page);
            next = cursor.Length == 0 ? null : http.GetByteArrayAsync($"contacts?cursor={Uri.EscapeDataString(cursor)}&limit={size}");
            store.Begin();
            foreach (var place in places)
            {
                var record = page[place];
                mapped.Clear();
                contact.Map(record, mapped);
                store.Put(IdealStore.KeyOf(record, "external_userid"u8), record, mapped.Written.ToArray());
            }

            store.Commit();
            records += places.Count;
        }

        Console.Error.WriteLine($"{records} records");
        return 0;
    }

    private static (List<Range> Places, string Cursor) Split(byte[] page)
    {
        var places = new List<Range>();
        var cursor = "";
        var reader = new Utf8JsonReader(page);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("external_contact_list"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    places.Add(start..(int)reader.BytesConsumed);
                }
            }
            else if (reader.ValueTextEquals("next_cursor"u8))
            {
                reader.Read();
                cursor = reader.GetString() ?? "";
            }
            else
            {
                reader.Read();
                reader.Skip();
            }

        return (places, cursor);
    }
}
