using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Tokens;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Sdk;

/// <summary>What the hub hands to <see cref="IConnector.Open"/>: settings, HTTP, time, log. Valid until the connection is disposed.</summary>
public sealed record ConnectionContext
{
    /// <summary>The connection's name in <c>hub.yaml</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The <c>config:</c> section as a JSON object, with secret references already replaced by their values.</summary>
    public required JsonElement Settings { get; init; }

    /// <summary>
    /// Makes a client with the hub's resilience handler (retry with back-off on transient failures, honouring Retry-After).
    /// The caller may set <see cref="HttpClient.BaseAddress"/> and headers, and disposes the client with the connection.
    /// </summary>
    public required Func<HttpClient> CreateHttpClient { get; init; }

    /// <summary>The folder that relative file paths in the settings start from.</summary>
    public required string ContentRoot { get; init; }

    /// <summary>The clock to use for everything.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What <see cref="TokenBroker"/> keeps its tokens in.</summary>
    /// <value>Default: forgets with the context.</value>
    public IConnectionVault Vault { get; init; } = new MemoryVault();

    /// <summary>The call budgets of the process; ask it for the account's.</summary>
    /// <value>Default: shared with nobody.</value>
    public CallBudgets Budgets { get => field ??= new(Time); init; }

    /// <summary>A log whose category is the connection. Never log values of records or settings.</summary>
    public required ILogger Log { get; init; }

    /// <summary>
    /// Binds the settings to an options class and validates it: unknown keys, wrong types, missing values, and the class's
    /// <see cref="ValidationAttribute"/>s and <see cref="IValidatableObject"/>.
    /// </summary>
    /// <typeparam name="TOptions">A class with settable properties; JSON names are camelCase.</typeparam>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Configuration"/>; the message lists every fault with its path. Values marked <see cref="SecretAttribute"/> are never shown.</exception>
    public TOptions Bind<TOptions>() where TOptions : class, new() => OptionsBinder.Bind<TOptions>(Name, Settings);

    /// <summary>Checks the settings against declared fields: unknown names, wrong types, missing values.</summary>
    /// <returns>The settings that were given or have a default, by name.</returns>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Configuration"/>; the message lists every fault with its path and shows no secret.</exception>
    public IReadOnlyDictionary<string, JsonElement> Bind(IReadOnlyList<FieldManifest> fields) => OptionsBinder.Bind(Name, fields, Settings);
}

/// <summary>Marks an options property whose value must never be shown or logged.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
