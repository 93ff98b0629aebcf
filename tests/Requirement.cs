namespace IntegrationHub.Tests;

/// <summary>What a test needs of the machine.</summary>
internal static class Requirement
{
    /// <summary>Skips the test visibly, or fails it where everything has to be there (<c>HUB_TESTS_REQUIRE_ALL=1</c>).</summary>
    public static void Missing(string what)
    {
        Assert.False(Environment.GetEnvironmentVariable("HUB_TESTS_REQUIRE_ALL") == "1", what);
        Assert.Skip(what);
    }
}
