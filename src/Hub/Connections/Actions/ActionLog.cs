using System.Collections;
using System.Reflection;
using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Actions;

/// <summary>Who has an action carried out, as the sovereignty log names them.</summary>
/// <param name="Actor">An API key or an operator.</param>
/// <param name="Address">A commitment to the network address that asked, where there is one.</param>
public sealed record Caller(string Actor, string? Address);

/// <summary>
/// Tells the sovereignty log of an action: once before anything goes to the vendor, with the names of the fields that go, and once when it is known how it
/// ended. A call that broke off has the first alone.
/// </summary>
internal sealed class ActionLog(Workspace workspace, ConnectionConfig config, ConnectorManifest connector, ActionManifest action, string key, Caller caller)
{
    private LogEntry Entry => new(LogAction.Act, caller.Actor)
    {
        Address = caller.Address,
        Purpose = config.Purpose,
        LegalBasis = config.LegalBasis,
    };

    private LogPlace Vendor => new(config.Name, config.Region ?? connector.Region);

    // The key of an action is its caller's text, which may be anything.
    private (string, string)[] About => [("action", action.Name), ("key", workspace.Log.Writer.Commit("action", key))];

    public void Sends(IHubTransaction transaction, JsonElement input, bool isRepeat)
    {
        var names = new List<string>();
        if (action.Input is { } type)
            AddNames(input, type, "", names);
        else if (input.ValueKind == JsonValueKind.Object)
            names.AddRange(action.Fields.Select(f => f.Name).Where(n => input.TryGetProperty(n, out _)));
        var personal = action.PersonalData.Select(p => p.Replace("$.", "", StringComparison.Ordinal).Replace("[*]", "", StringComparison.Ordinal)).ToList();
        var isPersonal = names.Exists(n => personal.Exists(p => n == p || n.StartsWith(p + ".", StringComparison.Ordinal) || p.StartsWith(n + ".", StringComparison.Ordinal)));
        workspace.Log.Writer.Write(transaction, Entry with
        {
            From = workspace.Log.Writer.Here,
            To = Vendor,
            Data = [new("input", [.. names.Distinct()], isPersonal ? ["personal"] : [])],
            About = isRepeat ? [.. About, ("repeat", "true")] : About,
        });
    }

    /// <summary>The same key asked again: nothing goes to the vendor, and what it said then is shown once more.</summary>
    public ValueTask ReplayedAsync(CancellationToken cancellationToken) =>
        workspace.Log.Writer.WriteAsync(workspace.Store, [Entry with { From = workspace.Log.Writer.Here, About = [.. About, ("outcome", "replayed")] }], cancellationToken);

    /// <param name="outcome"><c>done</c> or <c>refused</c>.</param>
    public void Ended(IHubTransaction transaction, string outcome) =>
        workspace.Log.Writer.Write(transaction, Entry with { From = Vendor, To = workspace.Log.Writer.Here, About = [.. About, ("outcome", outcome)] });

    /// <summary>Names that the action's input declares, as far as they are given; what else a caller calls a member may be a value.</summary>
    private static void AddNames(JsonElement input, Type type, string path, List<string> names)
    {
        if (input.ValueKind == JsonValueKind.Array)
        {
            if (type.IsAssignableTo(typeof(IEnumerable)) && Element(type) is { } element)
                foreach (var item in input.EnumerateArray())
                    AddNames(item, element, path, names);
        }
        else if (input.ValueKind == JsonValueKind.Object && !type.IsAssignableTo(typeof(IEnumerable)))
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true }))
                foreach (var member in input.EnumerateObject().Where(m => m.Name.Equals(property.Name, StringComparison.OrdinalIgnoreCase)))
                {
                    var name = path + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
                    names.Add(name);
                    AddNames(member.Value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, name + ".", names);
                }
        }
    }

    private static Type? Element(Type type) => type.IsArray ? type.GetElementType() : type.GetInterfaces().Append(type)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
}
