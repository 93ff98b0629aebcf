using System.Collections.Concurrent;
using System.Globalization;
using IntegrationHub.Threads;

namespace IntegrationHub.Tests.Threads;

public sealed class RunThreadsTests
{
    private static bool IsOnThePool => Thread.CurrentThread.IsThreadPoolThread;

    [Fact]
    public async Task Work_stays_on_its_threads_after_each_await()
    {
        using var threads = new RunThreads(0);
        var where = new List<bool>();
        await threads.RunAsync(async () =>
        {
            where.Add(IsOnThePool);
            await Task.Run(() => where.Add(IsOnThePool), CancellationToken.None);
            where.Add(IsOnThePool);
            await Task.Yield();
            where.Add(IsOnThePool);
        });
        Assert.Equal([false, true, false, false], where);
    }

    [Fact]
    public async Task More_work_than_threads_each_in_parallel_ends()
    {
        using var threads = new RunThreads(0);
        var done = 0;
        var pooled = new ConcurrentBag<bool>();
        await Task.WhenAll(Enumerable.Range(0, threads.MaximumConcurrencyLevel * 4).Select(_ => threads.RunAsync(async () =>
        {
            Parallel.For(0, 100, new ParallelOptions { TaskScheduler = TaskScheduler.Current }, _ =>
            {
                pooled.Add(IsOnThePool);
                Interlocked.Increment(ref done);
            });
            await Task.Yield();
        })));
        Assert.Equal(threads.MaximumConcurrencyLevel * 400, done);
        Assert.DoesNotContain(true, pooled);
    }

    [Fact]
    public async Task What_fails_there_fails_for_whoever_waits()
    {
        using var threads = new RunThreads(0);
        await Assert.ThrowsAsync<InvalidDataException>(() => threads.RunAsync(() => throw new InvalidDataException()));
        Assert.Equal(1, await threads.RunAsync(() => Task.FromResult(1)));
    }

    [Fact]
    public async Task Threads_are_as_nice_as_told_and_others_are_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the system has no niceness of threads");
        var mine = Niceness();
        using var threads = new RunThreads(17);
        Assert.Equal(Math.Max(mine, 17), await threads.RunAsync(() => Task.FromResult(Niceness())));
        Assert.Equal(mine, Niceness());

        // Of the calling thread: field 19 of its line, counted behind the name in brackets.
        static int Niceness()
        {
            var line = File.ReadAllText("/proc/thread-self/stat");
            return int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Work_that_outlives_the_threads_goes_on_elsewhere()
    {
        var threads = new RunThreads(0);
        await threads.RunAsync(() => Task.CompletedTask);
        threads.Dispose();
        Assert.True(await threads.RunAsync(() => Task.FromResult(IsOnThePool)));
    }
}
