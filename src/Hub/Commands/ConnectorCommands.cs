using System.CommandLine;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Connections.Recordings;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub connectors</c>, <c>hub check</c>, <c>hub read</c>.</summary>
internal static class ConnectorCommands
{
    public static Command Connectors()
    {
        var id = new Argument<string>("id") { Description = "Id of the connector, or the path of a manifest file." };
        var show = new Command("show", "Show a connector: its streams and settings.") { id };
        show.SetAction((parsed, _) =>
        {
            Show(parsed, Find(parsed, parsed.GetValue(id)!).Manifest);
            return Task.FromResult(Exit.Ok);
        });
        var command = new Command("connectors", "List the connectors.") { show, Validate() };
        command.SetAction((parsed, _) =>
        {
            var registry = CommandWorkspace.Connectors(parsed);
            var all = registry.All.Select(c => c.Manifest);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), all.Select(m => new { id = m.Id, title = m.Title, family = m.Family.ToString().ToLowerInvariant(), streams = m.Streams.Select(s => s.Name) }));
            else
                Printing.Table(parsed.Out(), ["id", "title", "family", "streams"], all.Select(m => (IReadOnlyList<string>)[m.Id, m.Title, m.Family.ToString().ToLowerInvariant(), string.Join(", ", m.Streams.Select(s => s.Name))]));
            foreach (var failure in registry.Failures)
                parsed.Error().WriteLine($"{failure.Folder} could not be loaded: {failure.Reason}");
            return Task.FromResult(registry.Failures.Count == 0 ? Exit.Ok : Exit.Problems);
        });
        return command;
    }

    private static Command Validate()
    {
        var files = new Argument<FileInfo[]>("files") { Description = "Manifest files of declarative connectors.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("validate", "Check manifest files of declarative connectors: every fault with its line and column.") { files };
        command.SetAction((parsed, _) =>
        {
            var faults = new List<Diagnostic>();
            foreach (var file in parsed.GetValue(files)!)
                try
                {
                    DeclarativeFolder.Read(file.FullName, CommandWorkspace.Codes(parsed));
                    parsed.Out().WriteLine($"{file}: ok");
                }
                catch (InvalidFileException e)
                {
                    faults.AddRange(e.Faults);
                }

            return faults.Count == 0 ? Task.FromResult(Exit.Ok) : throw new InvalidFileException(faults);
        });
        return command;
    }

    /// <summary>A connector by its id, or by the path of its manifest file, which need not be in its folder yet.</summary>
    private static IConnector Find(ParseResult parsed, string id) => id.EndsWith(".yaml", StringComparison.Ordinal)
        ? DeclarativeFolder.Read(Path.GetFullPath(id), CommandWorkspace.Codes(parsed))
        : CommandWorkspace.Connectors(parsed).Get(id);

    public static Command Check()
    {
        var connection = new Argument<string>("connection") { Description = "Name of the connection in hub.yaml." };
        var command = new Command("check", "Test a connection: settings, secrets, and whether the system answers. Moves no data.") { connection };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var config = workspace.Connection(parsed.GetValue(connection)!);
            await using var open = await workspace.OpenAsync(config, cancel);
            if (open.Connection is ICheckConnection check)
                await workspace.Supervisor.CallAsync(open.Supervised, "the check", async stop =>
                {
                    await check.CheckAsync(stop);
                    return true;
                }, cancel);
            var manifest = open.Connector.Manifest;
            foreach (var stream in manifest.Streams.Where(s => workspace.PlanFor(manifest.Id, s.Name) is null))
                parsed.Error().WriteLine($"no mapping is in force for {manifest.Id}/{stream.Name}: its records would not be read");
            parsed.Out().WriteLine($"{config.Name}: ok");
            return Exit.Ok;
        });
        return command;
    }

    public static Command Read()
    {
        var id = new Argument<string>("connector") { Description = "Id of the connector, or the path of a manifest file." };
        var file = new Option<FileInfo>("--config") { Description = "YAML file with the connection's settings (what stands under 'config:' in hub.yaml).", Required = true };
        var streamName = new Option<string?>("--stream") { Description = "Which stream. Default: the first." };
        var limit = new Option<int>("--limit") { Description = "Stop after this many records; 0 reads to the end.", DefaultValueFactory = _ => 10 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on from this checkpoint." };
        var assemble = new Option<bool>("--assemble") { Description = "Print what mappings see: the documents assembled from the records of each group, at the end." };
        var record = new Option<DirectoryInfo?>("--record") { Description = "Keep what is exchanged with the system in this folder, for tests, with secrets and personal values masked. Reads to the end; --limit only limits what is shown." };
        var command = new Command("read", "Run one connector alone: prints records and checkpoints as JSON Lines. No hub, no store.") { id, file, streamName, limit, cursor, assemble, record };
        command.SetAction((parsed, cancel) => ReadAsync(parsed, parsed.GetValue(id)!, parsed.GetValue(file)!, parsed.GetValue(streamName), parsed.GetValue(limit), parsed.GetValue(cursor), parsed.GetValue(assemble), parsed.GetValue(record), cancel));
        return command;
    }

    private static async Task<int> ReadAsync(ParseResult parsed, string id, FileInfo file, string? streamName, int limit, string? cursor, bool assemble, DirectoryInfo? folder, CancellationToken cancel)
    {
        var connector = Find(parsed, id);
        var diagnostics = new Diagnostics(file.ToString());
        if (!file.Exists)
            diagnostics.Add(1, 1, "there is no such file");
        diagnostics.ThrowIfAny();
        var node = YamlNode.Parse(await File.ReadAllTextAsync(file.FullName, cancel), diagnostics);
        diagnostics.ThrowIfAny();
        using var raw = JsonDocument.Parse(YamlJson.Write(node!));
        var root = Path.GetDirectoryName(file.FullName)!;
        var config = new ConnectionConfig("read", id, raw.RootElement, null, null, 1);
        var settings = await SecretReferences.ResolveAsync(config, connector.Manifest, root, secrets: null, cancel);
        using var logs = LoggerFactory.Create(l => l.AddSimpleConsole());
        var request = new ReadRequest(streamName ?? connector.Manifest.Streams[0].Name) { Cursor = cursor };
        var recording = folder is null ? null : new Recording(connector.Manifest, request.Stream, settings);
        await using var connection = connector.Open(new() { Name = "read", Settings = settings, ContentRoot = root, CreateHttpClient = () => ConnectorHttp.CreateClient(around: recording?.Handler()), Log = logs.CreateLogger(id) });
        if (connection is not IReadRecords reader)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"connector '{id}' reads no records");

        var records = 0;
        var groups = new SortedDictionary<string, List<KeptRecord>>(StringComparer.Ordinal);
        await foreach (var item in reader.ReadAsync(request, cancel))
        {
            if (item is SourceRecord && limit > 0 && records >= limit)
            {
                // A page that is kept holds more records than are shown, and their personal values have to be known too.
                recording!.Met((SourceRecord)item);
                continue;
            }

            if (item is BadRecord)
                recording?.MetUnreadable();
            if (!assemble)
                parsed.Out().WriteLine(Line(item));
            else if (item is SourceRecord { Group: { } group } part)
                (groups.TryGetValue(group, out var parts) ? parts : groups[group] = []).Add(new(part.Id, part.Body, part.Metadata));
            if (item is SourceRecord record)
                recording?.Met(record);
            if (item is SourceRecord && ++records == limit && recording is null)
                break;
        }

        if (recording is not null)
            parsed.Error().WriteLine($"{recording.Write(folder!.FullName)} exchange(s) kept in {folder}; look through them before they go into a repository");

        if (assemble && connection is not IAssembleRecords)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"stream '{request.Stream}' of '{id}' is not assembled; leave --assemble out");
        foreach (var (group, parts) in groups)
            parsed.Out().WriteLine(Encoding.UTF8.GetString(((IAssembleRecords)connection).Assemble(request.Stream, group, [.. parts.OrderBy(p => p.Id, StringComparer.Ordinal)]).Span));
        return Exit.Ok;
    }

    private static string Line(StreamItem item)
    {
        static string Text(string? text) => JsonSerializer.Serialize(text, Printing.Json);
        return item switch
        {
            SourceRecord r => $"{{\"record\":{Text(r.Id)}{(r.Group is null ? "" : $",\"group\":{Text(r.Group)}")},\"body\":{Encoding.UTF8.GetString(r.Body.Span)}}}",
            DeletedRecord d => $"{{\"deleted\":{Text(d.Id)}}}",
            BadRecord b => $"{{\"bad\":{Text(b.Position)},\"reason\":{Text(b.Reason)},\"length\":{b.Length}}}",
            Checkpoint c => $"{{\"checkpoint\":{Text(c.Cursor)}}}",
            _ => "{}",
        };
    }

    private static void Show(ParseResult parsed, ConnectorManifest manifest)
    {
        var settings = Fields(manifest.Settings);
        if (parsed.WantsJson())
        {
            Printing.WriteJson(parsed.Out(), new
            {
                id = manifest.Id,
                title = manifest.Title,
                family = manifest.Family.ToString().ToLowerInvariant(),
                description = manifest.Description,
                region = manifest.Region,
                streams = manifest.Streams.Select(s => new { name = s.Name, description = s.Description, deletions = s.Deletions.ToString().ToLowerInvariant(), personalData = s.PersonalData }),
                actions = manifest.Actions.Select(a => new { name = a.Name, description = a.Description, personalData = a.PersonalData, input = Fields(a.Fields) }),
                callbacks = manifest.Callbacks,
                settings,
            });
            return;
        }

        var output = parsed.Out();
        output.WriteLine($"{manifest.Id}: {manifest.Title} ({manifest.Family.ToString().ToLowerInvariant()})\n{manifest.Description}\n\nStreams");
        Printing.Table(output, ["  name", "what", "personal data"], manifest.Streams.Select(s => (IReadOnlyList<string>)["  " + s.Name, s.Description, string.Join(", ", s.PersonalData)]));
        output.WriteLine("\nSettings");
        WriteFields(output, "  ", settings);
        foreach (var action in manifest.Actions)
        {
            output.WriteLine($"\nAction {action.Name}: {action.Description}");
            WriteFields(output, "  ", Fields(action.Fields));
        }

        if (manifest.Callbacks)
            output.WriteLine("\nReceives callbacks at /callbacks/CONNECTION");
    }

    private static void WriteFields(TextWriter output, string indent, IEnumerable<Field> fields) =>
        Printing.Table(output, [indent + "name", "type", ""], fields.Select(f => (IReadOnlyList<string>)[indent + f.Name, f.Type, (f.Required ? "required " : "") + (f.Secret ? "secret " : "") + f.Description + (f.Default is null ? "" : $" Default: {f.Default}.")]));

    private static IEnumerable<Field> Fields(IReadOnlyList<FieldManifest> fields) => fields.Select(f => new Field(f.Name, TypeName(f), f.Required, f.Secret, f.Description, f.Default));

    private sealed record Field(string Name, string Type, bool Required, bool Secret, string Description, string? Default);

    private static string TypeName(FieldManifest field) => field.Type switch
    {
        InputType.Integer or InputType.Number => "number",
        InputType.Flag => "true | false",
        InputType.Choice => string.Join(" | ", field.Choices),
        InputType.Duration => "duration (hh:mm:ss)",
        var type => type.ToString().ToLowerInvariant(),
    };
}
