using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Model;

namespace IntegrationHub.Mapping;

/// <summary>Runs one plan over records, one after another. Keeps its memory; use one per thread.</summary>
public sealed class Mapper(MappingPlan plan, MappingLimits? limits = null)
{
    private readonly MappingRun _run = new(limits ?? MappingLimits.Default);
    private readonly MappedRecord _result = new((limits ?? MappingLimits.Default).OutputBytes);

    /// <summary>Counts which rules met what, from now on.</summary>
    public Coverage? Coverage
    {
        get => _run.Coverage;
        set => _run.Coverage = value;
    }

    /// <summary>Maps one record. The result is valid until the next call.</summary>
    public MappedRecord Map(byte[] buffer, int start, int length)
    {
        _result.Clear();
        var parsed = _run.Read(buffer, start, length, plan.Outline);
        if (!parsed.IsOk)
            return _result.Reject(new("read", "$", "bytes", $"not usable as JSON, {parsed}"));
        try
        {
            foreach (var contribution in plan.Contributions)
                if (Run(contribution) is { } rejection)
                    return _result.Reject(rejection);
        }
        catch (ScratchFullException e)
        {
            return _result.Reject(new(_run.Rule?.Name ?? "", _run.Rule?.Path ?? "", "", e.Message));
        }
        catch (OutputFullException e)
        {
            return _result.Reject(new(_run.Rule?.Name ?? "", _run.Rule?.Path ?? "", "", e.Message));
        }

        _result.Issues.AddRange(_run.Issues);
        return _result;
    }

    public MappedRecord Map(byte[] record) => Map(record, 0, record.Length);

    private Rejection? Run(ContributionPlan contribution)
    {
        if (contribution.Each is null)
            return Passes(contribution.When, out var rejection) ? Contribute(contribution) : rejection;

        var outcome = contribution.Each.Select(_run.Tape, 0, 0, _run.Nodes, _run.Limits.PathWork);
        var end = _run.Nodes.Count;
        var failed = outcome == JsonPathOutcome.Complete ? null
            : new Rejection($"{contribution.Entity}.each", contribution.Each.ToString(), "", "the path visits more of the document than is allowed");
        for (var i = 0; i < end && failed is null; i++)
        {
            _run.Current = _run.Nodes[i];
            if (Passes(contribution.When, out failed))
                failed = Contribute(contribution);
        }

        _run.Nodes.Clear();
        _run.Current = 0;
        return failed;
    }

    private bool Passes(JsonPathCondition? when, out Rejection? rejection)
    {
        rejection = null;
        if (when is null)
            return true;
        var holds = when.Evaluate(_run.Tape, 0, _run.Current, out var outcome, _run.Limits.PathWork);
        if (outcome != JsonPathOutcome.Complete)
            rejection = new("when", when.ToString(), "", "the condition visits more of the document than is allowed");
        return holds && rejection is null;
    }

    private Rejection? Contribute(ContributionPlan plan)
    {
        if (_result.Contributions.Count == _run.Limits.Contributions)
            return new($"{plan.Entity}", "$", "", $"the record makes more than {_run.Limits.Contributions:N0} contributions");
        var output = _result.Output;
        var start = output.Length;
        var firstKey = _result.Keys.Count;
        output.Write(plan.Opening);
        if (WriteKey(plan.Key, output, out var key) is { } noKey)
            return noKey;
        long observedAt = 0;
        if (plan.ObservedAt is { } when && WriteObservedAt(when, output, out observedAt) is { } noTime)
            return noTime;
        if (WriteIdentity(plan.Identity, ",\"identity\":{"u8, "}"u8, keep: true, output) is { } noIdentity)
            return noIdentity;
        var fields = output.Length + ",\"fields\":".Length;
        if (WriteFields(plan, output) is { } noFields)
            return noFields;
        var fieldsLength = output.Length - fields;
        if (WriteLinks(plan, output) is { } noLinks)
            return noLinks;
        output.WriteByte((byte)'}');
        _result.Contributions.Add(new(plan.Entity, start, output.Length - start, fields, fieldsLength, key, observedAt, firstKey, _result.Keys.Count - firstKey));
        return null;
    }

    private Rejection? WriteKey(RuleExpression rule, Utf8Output output, out MappedText key)
    {
        key = default;
        var value = Evaluate(rule);
        if (Single(rule, ref value, needed: true) is { } rejection)
            return rejection;
        key = _result.KeepText(value.Bytes);
        JsonString.WriteQuoted(value.Bytes, output);
        return null;
    }

    private Rejection? WriteObservedAt(RuleExpression rule, Utf8Output output, out long observedAt)
    {
        observedAt = 0;
        var value = Evaluate(rule);
        if (value.IsNothing)
            return null;
        if (value.Kind == ValueKind.Fault)
            return Reject(rule, value, value.Reason);
        if (value.Kind != ValueKind.Text || !Rfc3339.TryRead(value.Bytes, out observedAt))
            return Reject(rule, value, "expected a time with offset (RFC 3339); add '| time' or '| epoch'");
        output.Write(",\"observedAt\":"u8);
        JsonString.WriteQuoted(value.Bytes, output);
        return null;
    }

    /// <summary>Writes the identity values of a contribution or of a link's target; nothing when there are none.</summary>
    private Rejection? WriteIdentity(IdentityPlan[] kinds, ReadOnlySpan<byte> opening, ReadOnlySpan<byte> closing, bool keep, Utf8Output output)
    {
        var open = false;
        foreach (var kind in kinds)
        {
            var value = Evaluate(kind.Value);
            if (value.Kind == ValueKind.Fault)
                return Reject(kind.Value, value, value.Reason);
            // Checked and demoted values of one kind stand apart, because they do not weigh the same.
            for (var demoted = 0; demoted < 2; demoted++)
            {
                var first = true;
                foreach (var element in _run.Elements(value))
                {
                    if (element.IsNothing || element.IsDemoted != (demoted == 1))
                        continue;
                    if (element.Kind is not (ValueKind.Text or ValueKind.Number))
                        return Reject(kind.Value, element, $"an identity value is a text, found {_run.KindName(element)}");
                    if (element.Bytes.IsEmpty)
                        continue;
                    if (first)
                    {
                        output.Write(open ? ","u8 : opening);
                        output.Write(demoted == 1 ? kind.DemotedName : kind.Name);
                        open = true;
                    }
                    else
                    {
                        output.WriteByte((byte)',');
                    }

                    first = false;
                    JsonString.WriteQuoted(element.Bytes, output);
                    if (keep)
                        _result.Keys.Add(new(kind.Kind, demoted == 1, _result.KeepText(element.Bytes)));
                }

                if (!first)
                    output.WriteByte((byte)']');
            }
        }

        if (open)
            output.Write(closing);
        return null;
    }

    private Rejection? WriteFields(ContributionPlan plan, Utf8Output output)
    {
        output.Write(",\"fields\":{"u8);
        var start = output.Length;
        foreach (var (field, rule) in plan.Fields)
        {
            var value = Evaluate(rule);
            if (value.Kind == ValueKind.Absent)
                continue;
            if (value.Kind == ValueKind.Fault)
                return Reject(rule, value, value.Reason);
            if (output.Length > start)
                output.WriteByte((byte)',');
            output.Write(field.JsonName);
            if (FieldWriter.Write(_run, value, field, output) is { } reason)
            {
                if (_run.Coverage is { } coverage)
                    coverage.Hit(rule.Rule, Value.Fault(reason));
                return Reject(rule, value, reason);
            }
        }

        output.WriteByte((byte)'}');
        return null;
    }

    private Rejection? WriteLinks(ContributionPlan plan, Utf8Output output)
    {
        var open = false;
        foreach (var link in plan.Links)
        {
            var start = output.Length;
            output.Write(open ? ","u8 : ",\"links\":{"u8);
            output.Write(link.Name);
            var before = output.Length;
            if (WriteTargets(link, output) is { } rejection)
                return rejection;
            if (output.Length == before)
            {
                output.Truncate(start);
                continue;
            }

            output.WriteByte((byte)']');
            open = true;
        }

        if (open)
            output.WriteByte((byte)'}');
        return null;
    }

    private Rejection? WriteTargets(LinkPlan link, Utf8Output output)
    {
        if (link.Each is null)
            return Passes(link.When, out var notWhen) ? WriteTarget(link, output, first: true) : notWhen;
        var outer = _run.Current;
        var mark = _run.Nodes.Count;
        Rejection? failed = null;
        if (link.Each.Select(_run.Tape, 0, outer, _run.Nodes, _run.Limits.PathWork) != JsonPathOutcome.Complete)
            failed = new($"{link.Link.Name}.each", link.Each.ToString(), "", "the path visits more of the document than is allowed");
        var end = _run.Nodes.Count;
        var start = output.Length;
        for (var i = mark; i < end && failed is null; i++)
        {
            _run.Current = _run.Nodes[i];
            if (Passes(link.When, out failed))
                failed = WriteTarget(link, output, first: output.Length == start);
        }

        _run.Nodes.Shorten(mark);
        _run.Current = outer;
        return failed;
    }

    private Rejection? WriteTarget(LinkPlan link, Utf8Output output, bool first)
    {
        if (link.Key is { } keyRule)
        {
            var value = Evaluate(keyRule);
            if (value.Kind == ValueKind.Fault)
                return Reject(keyRule, value, value.Reason);
            foreach (var element in _run.Elements(value))
            {
                if (element.IsNothing || (element.Kind == ValueKind.Text && element.Bytes.IsEmpty))
                    continue;
                if (element.Kind is not (ValueKind.Text or ValueKind.Number))
                    return Reject(keyRule, element, $"a link's key is a text or a number, found {_run.KindName(element)}");
                output.Write(first ? "{\"key\":"u8 : ",{\"key\":"u8);
                first = false;
                JsonString.WriteQuoted(element.Bytes, output);
                output.WriteByte((byte)'}');
            }

            return null;
        }

        return WriteIdentity(link.Identity, first ? "{\"identity\":{"u8 : ",{\"identity\":{"u8, "}}"u8, keep: false, output);
    }

    private Value Evaluate(RuleExpression rule)
    {
        _run.Rule = rule.Rule;
        var value = rule.Expression.Evaluate(_run);
        _run.Coverage?.Hit(rule.Rule, value);
        return value;
    }

    /// <summary>Reduces to one text or number, or rejects.</summary>
    private Rejection? Single(RuleExpression rule, ref Value value, bool needed)
    {
        if (value.Kind == ValueKind.Fault)
            return Reject(rule, value, value.Reason);
        if (value.Kind == ValueKind.List && value.Items.Length == 1)
            value = value.Items[0];
        if (value.Kind is ValueKind.Text or ValueKind.Number && !value.Bytes.IsEmpty)
            return null;
        return needed ? Reject(rule, value, $"expected a text or a number, found {(value.Kind == ValueKind.Text ? "an empty text" : _run.KindName(value))}") : null;
    }

    private Rejection Reject(RuleExpression rule, Value value, string reason) =>
        new(rule.Rule.Name, rule.Rule.Path, value.Kind == ValueKind.Fault ? "" : _run.KindName(value), reason);
}

/// <summary>What came of one record. Reused: valid until the mapper maps the next.</summary>
public sealed class MappedRecord
{
    internal MappedRecord(int outputLimit) => Output = new(outputLimit);

    /// <summary>Why nothing came of it, or <c>null</c>.</summary>
    public Rejection? Rejection { get; private set; }

    public List<MappedContribution> Contributions { get; } = [];

    public List<MappedKey> Keys { get; } = [];

    public List<MappingIssue> Issues { get; } = [];

    internal Utf8Output Output { get; }

    private Utf8Output Texts { get; } = new();

    /// <summary>The contribution as one JSON object, UTF-8.</summary>
    public ReadOnlySpan<byte> Json(MappedContribution contribution) => Output.Written.Slice(contribution.Start, contribution.Length);

    /// <summary>Writes the contribution as one flat JSON object: its key as <c>id</c>, then its fields.</summary>
    public void WriteFlat(MappedContribution contribution, Utf8Output output)
    {
        output.Write("{\"id\":"u8);
        JsonString.WriteQuoted(Texts.Written.Slice(contribution.Key.Start, contribution.Key.Length), output);
        var fields = Output.Written.Slice(contribution.FieldsStart, contribution.FieldsLength);
        if (fields.Length > 2)
            output.WriteByte((byte)',');
        output.Write(fields[1..]);
    }

    public string Text(MappedText text) => Encoding.UTF8.GetString(Texts.Written.Slice(text.Start, text.Length));

    internal MappedText KeepText(ReadOnlySpan<byte> utf8)
    {
        var start = Texts.Length;
        Texts.Write(utf8);
        return new(start, utf8.Length);
    }

    internal MappedRecord Reject(Rejection rejection)
    {
        Clear();
        Rejection = rejection;
        return this;
    }

    internal void Clear()
    {
        Rejection = null;
        Contributions.Clear();
        Keys.Clear();
        Issues.Clear();
        Output.Clear();
        Texts.Clear();
    }
}

/// <summary>A text kept by a <see cref="MappedRecord"/>.</summary>
public readonly record struct MappedText(int Start, int Length);

/// <summary>One contribution: where its JSON and the fields in it stand, its key, time and identity keys.</summary>
public readonly record struct MappedContribution(EntityType Entity, int Start, int Length, int FieldsStart, int FieldsLength, MappedText Key, long ObservedAt, int FirstKey, int KeyCount);

/// <summary>One identity value of a contribution.</summary>
public readonly record struct MappedKey(IdentityKind Kind, bool IsDemoted, MappedText Value);
