using System.Numerics;

namespace IntegrationHub.Json;

/// <summary>
/// What will be asked of documents: members of members and elements of arrays, as a tree of spots. A parse that is given one notes in <see cref="JsonPlaces"/> where they
/// stand, so that nobody has to search the tape for them. Immutable.
/// </summary>
internal sealed class JsonOutline
{
    // Spot 0 asks for nothing, spot 1 is the document.
    private readonly Spot[] _spots;

    // Open addressing, one stretch for each object that members are wanted of; never more than half full, and filled by whoever wrote the paths, not by senders of documents.
    private readonly Slot[] _slots;

    private JsonOutline(Spot[] spots, Slot[] slots, int width)
    {
        _spots = spots;
        _slots = slots;
        Width = width;
    }

    public static JsonOutline Nothing { get; } = new([default], [], 0);

    public ReadOnlySpan<Spot> Spots => _spots;

    /// <summary>Columns outside of any array.</summary>
    public int Width { get; }

    /// <summary>The spot of a member, or 0 when nobody asks for it.</summary>
    public int Find(int spot, uint hash, ReadOnlySpan<byte> raw, bool hasEscapes)
    {
        ref readonly var owner = ref _spots[spot];
        for (var probe = hash; ; probe++)
        {
            ref readonly var slot = ref _slots[owner.FirstSlot + (int)(probe & (uint)owner.Mask)];
            if (slot.Spot == 0 || (slot.Hash == hash && JsonString.Equals(raw, hasEscapes, slot.Name))) return slot.Spot;
        }
    }

    /// <param name="Place">Column of the value itself.</param>
    /// <param name="Rows">Column where the first of an array's rows is noted.</param>
    /// <param name="Element">Spot of every element of an array, or 0.</param>
    /// <param name="Width">Columns of a row, for the spot of an element.</param>
    /// <param name="FirstSlot">Where the names of members are looked up.</param>
    /// <param name="Mask">The number of those slots less one, or -1.</param>
    public readonly record struct Spot(int Place, int Rows, int Element, int Width, int FirstSlot, int Mask);

    private readonly record struct Slot(uint Hash, int Spot, byte[] Name);

    /// <summary>A spot while the outline is being made. Columns are known at once; what is asked for later only adds to them.</summary>
    public sealed class Draft
    {
        private readonly List<(JsonName Name, Draft Spot)> _members = [];
        private readonly Draft _row;
        private int _columns;
        private Draft? _element;

        /// <summary>The document.</summary>
        public Draft()
        {
            _row = this;
            Place = _columns++;
        }

        private Draft(Draft? row)
        {
            _row = row ?? this;
            // The first column of a row leads to the next row.
            if (row is null) _columns = 1;
            Place = _row._columns++;
        }

        /// <summary>Column of the value, in the row it belongs to.</summary>
        public int Place { get; }

        /// <summary>Column where the first row of its elements is noted; only after <see cref="Element"/>.</summary>
        public int Rows { get; private set; } = -1;

        public Draft Member(in JsonName name)
        {
            foreach (var (known, spot) in _members)
                if (known.Utf8.SequenceEqual(name.Utf8))
                    return spot;
            var member = new Draft(_row);
            _members.Add((name, member));
            return member;
        }

        /// <summary>Every element, should the value be an array.</summary>
        public Draft Element()
        {
            if (Rows < 0) Rows = _row._columns++;
            return _element ??= new(null);
        }

        public JsonOutline Build()
        {
            var spots = new List<Spot> { default };
            var slots = new List<Slot>();
            Add(spots, slots);
            return new([.. spots], [.. slots], _columns);
        }

        private int Add(List<Spot> spots, List<Slot> slots)
        {
            var index = spots.Count;
            spots.Add(default);
            var first = slots.Count;
            var size = _members.Count == 0 ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)_members.Count * 2);
            slots.AddRange(Enumerable.Repeat(default(Slot), size));
            foreach (var (name, member) in _members)
            {
                var at = name.Hash;
                while (slots[first + (int)(at & (uint)(size - 1))].Spot != 0) at++;
                slots[first + (int)(at & (uint)(size - 1))] = new(name.Hash, member.Add(spots, slots), name.Utf8.ToArray());
            }

            spots[index] = new(Place, Rows, _element?.Add(spots, slots) ?? 0, _columns, first, size - 1);
            return index;
        }
    }
}
