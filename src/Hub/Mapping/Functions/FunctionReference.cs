using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>The documentation of the functions, made from what they say about themselves.</summary>
public static class FunctionReference
{
    /// <summary>The text of <c>docs/contracts/mapping-functions.md</c>.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        text.Append("""
            # Functions of the mapping language

            Generated from the functions themselves; a test holds this file to them, and runs every example.

            A function stands behind a path or another function: `$.mobile | trim | phone('CN')`. Arguments are literals or, where the
            parameter says so, expressions of the record.

            - **each**: applied to every element of a list; absent and null pass through untouched. Lists that it gives for several elements become one list.
            - **all**: takes the whole list at once; a single value is a list of one, absent an empty list.
            - **anything**: takes whatever there is, absent and null included.

            A value that a function cannot convert is a *fault* and rejects the record. With a question mark behind the name, as in
            `phone?('CN')`, the value is left out instead and an issue recorded. Reasons of faults never contain the value.


            """);
        var group = "";
        foreach (var spec in FunctionLibrary.InOrder(FunctionContext.None))
        {
            if (spec.Group != group)
            {
                group = spec.Group;
                text.Append("## ").Append(char.ToUpperInvariant(group[0])).Append(group.AsSpan(1)).Append("\n\n");
            }

            Append(text, spec);
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder text, FunctionSpec spec)
    {
        text.Append("### ").Append(Signature(spec)).Append("\n\n").Append(spec.Summary).Append("\n\n");
        text.Append("Takes ").Append(spec.Takes.ToString().ToLowerInvariant()).Append("; gives ").Append(Result(spec)).Append(".\n\n");
        foreach (var parameter in spec.Parameters)
            text.Append("- `").Append(parameter.Name).Append("`: ").Append(parameter.Description).Append('\n');
        if (spec.Parameters.Count > 0)
            text.Append('\n');
        text.Append("```\n");
        foreach (var example in spec.Examples)
            text.Append(example).Append('\n');
        text.Append("```\n\n");
    }

    private static string Signature(FunctionSpec spec)
    {
        if (spec.Parameters.Count == 0)
            return spec.Name;
        var parameters = spec.Parameters.Select(parameter => parameter.Name + (parameter.Repeated ? ", ..." : "") + (parameter.Optional ? "?" : ""));
        return $"{spec.Name}({string.Join(", ", parameters)})";
    }

    private static string Result(FunctionSpec spec)
    {
        var kind = spec.Result == ExpressionType.Any ? "what the input holds" : spec.Result.ToString().ToLowerInvariant();
        return spec.GivesList ? kind + ", a list where there are several" : kind;
    }
}
