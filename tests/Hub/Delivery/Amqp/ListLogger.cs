using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>Keeps what is logged, as a person would read it.</summary>
internal sealed class ListLogger : ILogger
{
    private readonly Channel<string> _new = Channel.CreateUnbounded<string>();

    public ConcurrentQueue<string> Lines { get; } = new();

    public ValueTask<string> NextAsync() => _new.Reader.ReadAsync(AmqpRig.Cancel);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = formatter(state, exception) + exception;
        Lines.Enqueue(line);
        _new.Writer.TryWrite(line);
    }
}
