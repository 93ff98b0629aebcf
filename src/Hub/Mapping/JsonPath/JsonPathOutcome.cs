namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Whether an evaluation saw everything it had to see.</summary>
public enum JsonPathOutcome
{
    Complete,

    /// <summary>It visited more nodes than allowed and stopped; what it found so far is not the answer.</summary>
    WorkLimit,

    /// <summary>Filters inside filters went deeper than the stack safely holds.</summary>
    TooDeep,
}
