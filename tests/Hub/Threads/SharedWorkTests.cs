using System.Collections.Concurrent;
using IntegrationHub.Threads;

namespace IntegrationHub.Tests.Threads;

public sealed class SharedWorkTests
{
    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 8)]
    [InlineData(8, 8)]
    [InlineData(9, 8)]
    [InlineData(1_000, 1)]
    [InlineData(1_000, 7)]
    public async Task Every_item_is_done_once(int count, int piece)
    {
        var done = new int[count];
        await SharedWork.Start(count, piece, (from, to) =>
        {
            Assert.InRange(to - from, 1, piece);
            for (var i = from; i < to; i++)
                Interlocked.Increment(ref done[i]);
        }).FinishAsync();
        Assert.All(done, d => Assert.Equal(1, d));
    }

    [Fact(Timeout = 60_000)]
    public async Task Whoever_starts_it_does_all_of_it_when_no_other_thread_is_free()
    {
        using var threads = new RunThreads(0);
        using var free = new ManualResetEventSlim();
        var busy = Enumerable.Range(1, threads.MaximumConcurrencyLevel - 1).Select(_ => threads.RunAsync(() =>
        {
            free.Wait(TestContext.Current.CancellationToken);
            return Task.CompletedTask;
        })).ToList();
        var by = new ConcurrentBag<int>();
        await threads.RunAsync(async () =>
        {
            await SharedWork.Start(100, 1, (_, _) => by.Add(Environment.CurrentManagedThreadId)).FinishAsync();
            free.Set();
        });
        await Task.WhenAll(busy);
        Assert.Equal(100, by.Count);
        Assert.Single(by.Distinct());
    }

    [Fact(Timeout = 60_000)]
    public async Task Other_threads_help()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor has nobody to help");
        using var threads = new RunThreads(0);
        using var met = new Barrier(2);
        // Two pieces that wait for each other: one thread alone would never get past the first.
        await threads.RunAsync(() => SharedWork.Start(2, 1, (_, _) => met.SignalAndWait(TestContext.Current.CancellationToken)).FinishAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_finished_when_the_piece_that_another_thread_is_at_is_done()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor has nobody to help");
        using var threads = new RunThreads(0);
        using var met = new Barrier(2);
        using var goOn = new ManualResetEventSlim();
        await threads.RunAsync(async () =>
        {
            var starter = Environment.CurrentManagedThreadId;
            var finishing = SharedWork.Start(2, 1, (_, _) =>
            {
                met.SignalAndWait(TestContext.Current.CancellationToken);
                if (Environment.CurrentManagedThreadId != starter)
                    goOn.Wait(TestContext.Current.CancellationToken);
            }).FinishAsync();
            Assert.False(finishing.IsCompleted);
            goOn.Set();
            await finishing;
        });
    }

    [Fact]
    public async Task What_fails_is_told_when_all_is_done()
    {
        var done = 0;
        var work = SharedWork.Start(100, 1, (from, _) =>
        {
            Interlocked.Increment(ref done);
            if (from == 50)
                throw new InvalidDataException();
        });
        await Assert.ThrowsAsync<InvalidDataException>(work.FinishAsync);
        Assert.Equal(100, done);
    }

    [Fact]
    public async Task Work_may_wait_for_something_and_fail_afterwards()
    {
        var done = 0;
        var work = SharedWork.Start(20, 1, async (from, _) =>
        {
            await Task.Yield();
            Interlocked.Increment(ref done);
            if (from == 7)
                throw new InvalidDataException();
        });
        await Assert.ThrowsAsync<InvalidDataException>(work.FinishAsync);
        Assert.Equal(20, done);
    }
}
