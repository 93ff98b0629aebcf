using System.Diagnostics.CodeAnalysis;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>What may stand after the question mark of a filter, on its own: <c>$.a.type == 1 &amp;&amp; !@.b</c>. Immutable.</summary>
public sealed class JsonPathCondition
{
    private readonly string _text;
    private readonly Test _test;

    private JsonPathCondition(string text, Test test)
    {
        _text = text;
        _test = test;
    }

    /// <exception cref="FormatException">The text is no condition; the message tells where and why.</exception>
    public static JsonPathCondition Parse(string text) =>
        TryParse(text, out var condition, out var error) ? condition : throw new FormatException(error.ToString());

    /// <summary>Blanks around the condition are allowed.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out JsonPathCondition? condition, [NotNullWhen(false)] out JsonPathError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parser = new PathParser(text, 0);
        var test = parser.Condition();
        condition = test is null ? null : new JsonPathCondition(text, test);
        error = test is null ? parser.Error : null;
        return condition is not null;
    }

    /// <exception cref="InvalidOperationException">The evaluation went past its limits, so there is no answer.</exception>
    public bool Evaluate(JsonTape tape, int rootNode, int currentNode)
    {
        var holds = Evaluate(tape, rootNode, currentNode, out var outcome);
        return outcome == JsonPathOutcome.Complete
            ? holds
            : throw new InvalidOperationException($"The condition visits too much of the document ({outcome}).");
    }

    /// <summary>Evaluates with the outcome as a value; when it is not complete the answer means nothing.</summary>
    public bool Evaluate(
        JsonTape tape, int rootNode, int currentNode, out JsonPathOutcome outcome, long maxWork = JsonPathQuery.DefaultWork)
    {
        using var evaluation = Evaluation.Start(tape, rootNode, maxWork);
        var holds = _test.Holds(evaluation, currentNode);
        outcome = evaluation.Outcome;
        return holds && outcome == JsonPathOutcome.Complete;
    }

    /// <summary>The text the condition was compiled from.</summary>
    public override string ToString() => _text;
}
