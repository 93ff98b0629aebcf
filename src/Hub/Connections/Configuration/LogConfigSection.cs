using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Configuration;

/// <summary>Reads <c>log:</c> of <c>hub.yaml</c>.</summary>
internal static class LogConfigSection
{
    public static LogConfig Read(YamlSection hub, Diagnostics diagnostics)
    {
        if (YamlSection.Over(hub.Get("log"), "log", diagnostics) is not { } section)
            return new();
        var origin = section.Text("origin");
        if (origin is not null && !VerifierKey.IsName(origin))
            diagnostics.Add(section.Get("origin")!, $"log.origin: expected a name without spaces and '+', such as log.example.com/acme, found '{origin}'");
        var witnesses = section.List("witnesses").Select(w => Witness(w, diagnostics)).OfType<LogWitness>().ToList();
        foreach (var twice in witnesses.GroupBy(w => w.Key.ToString()).Where(g => g.Count() > 1))
            diagnostics.Add(section.Get("witnesses")!, $"log.witnesses: '{twice.First().Key.Name}' is listed more than once");
        var read = new LogConfig
        {
            Origin = origin,
            Public = section.Flag("public"),
            Witnesses = witnesses,
            Quorum = HubConfigFile.Number(section, "quorum", witnesses.Count, Math.Min(1, witnesses.Count), witnesses.Count, diagnostics),
        };
        section.Finish();
        return read;
    }

    private static LogWitness? Witness(YamlNode node, Diagnostics diagnostics)
    {
        if (YamlSection.Over(node, "a witness", diagnostics) is not { } section)
            return null;
        var url = section.Text("url", required: true);
        var vkey = section.Text("key", required: true);
        section.Finish();
        if (url is null || vkey is null)
            return null;
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            diagnostics.Add(section.Get("url")!, $"url: expected the address of a witness, found '{url}'");
            return null;
        }

        try
        {
            var key = VerifierKey.Parse(vkey);
            if (key.Algorithm == NoteAlgorithm.Cosignature)
                return new(address, key);
            diagnostics.Add(section.Get("key")!, "key: a witness signs with a key of type 4 (cosignatures); this is one of type 1");
        }
        catch (FormatException e)
        {
            diagnostics.Add(section.Get("key")!, $"key: {e.Message}; 'hub witness' prints the key of a witness");
        }

        return null;
    }
}
