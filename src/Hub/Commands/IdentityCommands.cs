using System.CommandLine;

namespace IntegrationHub.Commands;

/// <summary><c>hub identity</c>: who is who, and why.</summary>
internal static class IdentityCommands
{
    public static Command Create() => new("identity", "Who is who: measure, review, decide.") { IdentityEvaluateCommand.Create() };
}
