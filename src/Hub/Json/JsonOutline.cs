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

    public static JsonOutline Nothing { get; } = new(new Spot[1], new Slot[1], 0);

    public Spot[] Spots => _spots;

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

    /// <summary>
    /// A spot while the outline is being made. Columns are known at once; what is asked for later only adds to them. Lists hold objects, because lists of structs would have
    /// to be compiled while the hub starts (docs/decisions/0007).
    /// </summary>
    public sealed class Draft
    {
        private readonly List<Draft> _members = [];
        private readonly JsonName _name;
        private readonly Draft _row;
        private int _columns;
        private Draft? _element;

        /// <summary>The document.</summary>
        public Draft()
        {
            _row = this;
            Place = _columns++;
        }

        private Draft(Draft owner, in JsonName name)
        {
            _name = name;
            _row = owner._row;
            Place = _row._columns++;
        }

        private Draft(int firstColumn)
        {
            _row = this;
            Place = firstColumn;
            _columns = firstColumn + 1;
        }

        /// <summary>Column of the value, in the row it belongs to.</summary>
        public int Place { get; }

        /// <summary>Column where the first row of its elements is noted; only after <see cref="Element"/>.</summary>
        public int Rows { get; private set; } = -1;

        public Draft Member(in JsonName name)
        {
            foreach (var known in _members)
                if (known._name.Utf8.SequenceEqual(name.Utf8))
                    return known;
            var member = new Draft(this, name);
            _members.Add(member);
            return member;
        }

        /// <summary>Every element, should the value be an array.</summary>
        public Draft Element()
        {
            if (_element is not null) return _element;
            Rows = _row._columns++;
            // The first column of a row leads to the next row.
            return _element = new(firstColumn: 1);
        }

        public JsonOutline Build()
        {
            var (spots, slots) = (1, 0);
            Count(ref spots, ref slots);
            var outline = new JsonOutline(new Spot[spots], new Slot[slots], _columns);
            (spots, slots) = (1, 0);
            Write(outline, ref spots, ref slots);
            return outline;
        }

        private int SlotCount => _members.Count == 0 ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)_members.Count * 2);

        private void Count(ref int spots, ref int slots)
        {
            spots++;
            slots += SlotCount;
            foreach (var member in _members)
                member.Count(ref spots, ref slots);
            _element?.Count(ref spots, ref slots);
        }

        /// <returns>The number of the spot.</returns>
        private int Write(JsonOutline outline, ref int spots, ref int slots)
        {
            var spot = spots++;
            var (first, mask) = (slots, SlotCount - 1);
            slots += SlotCount;
            foreach (var member in _members)
            {
                var probe = member._name.Hash;
                while (outline._slots[first + (int)(probe & (uint)mask)].Spot != 0) probe++;
                outline._slots[first + (int)(probe & (uint)mask)] = new(member._name.Hash, member.Write(outline, ref spots, ref slots), member._name.Utf8.ToArray());
            }

            outline._spots[spot] = new(Place, Rows, _element?.Write(outline, ref spots, ref slots) ?? 0, _columns, first, mask);
            return spot;
        }
    }
}
