using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace IntegrationHub.Sdk.Actions;

/// <summary>Carries out actions at the vendor: sends a message, saves an order.</summary>
public interface IRunActions : IConnection
{
    /// <summary>
    /// Carries out one action. The hub calls it again with the same <see cref="ActionRequest.IdempotencyKey"/> when it does not know how the first call ended (a lost
    /// answer, a killed process); the connector then finds out at the vendor what became of it before it does anything. An action that has ended is answered by the hub.
    /// </summary>
    /// <exception cref="ConnectorException">What went wrong. <see cref="ConnectorException.MayHaveHappened"/> says that the vendor may have carried it out.</exception>
    Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken);
}

/// <summary>One action to carry out.</summary>
/// <param name="Action">Name in the manifest.</param>
/// <param name="IdempotencyKey">The caller's name for this one action; the same key never acts twice. At most 200 characters.</param>
/// <param name="Input">A JSON object.</param>
public sealed record ActionRequest(string Action, string IdempotencyKey, JsonElement Input)
{
    /// <summary>An earlier call with this key may have got anywhere: look before acting.</summary>
    public bool IsRepeat { get; init; }

    /// <summary>What earlier calls with this key noted.</summary>
    public required IActionSteps Steps { get; init; }

    /// <summary>Binds the input to a class and validates it like settings.</summary>
    /// <typeparam name="TInput">A class with settable properties and <see cref="ValidationAttribute"/>s; JSON names are camelCase.</typeparam>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Permanent"/>, listing every fault, never a value.</exception>
    public TInput Bind<TInput>() where TInput : class, new() => OptionsBinder.BindInput<TInput>(Action, Input);

    /// <summary>Checks the input against declared fields.</summary>
    /// <returns>The fields that were given or have a default, by name.</returns>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Permanent"/>, listing every fault, never a value.</exception>
    public IReadOnlyDictionary<string, JsonElement> Bind(IReadOnlyList<FieldManifest> fields) => OptionsBinder.BindInput(Action, fields, Input);
}

/// <summary>Notes of one action that survive a crash, for actions of several steps: a step that is noted is not done again.</summary>
public interface IActionSteps
{
    /// <summary>What was noted, or <c>null</c>.</summary>
    string? Get(string name);

    /// <summary>Notes; durable when it returns. An empty value takes the note back.</summary>
    ValueTask SetAsync(string name, string value, CancellationToken cancellationToken);
}

/// <summary>What an action gave.</summary>
/// <param name="Output">A JSON object for the caller, kept with the key.</param>
public sealed record ActionResult(JsonElement Output)
{
    /// <summary>A result out of an object; property names become camelCase.</summary>
    public static ActionResult Of(object output) => new(JsonSerializer.SerializeToElement(output, JsonSerializerOptions.Web));
}

/// <summary>What a connector's action is.</summary>
public sealed record ActionManifest
{
    /// <summary>Stable lower-case name, unique in the connector, e.g. <c>save_customer</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>The class of its input, bound by <see cref="ActionRequest.Bind{TInput}()"/>; <c>null</c> for actions that declare their <see cref="Fields"/> instead.</summary>
    public Type? Input { get; init; }

    /// <summary>What its input holds.</summary>
    /// <value>Default: the properties of <see cref="Input"/>.</value>
    public IReadOnlyList<FieldManifest> Fields { get => field ??= Input is null ? [] : FieldManifest.Of(Input); init; }

    /// <summary>Paths (RFC 9535) of input fields that hold personal data.</summary>
    public IReadOnlyList<string> PersonalData { get; init; } = [];
}
