using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Mapping;

namespace IntegrationHub.Commands;

/// <summary>Rows of a CSV file through a mapping, as records of a source go. For one thread at a time.</summary>
internal sealed class EvaluationMapping(EvaluationRules rules)
{
    /// <summary>As sources write it: Chinese as it is, not as escapes.</summary>
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Mapper _mapper = new(rules.Mapping);
    private readonly Utf8Output _record = new();

    /// <summary>
    /// What a row contributes: the id of its record, which stands for the key of the mapping, JSON that is good until the next call, and the time of the record in
    /// Unix milliseconds.
    /// </summary>
    /// <exception cref="UsageException">The mapping rejects it, or makes anything but one contribution of it.</exception>
    public (string Id, ArraySegment<byte> Json, long ObservedAt) Map(string[] columns, string[] values)
    {
        var id = EvaluationRecords.IdOf(columns, values);
        _record.Clear();
        using (var json = new Utf8JsonWriter(_record, Plain))
        {
            json.WriteStartObject();
            for (var i = 0; i < values.Length; i++)
                if (values[i].Length > 0)
                    json.WriteString(columns[i], values[i]);
            json.WriteEndObject();
        }

        var mapped = _mapper.Map(_record.Array, 0, _record.Length);
        if (mapped.Rejection is { } rejection)
            throw new UsageException($"record {id}: rejected by {rejection.Rule} ({rejection.Path}): {rejection.Reason}");
        if (mapped.Contributions is not [var contribution])
            throw new UsageException($"record {id}: the mapping makes {mapped.Contributions.Count} contributions of it, and one is needed");
        return (id, new(mapped.Output.Array, contribution.Start, contribution.Length), contribution.ObservedAt);
    }
}
