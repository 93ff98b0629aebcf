using IntegrationHub.Json;
using IntegrationHub.Model;

namespace IntegrationHub.Mapping;

/// <summary>A value that is built from a document: maps, lists, literals and expressions, as a mapping's fields are. Immutable; see <see cref="MappingCompiler.CompileShape"/>.</summary>
public sealed class JsonShape
{
    private static readonly FieldType Any = new() { Name = "value", Kind = FieldKind.Json };

    private readonly Expression _expression;
    private readonly JsonOutline _outline;

    internal JsonShape(Expression expression, JsonOutline outline)
    {
        _expression = expression;
        _outline = outline;
    }

    /// <summary>The value as JSON; what the document does not have is left out.</summary>
    /// <param name="document">UTF-8 JSON.</param>
    /// <param name="limits">How much it may cost.</param>
    /// <param name="fault">Why there is none; never a value of the document.</param>
    public byte[]? Build(byte[] document, MappingLimits limits, out string? fault)
    {
        var run = new MappingRun(limits);
        fault = null;
        if (!run.Read(document, 0, document.Length, _outline).IsOk)
        {
            fault = "the document is no JSON";
            return null;
        }

        try
        {
            var value = _expression.Evaluate(run);
            var output = new Utf8Output();
            fault = value.Kind == ValueKind.Fault ? value.Reason : FieldWriter.Write(run, value, Any, output);
            return fault is null ? output.Written.ToArray() : null;
        }
        catch (ScratchFullException e)
        {
            fault = e.Message;
            return null;
        }
    }
}
