using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Testing.Conformance;

namespace IntegrationHub.Connectors.Tests.Declarative;

/// <summary>Whole lists by page number, with a key in a header.</summary>
public sealed class PagedManifestConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new ApiUnderTest(new(ApiAuth.HeaderKey, ApiPaging.Page, ApiOrder.ById), """
        connector: paged
        title: Paged
        description: Items by page number.
        region: DE
        address: "{settings.url}"
        settings:
          url: { type: address, required: true, description: The address. }
          key: { secret: true, required: true, description: The key. }
        auth: { key: { header: X-Api-Key, value: "{settings.key}" } }
        budget: { calls: 6000, burst: 100 }
        errors:
          table:
            - { status: 401, means: configuration, reason: "the key is not accepted" }
        streams:
          items:
            description: An item.
            request: { get: v1/items, query: { page: "{page}", limit: "{size}" } }
            paging: { style: page, size: 4, total: $.total, exact: true }
            records: $.data[*]
            key: $.id
            observedAt: $.changed
            deletions: by-absence
            personalData: [ $.contact.email ]
        """,
        s => s["key"] = ApiVendor.Key,
        [new("a wrong key", s => s["key"] = "key-wrong", "key"), new("no address", s => s.Remove("url"), "url"), new("no address at all", s => s["url"] = "nowhere", "url")],
        ApiVendor.Key);
}

/// <summary>What changed, oldest first, by offset, with HTTP Basic.</summary>
public sealed class AscendingManifestConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new ApiUnderTest(new(ApiAuth.Basic, ApiPaging.Offset, ApiOrder.OldestFirst), """
        connector: ascending
        title: Ascending
        description: Items by time of change.
        region: DE
        address: "{settings.url}"
        settings:
          url: { type: address, required: true, description: The address. }
          user: { required: true, description: The user. }
          password: { secret: true, required: true, description: The password. }
          size: { type: integer, default: 4, least: 1, most: 4, description: Rows of a page. }
        auth: { basic: { user: "{settings.user}", password: "{settings.password}" } }
        budget: { calls: 6000, burst: 100 }
        errors:
          table:
            - { status: 401, means: configuration, reason: "user or password is not accepted" }
        streams:
          items:
            description: An item.
            request: { get: v1/items, query: { offset: "{page}", limit: "{size}", since: "{since}" } }
            paging: { style: offset, size: "{settings.size}" }
            records: $.data[*]
            key: $.id
            since: { value: $.changed, order: ascending, overlap: 00:05:00 }
            personalData: [ $.contact.email ]
        """,
        s => (s["user"], s["password"]) = (ApiVendor.User, ApiVendor.Password),
        [new("a wrong password", s => s["password"] = "pass-wrong", "password"), new("too large a page", s => s["size"] = 5, "size"), new("no number", s => s["size"] = "four", "size")],
        ApiVendor.Password);
}

/// <summary>What changed, newest first, by token, with OAuth 2.0 client credentials; errors under HTTP 200; callbacks by HMAC and an action.</summary>
public sealed class ChangedManifestConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create()
    {
        var vendor = new ApiVendor(ApiAuth.ClientCredentials, ApiPaging.Token, ApiOrder.NewestFirst, codesUnder200: true);
        return new ApiUnderTest(vendor, """
            connector: changed
            title: Changed
            description: Items by time of change, newest first.
            region: DE
            address: "{settings.url}"
            settings:
              url: { type: address, required: true, description: The address. }
              clientId: { required: true, description: The client. }
              clientSecret: { secret: true, required: true, description: Its secret. }
              hookSecret: { secret: true, required: true, description: Secret of the callbacks. }
            auth:
              clientCredentials: { url: oauth/token, id: "{settings.clientId}", secret: "{settings.clientSecret}" }
            budget: { calls: 6000, burst: 100 }
            errors:
              code: $.code
              good: ["0"]
              table:
                - { code: "1401", means: re-authenticate, reason: the token has run out }
                - { code: "1429", means: rate-limited, wait: 00:00:20, reason: asked too often }
                - { status: 401, means: configuration, reason: "clientId or clientSecret is not accepted" }
            streams:
              items:
                description: An item.
                request: { get: v1/items, query: { cursor: "{page}", limit: "{size}", since: "{since}" } }
                paging: { style: token, size: 4, next: $.next }
                records: $.data[*]
                key: $.id
                since: { value: $.changed }
                deletions: explicit
                personalData: [ $.contact.email ]
            callbacks:
              signature:
                style: hmac-sha256
                secret: "{settings.hookSecret}"
                header: X-Signature
                prefix: "sha256="
                over: "{timestamp}.{body}"
                timestamp: { header: X-Timestamp }
              handshake: { when: $.type == 'url_verification', path: $.challenge, member: challenge }
              answer: ok
              events:
                - { when: $.type == 'item.changed', stream: items, id: $.event, subject: $.item.id, read: { get: "v1/items/{subject}" }, answered: $.item }
                - { when: $.type == 'item.added', stream: items, id: $.event, subject: $.item.id, record: $.item }
                - { when: $.type == 'item.deleted', stream: items, id: $.event, subject: $.item.id, deleted: true }
            actions:
              create_item:
                description: Makes an item.
                input:
                  name: { required: true, description: Its name. }
                  amount: { type: number, description: Its price. }
                request: { post: v1/items, headers: { Idempotency-Key: "{key}" }, json: { name: "{input.name}", amount: "{input.amount}", tags: [hub] } }
                output: { id: $.item.id }
            """,
            s => (s["clientId"], s["clientSecret"], s["hookSecret"]) = (ApiVendor.ClientId, ApiVendor.ClientSecret, ApiVendor.HookSecret),
            [new("a wrong secret", s => s["clientSecret"] = "client-secret-wrong", "clientSecret"), new("no client", s => s.Remove("clientId"), "clientId")],
            ApiVendor.ClientSecret, ApiVendor.HookSecret)
        {
            Samples =
            [
                Sample("changed", "items", new { type = "item.changed", @event = "e-1", item = new { id = "it-003" } }, "it-003"),
                Sample("added", "items", new { type = "item.added", @event = "e-2", item = new { id = "it-777", name = "新" } }, "it-777"),
                Sample("deleted", "items", new { type = "item.deleted", @event = "e-3", item = new { id = "it-004" } }, "it-004"),
                Sample("test of the address", null, new { type = "url_verification", challenge = "c-99" }) with { Answer = """{"challenge":"c-99"}""" },
            ],
        };

        CallbackSample Sample(string what, string? stream, object body, params IReadOnlyList<string> ids) => new(what, () =>
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(body);
            var timestamp = vendor.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(ApiVendor.HookSecret), (byte[])[.. Encoding.UTF8.GetBytes(timestamp + "."), .. bytes]);
            return new CallbackRequest
            {
                Method = "POST",
                Body = bytes,
                Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["X-Signature"] = "sha256=" + Convert.ToHexStringLower(mac), ["X-Timestamp"] = timestamp },
            };
        }, stream, ids);
    }
}

/// <summary>Whole lists by Link header, with a refresh token that can be used once; callbacks by Standard Webhooks.</summary>
public sealed class LinkedManifestConformance : ConnectorConformance
{
    private static readonly string HookKey = "whsec_" + Convert.ToBase64String(Encoding.UTF8.GetBytes("0123456789abcdef0123456789abcdef"));

    protected override ConnectorUnderTest Create()
    {
        var vendor = new ApiVendor(ApiAuth.RefreshToken, ApiPaging.Link, ApiOrder.ById);
        return new ApiUnderTest(vendor, """
            connector: linked
            title: Linked
            description: Items page by page.
            region: DE
            address: "{settings.url}"
            settings:
              url: { type: address, required: true, description: The address. }
              clientId: { required: true, description: The client. }
              clientSecret: { secret: true, required: true, description: Its secret. }
              refreshToken: { secret: true, required: true, description: The first refresh token. }
              hookSecret: { secret: true, description: Secret of the callbacks. }
            auth:
              refreshToken: { url: oauth/token, id: "{settings.clientId}", secret: "{settings.clientSecret}", refreshToken: "{settings.refreshToken}" }
            budget: { calls: 6000, burst: 100 }
            streams:
              items:
                description: An item.
                request: { get: v1/items, query: { limit: 4 } }
                paging: { style: link }
                records: $.data[*]
                key: $.id
                personalData: [ $.contact.email ]
            callbacks:
              signature: { style: standard-webhooks, secret: "{settings.hookSecret}" }
              events:
                - { stream: items, subject: $.data.id, record: $.data }
            """,
            s => (s["clientId"], s["clientSecret"], s["refreshToken"], s["hookSecret"]) = (ApiVendor.ClientId, ApiVendor.ClientSecret, ApiVendor.FirstRefresh, HookKey),
            [new("a spent refresh token", s => s["refreshToken"] = "refresh-wrong", "refreshToken"), new("a wrong secret", s => s["clientSecret"] = "client-secret-wrong", "credentials")],
            ApiVendor.ClientSecret, ApiVendor.FirstRefresh, HookKey)
        {
            Samples = [new("an item", Send, "items", ["it-003"])],
        };

        CallbackRequest Send()
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new { type = "item", data = new { id = "it-003" } });
            var timestamp = vendor.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            byte[] signed = [.. Encoding.UTF8.GetBytes($"msg_1.{timestamp}."), .. body];
            var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(HookKey["whsec_".Length..]), signed));
            return new()
            {
                Method = "POST",
                Body = body,
                Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["webhook-id"] = "msg_1", ["webhook-timestamp"] = timestamp, ["webhook-signature"] = "v1," + signature },
            };
        }
    }
}

/// <summary>By the address that the answer names, with a token of the vendor's own kind in a parameter.</summary>
public sealed class OwnTokenManifestConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new ApiUnderTest(new(ApiAuth.OwnToken, ApiPaging.Url, ApiOrder.ById, codesUnder200: true), """
        connector: own-token
        title: Own token
        description: Items page by page.
        region: DE
        address: "{settings.url}"
        settings:
          url: { type: address, required: true, description: The address. }
          app: { required: true, description: The app. }
          secret: { secret: true, required: true, description: Its secret. }
        auth:
          token:
            request: { post: oauth/token, json: { app: "{settings.app}", secret: "{settings.secret}" } }
            found: $.data.token
            life: $.data.expire
            query: access_token
            value: "{token}"
        budget: { calls: 6000, burst: 100 }
        errors:
          code: $.code
          good: [0]
          table:
            - { code: 1401, means: re-authenticate, reason: the token has run out }
            - { code: 1429, means: rate-limited, reason: asked too often }
            - { code: 4001, means: configuration, reason: app or secret is not accepted }
            - { code: cursor_expired, means: start-again }
        streams:
          items:
            description: An item.
            request: { get: v1/items, query: { limit: 4 } }
            paging: { style: url, next: $.next }
            records: $.data[*]
            key: $.id
            personalData: [ $.contact.email ]
        """,
        s => (s["app"], s["secret"]) = (ApiVendor.ClientId, ApiVendor.ClientSecret),
        [new("a wrong secret", s => s["secret"] = "client-secret-wrong", "secret"), new("no app", s => s.Remove("app"), "app")],
        ApiVendor.ClientSecret);
}
