using System.Collections.Frozen;

namespace IntegrationHub.Mapping.Functions;

/// <summary>All functions of the mapping language by name.</summary>
public static class FunctionLibrary
{
    /// <summary>The library without a workspace: functions that need its secrets can be looked up but not bound.</summary>
    public static FrozenDictionary<string, FunctionSpec> All { get; } = For(FunctionContext.None);

    /// <summary>The library of one workspace.</summary>
    public static FrozenDictionary<string, FunctionSpec> For(FunctionContext context) =>
        InOrder(context).ToFrozenDictionary(spec => spec.Name, StringComparer.Ordinal);

    /// <summary>In the order of the documentation.</summary>
    internal static IEnumerable<FunctionSpec> InOrder(FunctionContext context) =>
    [
        .. TextFunctions.All,
        .. NumberFunctions.All,
        .. MoneyFunctions.All,
        .. TimeFunctions.All,
        .. IdentityFunctions.All(context),
        .. ListFunctions.All,
        .. ChoiceFunctions.All,
    ];
}
