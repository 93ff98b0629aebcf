namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>Rows by numbers that are given from 1 on. A list: with millions of rows it is in looking them up that a dictionary takes its time.</summary>
internal sealed class NumberedRows<T>
    where T : class
{
    private readonly List<T?> _rows = [];

    /// <summary>The row of a number, or <c>null</c>.</summary>
    public T? this[long number]
    {
        get => (ulong)(number - 1) < (ulong)_rows.Count ? _rows[(int)(number - 1)] : null;
        set
        {
            while (_rows.Count < number)
                _rows.Add(null);
            _rows[(int)(number - 1)] = value;
        }
    }
}
