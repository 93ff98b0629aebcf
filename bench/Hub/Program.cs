using System.Globalization;
using BenchmarkDotNet.Running;
using IntegrationHub.Bench.AmqpDelivery;
using IntegrationHub.Bench.Api;
using IntegrationHub.Bench.Data;
using IntegrationHub.Bench.Delivery;
using IntegrationHub.Bench.Feed;
using IntegrationHub.Bench.Http;
using IntegrationHub.Bench.Ideal;
using IntegrationHub.Bench.Identity;
using IntegrationHub.Bench.Micro;
using IntegrationHub.Bench.Pipeline;
using IntegrationHub.Bench.SovereigntyLog;

const string Usage = """
    generate wecom|ocds|ocds-small COUNT FILE   deterministic records, one JSON line each
    generate-customers COUNT SEED FOLDER        customer records with the truth, for 'hub identity evaluate'
    upserts RECORDS FOLDER COUNT [GROUP ...]    customer records into the embedded store, the last in groups of 1, 16 and 64 to a commit
    ideal-map IN OUT                            the hand-written limit of 'hub map --flat'
    map-in-process IN FOLDER RUNS               the mapping engine and the hand-written limit in turn, one thread; outputs go to FOLDER
    ideal-store IN DB KEY                       the plain limit of 'hub sync'; KEY is the member that names a record
    pipeline IN FOLDER [twice] [without-log]    syncs WeCom contacts, of a file or of the address of serve-pages, into the embedded store in FOLDER
    log ENTRIES FOLDER                          fills a sovereignty log, signs it meanwhile, then proves and verifies
    api FILE FOLDER SECONDS                     reads of the API over HTTP while two writers are busy; the store of contacts in FOLDER is loaded from FILE when it is empty
    amqp URL USER PASSWORD COUNT RUNS FOLDER    durable messages to a RabbitMQ (bench/rabbitmq.sh), by AMQPNetLite alone, the sink, and a whole subscription in turn
    delivery COUNT RUNS FOLDER                  changes of a store through dispatcher and webhook, and HttpClient alone in turn; then the latency at 500 changes/s
    webhooks COUNT [RUNS] [structured|binary]   the webhook sink against HttpClient alone, COUNT requests a run, 16 in flight
    feed FILE FOLDER RUNS [without-log]         the change feed over HTTP against a bare endpoint with the same bytes; the store in FOLDER is loaded from FILE when it is empty
    serve-pages IN [PORT] [DELAY]               answers GET /contacts?cursor=K&limit=L with the lines of a file, DELAY ms after being asked; writes its address
    ideal-http URL DB [PAGE]                    the hand-written limit of 'hub sync' from such a server
    parse IN                                    reads every line with Utf8JsonReader, nothing else
    same A B LINES                              whether the first lines of two files are equal as JSON
    micro [BenchmarkDotNet options]             the micro benchmarks; --job short --inProcess unless said otherwise
    """;

switch (args)
{
    case ["generate", var kind, var count, var file]:
        return Generate.Write(kind, int.Parse(count, CultureInfo.InvariantCulture), file);
    case ["generate-customers", var count, var seed, var folder]:
        return CustomerRecords.Write(int.Parse(count, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), folder);
    case ["upserts", var records, var folder, var count, .. var groups]:
        return await UpsertRun.RunAsync(records, folder, int.Parse(count, CultureInfo.InvariantCulture), groups.Length == 0 ? [1, 16, 64] : [.. groups.Select(g => int.Parse(g, CultureInfo.InvariantCulture))]);
    case ["ideal-map", var input, var output]:
        return IdealMap.Run(input, output);
    case ["map-in-process", var input, var folder, var runs]:
        return MapInProcess.Run(input, folder, int.Parse(runs, CultureInfo.InvariantCulture), RecordBenchmarks.Plan());
    case ["ideal-store", var input, var database, var key]:
        return IdealStore.Run(input, database, key);
    case ["pipeline", var input, var folder, .. var how]:
        return await PipelineRun.RunAsync(input, folder, how.Contains("twice"), !how.Contains("without-log"));
    case ["api", var input, var folder, var seconds]:
        return await ApiRun.RunAsync(input, folder, int.Parse(seconds, CultureInfo.InvariantCulture));
    case ["log", var entries, var folder]:
        return await LogRun.RunAsync(long.Parse(entries, CultureInfo.InvariantCulture), folder);
    case ["amqp", var url, var user, var password, var count, var runs, var folder]:
        return await AmqpRun.RunAsync(new Uri(url), user, password, int.Parse(count, CultureInfo.InvariantCulture), int.Parse(runs, CultureInfo.InvariantCulture), folder);
    case ["webhooks", var count, .. var more]:
        return await WebhookRun.RunAsync(int.Parse(count, CultureInfo.InvariantCulture), more is [var repeats, ..] ? int.Parse(repeats, CultureInfo.InvariantCulture) : 5, more is [_, var mode] ? mode : "structured");
    case ["delivery", var count, var runs, var folder]:
        return await DeliveryRun.RunAsync(int.Parse(count, CultureInfo.InvariantCulture), int.Parse(runs, CultureInfo.InvariantCulture), folder);
    case ["feed", var input, var folder, var runs, .. var how]:
        return await FeedRun.RunAsync(input, folder, int.Parse(runs, CultureInfo.InvariantCulture), !how.Contains("without-log"));
    case ["serve-pages", var input, .. var more]:
        return await PageServer.RunAsync(input, more is [var port, ..] ? int.Parse(port, CultureInfo.InvariantCulture) : 0, more is [_, var delay] ? int.Parse(delay, CultureInfo.InvariantCulture) : 0);
    case ["ideal-http", var url, var database, .. var more]:
        return await IdealHttp.RunAsync(new(url), database, more is [var size] ? int.Parse(size, CultureInfo.InvariantCulture) : 1_000);
    case ["parse", var input]:
        return ParseOnly.Run(input);
    case ["same", var left, var right, var lines]:
        return SameJson.Run(left, right, int.Parse(lines, CultureInfo.InvariantCulture));
    case ["micro", .. var options]:
        string[] all = options.Contains("--job") ? options : ["--job", "short", "--inProcess", .. options];
        BenchmarkSwitcher.FromAssembly(typeof(Generate).Assembly).Run(options.Contains("--filter") ? all : [.. all, "--filter", "*"]);
        return 0;
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
