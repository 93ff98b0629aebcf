using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Gets one page at a time from a publisher; every way this can fail is a <see cref="ConnectorException"/>.</summary>
internal sealed class PublisherClient(HttpClient http, OcdsOptions options, TimeProvider time)
{
    private const int MaxExplanation = 300;

    /// <exception cref="ConnectorException">The publisher refused, cannot be reached, or sent no package.</exception>
    public async Task<Page> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> body;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd("application/json");
            request.Headers.UserAgent.ParseAdd("IntegrationHub-ocds/0.1");
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw await RefusedAsync(address, response, cancellationToken).ConfigureAwait(false);
            body = await BodyAsync(address, response, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new ConnectorException(ConnectorErrorKind.Transient, $"{address}: the publisher cannot be reached or broke off ({e.Message})", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectorException(ConnectorErrorKind.Transient, $"{address}: no answer in time", e);
        }

        return await ToPageAsync(address, body, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ReadOnlyMemory<byte>> BodyAsync(Uri address, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var raw = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = raw.ConfigureAwait(false);
        var body = await BoundedBytes.ReadAsync(raw, options.MaxPageBytes, cancellationToken).ConfigureAwait(false);
        if (body is { } packed && packed.Span.StartsWith<byte>([0x1F, 0x8B]))
        {
            // A .gz file, or a client that was not told to decompress. The limit holds for what comes out.
            var unpacked = new WholeGzipStream(new MemoryStream(packed.ToArray()));
            await using var closingToo = unpacked.ConfigureAwait(false);
            body = await BoundedBytes.ReadAsync(unpacked, options.MaxPageBytes, cancellationToken).ConfigureAwait(false);
        }

        if (body is not { } bytes)
            throw new ConnectorException(ConnectorErrorKind.Permanent,
                $"{address}: the page has more than {options.MaxPageBytes} bytes; ask for smaller pages or raise maxPageBytes");
        return ToUtf8(address, bytes, response.Content.Headers.ContentType?.CharSet ?? options.Charset);
    }

    private static ReadOnlyMemory<byte> ToUtf8(Uri address, ReadOnlyMemory<byte> body, string? charset)
    {
        if (charset is not null && !TextEncoding.IsKnown(charset))
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{address}: the answer is in '{charset}', which is not supported (utf-8, iso-8859-1)");
        if (charset is not null && !TextEncoding.IsUtf8(charset))
            return TextEncoding.ToUtf8(body.Span);
        if (!Utf8.IsValid(body.Span))
            throw new ConnectorException(ConnectorErrorKind.Configuration,
                $"{address}: the answer is not UTF-8{(charset is null ? " and does not say what it is; if the publisher means ISO-8859-1, set 'charset: iso-8859-1'" : " although it says so")}");
        return body;
    }

    private static async Task<Page> ToPageAsync(Uri address, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (body.Span.TrimStart(" \t\r\n"u8).StartsWith("<"u8))
            throw new ConnectorException(ConnectorErrorKind.Transient,
                $"{address}: the answer is a web page instead of JSON; the publisher is under maintenance, or the url is wrong");

        var frame = await PackageReader.ReadFrameAsync(Stream(body), cancellationToken).ConfigureAwait(false);
        if (frame.Broken is { } broken)
            throw new ConnectorException(ConnectorErrorKind.Transient, $"{address}: the answer is cut off or broken ({broken.Message})", broken);
        if (!frame.IsList && !frame.IsSingle)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{address}: the answer is JSON but no OCDS package; check the url");

        // What tells two pages apart are their elements, since the header carries the time of the answer.
        var (from, to) = frame.ElementBytes;
        return new Page(address, body, frame, Convert.ToHexStringLower(SHA256.HashData(body.Span[(int)from..(int)to])));
    }

    internal static MemoryStream Stream(ReadOnlyMemory<byte> body) => new(body.ToArray(), writable: false);

    private async Task<ConnectorException> RefusedAsync(Uri address, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        var explanation = await ExplanationAsync(response, cancellationToken).ConfigureAwait(false);
        return OcdsErrors.FromStatus(response.StatusCode, options.Style, wait, address.ToString(), explanation);
    }

    /// <summary>The publisher's own words, if they are JSON with a message; web pages say nothing useful.</summary>
    private static async Task<string> ExplanationAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        if (await BoundedBytes.ReadAsync(stream, 64 * 1024, cancellationToken).ConfigureAwait(false) is not { Length: > 0 } body)
            return "";

        using var json = StrictJson.Parse(body, out _);
        if (json is not { RootElement.ValueKind: JsonValueKind.Object })
            return "";
        foreach (var name in new[] { "exception", "message", "error" })
            if (json.RootElement.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } words)
                return words.Length > MaxExplanation ? words[..MaxExplanation] : words;
        return "";
    }
}

/// <summary>One page as the publisher sent it, in UTF-8.</summary>
/// <param name="Address">Where it came from.</param>
/// <param name="Body">The whole document.</param>
/// <param name="Frame">Its header and shape.</param>
/// <param name="ContentHash">The same for two pages with the same elements.</param>
internal sealed record Page(Uri Address, ReadOnlyMemory<byte> Body, DocumentFrame Frame, string ContentHash);
