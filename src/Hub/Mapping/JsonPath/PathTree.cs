using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// Singular paths from the root of a document, resolved together: one walk, which enters only what some path leads into, finds the nodes of all of them. Immutable. Each
/// path has a place, a number from 0.
/// </summary>
internal sealed class PathTree
{
    private readonly Branch _root;

    private PathTree(Branch root, int count, int results)
    {
        _root = root;
        Count = count;
        Results = results;
    }

    /// <summary>How many places there are.</summary>
    public int Count { get; }

    /// <summary>How many results of a first call on one of the paths are kept while a record is mapped.</summary>
    public int Results { get; }

    /// <summary>Writes the node of each path to its place, -1 where the document has none.</summary>
    public void Resolve(JsonTape tape, Span<int> places)
    {
        places.Fill(-1);
        _root.Visit(tape, 0, places);
    }

    /// <summary>Collects the paths while a mapping is compiled.</summary>
    public sealed class Builder
    {
        private readonly Draft _root = new(default);
        private readonly Dictionary<(int Place, string Call), int> _results = [];
        private int _count;

        /// <summary>The place of the path that the first steps of a query make; the same path has one place.</summary>
        public int Place(JsonPathQuery query, int steps)
        {
            var at = _root;
            foreach (var segment in query.Segments.AsSpan(0, steps))
                at = at.Next(segment.Single);
            return at.Place < 0 ? at.Place = _count++ : at.Place;
        }

        /// <summary>Where the result of a call on the node of a path is kept; the same call on the same path has one result.</summary>
        /// <param name="place">The place of the path.</param>
        /// <param name="call">Text of the call.</param>
        public int Result(int place, string call)
        {
            if (!_results.TryGetValue((place, call), out var result))
                _results[(place, call)] = result = _results.Count;
            return result;
        }

        public PathTree Build() => new(_root.Build(), _count, _results.Count);
    }

    private sealed class Draft(JsonPathStep step)
    {
        private readonly List<Draft> _next = [];

        public int Place { get; set; } = -1;

        public Draft Next(JsonPathStep wanted)
        {
            foreach (var known in _next)
                if (known.Leads(wanted))
                    return known;
            var next = new Draft(wanted);
            _next.Add(next);
            return next;
        }

        public Branch Build()
        {
            var members = _next.FindAll(d => d.IsMember);
            var elements = _next.FindAll(d => !d.IsMember);
            return new(step.Index, Place, new(members.ConvertAll(d => d.Name)), [.. members.ConvertAll(d => d.Build())], [.. elements.ConvertAll(d => d.Build())]);
        }

        private bool IsMember => step.IsName;

        private string Name => step.Name.ToString();

        private bool Leads(JsonPathStep wanted) =>
            step.IsName == wanted.IsName && (step.IsName ? step.Name.Utf8.SequenceEqual(wanted.Name.Utf8) : step.Index == wanted.Index);
    }

    /// <summary>What is wanted of one node: the node itself, when it has a place, and what lies under some of its members and elements.</summary>
    private sealed class Branch(long index, int place, NameTable names, Branch[] members, Branch[] elements)
    {
        public void Visit(JsonTape tape, int node, Span<int> places)
        {
            if (place >= 0)
                places[place] = node;
            if (members.Length > 0 && tape[node].Kind == JsonKind.Object)
                VisitMembers(tape, node, places);
            foreach (var element in elements)
                element.VisitElement(tape, node, places);
        }

        private void VisitElement(JsonTape tape, int array, Span<int> places)
        {
            if (tape.ElementAt(array, index) is var node and >= 0)
                Visit(tape, node, places);
        }

        private void VisitMembers(JsonTape tape, int node, Span<int> places)
        {
            var missing = members.Length;
            var nodes = tape.Nodes;
            for (var name = node + 1; name < nodes[node].End && missing > 0; name = nodes[name + 1].End)
            {
                var member = names.IndexOf(tape, name);
                if (member < 0)
                    continue;
                // The last of several members of one name counts, with all that lies under it.
                if (tape.HasRepeatedNames)
                    members[member].Forget(places);
                else
                    missing--;
                members[member].Visit(tape, name + 1, places);
            }
        }

        private void Forget(Span<int> places)
        {
            if (place >= 0)
                places[place] = -1;
            foreach (var member in members)
                member.Forget(places);
            foreach (var element in elements)
                element.Forget(places);
        }
    }
}
