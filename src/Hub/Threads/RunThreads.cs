using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace IntegrationHub.Threads;

/// <summary>
/// Threads of their own for what runs do as long as there are records: map, fold and commit. The system prefers all others to them, so that a request does not wait for a core,
/// nor in the queue of the pool. There are as many as cores, so what runs here must be the hub's own and wait for nothing but the disk; a connector's code, which may wait for whatever it
/// likes, stays on the pool.
/// </summary>
/// <param name="niceness">From 0, no preference, to 19, where they get next to nothing while others are busy. On Linux; elsewhere anything above 0 is a priority below normal, as far as the system has one.</param>
public sealed partial class RunThreads(int niceness) : TaskScheduler, IDisposable
{
    private const int OneThread = 0;
    private const int Caller = 0;

    [ThreadStatic]
    private static RunThreads? _mine;

    private readonly BlockingCollection<Task> _tasks = [];
    private readonly Lock _lock = new();
    private bool _started;

    public override int MaximumConcurrencyLevel { get; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Runs work here, with what comes after each of its awaits.</summary>
    public Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <inheritdoc cref="RunAsync(Func{Task})"/>
    public Task<T> RunAsync<T>(Func<Task<T>> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Lets the threads end when nothing is left to do.</summary>
    public void Dispose()
    {
        lock (_lock)
            _tasks.CompleteAdding();
    }

    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            if (!_tasks.IsAddingCompleted)
            {
                Start();
                _tasks.Add(task);
                return;
            }
        }

        // A run that did not end in time and was left behind: it is about to find its store closed.
        ThreadPool.UnsafeQueueUserWorkItem(left => TryExecuteTask(left), task, preferLocal: false);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => _mine == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Start()
    {
        for (var i = 0; !_started && i < MaximumConcurrencyLevel; i++)
            new Thread(Work) { IsBackground = true, Name = $"hub runs {i}" }.UnsafeStart();
        _started = true;
    }

    private void Work()
    {
        _mine = this;
        GiveWay();
        foreach (var task in _tasks.GetConsumingEnumerable())
            TryExecuteTask(task);
    }

    private void GiveWay()
    {
        if (niceness == 0)
            return;
        if (!OperatingSystem.IsLinux())
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
            return;
        }

        try
        {
            // Refused only where the whole process is nicer already.
            _ = SetPriority(OneThread, Caller, niceness);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library by another name: they run as all others do.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int niceness);
}
