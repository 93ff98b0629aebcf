namespace IntegrationHub.Sdk.Http;

/// <summary>How often an account may be called.</summary>
public sealed record CallBudgetOptions
{
    /// <summary>Calls in one <see cref="Window"/>.</summary>
    /// <value>Default 600.</value>
    public int Calls { get; init; } = 600;

    /// <summary>The time that <see cref="Calls"/> are counted over.</summary>
    /// <value>Default one minute.</value>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Calls that may go out at once after a pause; the rest is spread evenly.</summary>
    /// <value>Default 20.</value>
    public int Burst { get; init; } = 20;

    /// <summary>Calls under way at the same time.</summary>
    /// <value>Default 4.</value>
    public int Concurrency { get; init; } = 4;

    /// <summary>The longest wait inside a call; a longer one is told as <see cref="ConnectorErrorKind.RateLimited"/>, so that the run can commit and wait.</summary>
    /// <value>Default 10 seconds.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The calls one account of a vendor allows, shared by every sync, callback and action of the process that uses the account. Calls are spread evenly
/// (generic cell rate algorithm), and all of them wait when the vendor asked one of them to.
/// </summary>
public sealed class CallBudget : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _slots;
    private readonly CallBudgetOptions _options;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private DateTimeOffset _next = DateTimeOffset.UnixEpoch;
    private DateTimeOffset _pausedUntil = DateTimeOffset.UnixEpoch;

    /// <summary>Creates a budget that nothing has been taken of.</summary>
    public CallBudget(CallBudgetOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Calls);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Burst);
        _options = options;
        _time = time;
        _interval = options.Window / options.Calls;
        _slots = new(options.Concurrency, options.Concurrency);
    }

    /// <summary>Waits until a call may be made; dispose the answer when the call has ended.</summary>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.RateLimited"/> when the wait would be longer than <see cref="CallBudgetOptions.LongestWait"/>.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A pause may have begun while this call waited for its turn.
            while (Reserve() is { } wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
            return new Slot(_slots);
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    /// <summary>The vendor asked for silence: nobody calls before it is over.</summary>
    public void PauseFor(TimeSpan pause)
    {
        lock (_lock)
        {
            var until = _time.GetUtcNow() + pause;
            if (until > _pausedUntil)
                _pausedUntil = until;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    /// <summary>Takes a call, or says how long to wait before asking again.</summary>
    private TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var earliest = _next - _interval * _options.Burst;
            var wait = (earliest > _pausedUntil ? earliest : _pausedUntil) - now;
            if (wait > _options.LongestWait)
                throw new ConnectorException(ConnectorErrorKind.RateLimited, "the account's calls are used up; the vendor asked for a pause or the budget is spent") { RetryAfter = wait };
            if (wait > TimeSpan.Zero)
                return wait;
            _next = (_next > now ? _next : now) + _interval;
            return TimeSpan.Zero;
        }
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        private SemaphoreSlim? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.Release();
    }
}

/// <summary>The budgets of a process, one for each account.</summary>
/// <param name="time">The clock to count by.</param>
public sealed class CallBudgets(TimeProvider time)
{
    private readonly Dictionary<string, CallBudget> _byAccount = new(StringComparer.Ordinal);

    /// <summary>The budget of an account. All who name the same account share it; the options of the first one hold.</summary>
    /// <param name="account">What the vendor counts by, such as <c>wecom:CORPID</c>. Kept in memory only.</param>
    /// <param name="options">What the vendor allows.</param>
    public CallBudget For(string account, CallBudgetOptions options)
    {
        lock (_byAccount)
            return _byAccount.TryGetValue(account, out var budget) ? budget : _byAccount[account] = new(options, time);
    }
}
