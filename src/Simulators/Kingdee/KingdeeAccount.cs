namespace IntegrationHub.Simulators.Kingdee;

/// <summary>What the simulated site lets in.</summary>
public sealed record KingdeeAccount
{
    /// <summary>The data centre.</summary>
    public string AcctId { get; init; } = "65f0c1d2a3b4c5";

    /// <summary>The integration user.</summary>
    public string User { get; init; } = "demo";

    /// <summary>The user's password.</summary>
    public string Password { get; init; } = "Kd-Passw0rd!simulated";

    /// <summary>Application id.</summary>
    public string AppId { get; init; } = "210001_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";

    /// <summary>Application secret.</summary>
    public string AppSecret { get; init; } = "3f1b5c7d9e8a4b2c6d0e1f2a3b4c5d6e";
}
