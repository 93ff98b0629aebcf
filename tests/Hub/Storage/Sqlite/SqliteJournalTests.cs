using System.Text;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

public sealed class SqliteJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Notes => _folder.File("hub.db.notes");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Append_many_at_once_each_is_moved_once_and_in_order()
    {
        await using var store = Open();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => store.Journal.AppendAsync(Encoding.UTF8.GetBytes($"{i}"))));
        for (var i = 500; i < 600; i++)
            await store.Journal.AppendAsync(Encoding.UTF8.GetBytes($"{i}"));
        var moved = new List<string>();
        while (await MoveAsync(store, moved, 150) > 0)
        {
        }

        Assert.Equal(Enumerable.Range(0, 600).Select(i => $"{i}").Order(), moved.Order());
        Assert.Equal(Enumerable.Range(500, 100).Select(i => $"{i}"), moved.TakeLast(100));
    }

    [Fact]
    public async Task What_was_appended_outlives_the_process_and_what_was_not_committed_stays()
    {
        await using (var store = Open())
            await store.Journal.AppendAsync("a"u8.ToArray());
        await using (var store = Open())
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.Journal.MoveAsync(10, (_, _) => throw new InvalidOperationException(), Cancel));
            await store.Journal.AppendAsync("b"u8.ToArray());
        }

        await using var last = Open();
        var moved = new List<string>();
        await MoveAsync(last, moved);
        Assert.Equal(["a", "b"], moved);
    }

    [Fact]
    public async Task What_the_store_has_is_not_moved_again_by_one_that_died_before_it_could_be_deleted()
    {
        await using (var store = Open())
            await store.Journal.AppendAsync("a"u8.ToArray());
        File.Copy(Notes, Notes + ".before");
        var moved = new List<string>();
        await using (var store = Open())
            Assert.Equal(1, await MoveAsync(store, moved));
        File.Delete(Notes + "-wal");
        File.Move(Notes + ".before", Notes, overwrite: true);
        await using var again = Open();
        await again.Journal.AppendAsync("b"u8.ToArray());
        await MoveAsync(again, moved);
        Assert.Equal(["a", "b"], moved);
    }

    [Fact]
    public async Task Notes_of_a_new_file_are_moved_though_the_one_before_was_lost()
    {
        var moved = new List<string>();
        await using (var store = Open())
        {
            foreach (var note in new[] { "a", "b", "c" })
                await store.Journal.AppendAsync(Encoding.UTF8.GetBytes(note));
            await MoveAsync(store, moved);
        }

        File.Delete(Notes);
        await using var after = Open();
        await after.Journal.AppendAsync("d"u8.ToArray());
        await MoveAsync(after, moved);
        Assert.Equal(["a", "b", "c", "d"], moved);
    }

    [Fact]
    public async Task Notes_of_both_files_are_moved_in_the_order_they_were_appended_in_up_to_the_limit()
    {
        await using var store = Open();
        var journal = (SqliteJournal)store.Journal;
        var expected = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            // Two at once, which go into different files; those of the next round come after both.
            var pair = new[] { $"{i} a", $"{i} b" };
            await Task.WhenAll(pair.Select(n => journal.AppendAsync(Encoding.UTF8.GetBytes(n))));
            expected.Add($"{i}");
        }

        var moved = new List<string>();
        Assert.Equal(30, await MoveAsync(store, moved, 30));
        Assert.Equal(70, await MoveAsync(store, moved));
        Assert.Equal(0, await MoveAsync(store, moved));
        Assert.Equal(expected.SelectMany(i => new[] { i, i }), moved.Select(n => n.Split(' ')[0]));
        Assert.True(File.Exists(Notes) && File.Exists(Notes + "2"));
    }

    [Fact]
    public async Task Another_process_moves_what_this_one_appended_and_nothing_is_lost()
    {
        await using var store = Open();
        await using var other = Open();
        var moved = new List<string>();
        var expected = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            foreach (var process in new[] { store, other })
            {
                expected.Add($"{expected.Count}");
                await process.Journal.AppendAsync(Encoding.UTF8.GetBytes(expected[^1]));
            }

            await MoveAsync(i % 2 == 0 ? store : other, moved);
        }

        Assert.Equal(expected, moved);
    }

    [Fact]
    public async Task What_is_appended_while_others_are_moved_stays_for_the_next_time()
    {
        await using var store = Open();
        for (var i = 0; i < 300; i++)
            await store.Journal.AppendAsync(Encoding.UTF8.GetBytes($"{i}"));
        var late = Task.CompletedTask;
        Assert.Equal(300, await store.Journal.MoveAsync(1_000, (_, _) => late = store.Journal.AppendAsync("late"u8.ToArray()), Cancel));
        await late;
        var moved = new List<string>();
        await MoveAsync(store, moved);
        Assert.Equal(["late"], moved);
    }

    [Fact]
    public async Task What_was_moved_is_not_in_the_file_any_more()
    {
        await using (var store = Open())
        {
            await store.Journal.AppendAsync("contact-4711 was looked at"u8.ToArray());
            await MoveAsync(store, []);
        }

        Assert.Equal(-1, (await File.ReadAllBytesAsync(Notes, Cancel)).AsSpan().IndexOf("contact-4711"u8));
    }

    private SqliteStore Open() => SqliteStore.Open(new() { Path = _folder.File("hub.db") });

    private static async Task<int> MoveAsync(SqliteStore store, List<string> moved, int most = 1_000) =>
        await store.Journal.MoveAsync(most, (_, notes) => moved.AddRange(notes.Select(Encoding.UTF8.GetString)), Cancel);
}
