namespace IntegrationHub.Simulators.Wecom;

/// <summary>The app that the simulated WeCom knows.</summary>
public sealed record WecomApp
{
    /// <summary>The corporation.</summary>
    public string CorpId { get; init; } = "ww1436e0e65a779aee";

    /// <summary>The app's secret.</summary>
    public string CorpSecret { get; init; } = "simulated-corp-secret-Zb3nQ8";

    /// <summary>The app.</summary>
    public int AgentId { get; init; } = 1000002;

    /// <summary>Token of the callback settings.</summary>
    public string CallbackToken { get; init; } = "QDG6eK";

    /// <summary>EncodingAESKey of the callback settings.</summary>
    public string EncodingAesKey { get; init; } = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

    /// <summary>Key of the group robot.</summary>
    public string RobotKey { get; init; } = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
}
