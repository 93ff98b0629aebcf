using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>
/// Lists of numbers by the hash of what they are of. Most have but one, and there are many millions of lists, so only longer ones are objects: what a collection has to look at, and what
/// is far apart in memory, stays little.
/// </summary>
internal sealed class NumberLists
{
    /// <summary>The only number, or, below zero, the place of the list.</summary>
    private readonly Dictionary<long, int> _one = [];

    /// <summary>Each with its length first.</summary>
    private readonly List<int[]> _more = [];

    private readonly Stack<int> _free = [];

    /// <summary>The first numbers of a list, in no particular order.</summary>
    public long[] First(long hash, int limit)
    {
        if (!_one.TryGetValue(hash, out var one) || limit == 0)
            return [];
        if (one > 0)
            return [one];
        var list = _more[~one];
        var first = new long[Math.Min(limit, list[0])];
        for (var i = 0; i < first.Length; i++)
            first[i] = list[i + 1];
        return first;
    }

    /// <param name="number">1 or more, and not in the list; one that stands last in it is not added again.</param>
    public void Add(long hash, int number)
    {
        ref var one = ref CollectionsMarshal.GetValueRefOrAddDefault(_one, hash, out var exists);
        if (!exists)
        {
            one = number;
        }
        else if (one > 0)
        {
            if (one != number)
                one = ~Place([2, one, number]);
        }
        else if (_more[~one] is var list && list[list[0]] != number)
        {
            if (list.Length == list[0] + 1)
                Array.Resize(ref list, 2 * list.Length);
            list[++list[0]] = number;
            _more[~one] = list;
        }
    }

    public void Remove(long hash, int number)
    {
        ref var one = ref CollectionsMarshal.GetValueRefOrNullRef(_one, hash);
        if (Unsafe.IsNullRef(ref one))
            return;
        if (one > 0)
        {
            if (one == number)
                _one.Remove(hash);
            return;
        }

        var list = _more[~one];
        var at = Array.IndexOf(list, number, 1, list[0]);
        if (at < 0)
            return;
        list[at] = list[list[0]--];
        if (list[0] > 1)
            return;
        _free.Push(~one);
        _more[~one] = [];
        one = list[1];
    }

    private int Place(int[] list)
    {
        if (_free.TryPop(out var place))
        {
            _more[place] = list;
            return place;
        }

        _more.Add(list);
        return _more.Count - 1;
    }
}
