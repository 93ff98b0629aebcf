namespace IntegrationHub.Connections.Runs;

/// <summary>Messages of runs; no values of records, ever.</summary>
internal static partial class RunLog
{
    [LoggerMessage(1, LogLevel.Warning, "run {Run} of {Stream}: {Reason}; going on from the last commit in {Wait}")]
    public static partial void Retrying(ILogger log, string stream, long run, string reason, TimeSpan wait);

    [LoggerMessage(2, LogLevel.Error, "run {Run} of {Stream} failed: {Reason}")]
    public static partial void Failed(ILogger log, string stream, long run, string reason);

    [LoggerMessage(3, LogLevel.Critical, "run {Run} of {Stream} met a fault of the hub: {Type} {Place}")]
    public static partial void Bug(ILogger log, string stream, long run, string type, string? place);

    [LoggerMessage(4, LogLevel.Warning, "run {Run} of {Stream}: {Unseen} of {Live} records were not in the source; their deletion waits for 'hub quarantine approve'")]
    public static partial void Quarantined(ILogger log, string stream, long run, long unseen, long live);

    [LoggerMessage(5, LogLevel.Information, "run {Run} of {Stream} {State}: {Statement}")]
    public static partial void Ended(ILogger log, string stream, long run, string state, string statement);

    [LoggerMessage(6, LogLevel.Information, "{Stream}: another run has it in hand")]
    public static partial void Busy(ILogger log, string stream);
}
