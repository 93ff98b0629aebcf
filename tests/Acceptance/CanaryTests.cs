using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IntegrationHub.Acceptance;

/// <summary>
/// 200 values that nobody else has - names, mobiles, mail addresses, tokens - go through everything a hub does. None may turn up in the sovereignty
/// log, in what processes log, in traces and metrics, or in the answers to faulty requests.
/// </summary>
public sealed class CanaryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_planted_value_turns_up_where_it_must_not()
    {
        var names = Enumerable.Range(0, 60).Select(i => $"Kanarienvogel{i:D3} 金丝雀{i:D3}").ToList();
        var mobiles = Enumerable.Range(0, 60).Select(i => $"1380013{8000 + 97 * i}").ToList();
        var mails = Enumerable.Range(0, 60).Select(i => $"canary{i:D3}@cage.example").ToList();
        var tokens = Enumerable.Range(0, 20).Select(i => $"tok-canary-{i:D3}-x9f").ToList();
        // What a name is found by when it is cut or its script is written otherwise.
        var canaries = names.SelectMany(n => n.Split(' ')).Concat(mobiles).Concat(mails).Concat(tokens).ToList();

        await using var collector = await Collector.StartAsync();
        using var folder = new HubFolder();
        var listen = $"http://127.0.0.1:{LoopbackPort.Free()}";
        folder.Write("releases.jsonl", Releases(names, mobiles, mails) + $"{{\"broken\":\"{names[59]} {mails[59]}\n");
        folder.Write("hub.yaml", $$"""
            workspace: canary
            region: CN
            listen: {{listen}}
            telemetry: { otlp: "{{collector.Address}}" }
            connections:
              tenders: { connector: ocds, config: { path: releases.jsonl } }
            """);
        var said = new StringBuilder();
        foreach (var token in tokens[..10])
            said.Append((await folder.RunWithInputAsync(token, "secrets", "set", $"s{tokens.IndexOf(token)}")).Text);
        said.Append((await folder.RunAsync("sync", "tenders")).Text);
        said.Append((await folder.RunAsync("rejected", "list")).Text);
        said.Append((await folder.RunAsync("show", "contact-" + tokens[10])).Error.Replace(tokens[10], "", StringComparison.Ordinal));
        foreach (var entity in new[] { "contact", "customer", "tender" })
            said.Append((await folder.RunAsync("export", entity, "--out", entity + ".jsonl")).Text);
        var contacts = await File.ReadAllTextAsync(Path.Combine(folder.Path, "contact.jsonl"), Cancel);
        Assert.Contains(names[3].Split(' ')[0], contacts, StringComparison.Ordinal);
        Assert.Contains(mails[3], contacts, StringComparison.Ordinal);
        var key = (await folder.RunAsync("keys", "create", "app", "--scope", "admin")).Succeeded().Trim();

        using (var hub = folder.Start("run", "--log-json"))
        {
            hub.StandardInput.Close();
            var (output, error) = (hub.StandardOutput.ReadToEndAsync(Cancel), hub.StandardError.ReadToEndAsync(Cancel));
            try
            {
                said.Append(await UseAsync(listen, key, names, mails, tokens));
            }
            finally
            {
                // Told to stop, it sends what it has traced and measured.
                System.Diagnostics.Process.Start("kill", ["-TERM", $"{hub.Id}"]).Dispose();
                await hub.WaitForExitAsync(Cancel);
            }

            said.Append(await output).Append(await error);
        }

        (await folder.RunAsync("log", "verify")).Ended(0, "all as signed");
        (await folder.RunAsync("log", "export", "exported")).Succeeded();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Path, "exported"), "*", SearchOption.AllDirectories))
            said.Append(Encoding.UTF8.GetString(await File.ReadAllBytesAsync(file, Cancel)));
        Assert.True(collector.Bytes > 0, "nothing was traced or measured");
        said.Append(collector.Text);

        var heard = said.ToString();
        Assert.Contains("\"action\":\"ingest\"", heard, StringComparison.Ordinal);
        Assert.Contains("\"operation\":\"list_contacts\"", heard, StringComparison.Ordinal);
        var leaks = canaries.Select(c => (Canary: c, At: heard.IndexOf(c, StringComparison.Ordinal))).Where(l => l.At >= 0)
            .Select(l => $"{l.Canary}: ...{heard[Math.Max(0, l.At - 300)..Math.Min(heard.Length, l.At + 100)]}...");
        Assert.True(!leaks.Any(), string.Join('\n', leaks.Take(5)));
    }

    /// <summary>Reads in every way, faulty ones included; gives what was answered to those that failed.</summary>
    private static async Task<string> UseAsync(string address, string key, List<string> names, List<string> mails, List<string> tokens)
    {
        using var http = new HttpClient { BaseAddress = new(address) };
        while (true)
            try
            {
                await http.GetAsync("/healthz/live", Cancel);
                break;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, Cancel);
            }

        var refused = new StringBuilder();
        async Task<string> Get(string path, string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = await http.SendAsync(request, Cancel);
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            if (!answer.IsSuccessStatusCode)
                refused.Append(text).Append(answer.Headers);
            return answer.IsSuccessStatusCode ? text : "";
        }

        var contacts = await Get("/v1/contacts?limit=200", key);
        Assert.Contains(mails[3], contacts, StringComparison.Ordinal);
        var id = System.Text.Json.JsonDocument.Parse(contacts).RootElement.GetProperty("data")[0].GetProperty("id").GetString();
        await Get($"/v1/contacts/{id}?explain=*", key);
        await Get($"/v1/contacts/{id}/history", key);
        await Get($"/v1/contacts/{id}/timeline", key);
        await Get("/v1/changes?after=0&limit=500", key);
        await Get("/v1/rejected", key);
        await Get("/v1/rejected/1?body=true", key);
        for (var i = 0; i < 20; i++)
        {
            await Get($"/v1/contacts?email={Uri.EscapeDataString(mails[i])}", key);
            await Get($"/v1/contacts?q={Uri.EscapeDataString(names[i])}", key);
            await Get($"/v1/contacts?name[lt]={Uri.EscapeDataString(names[i])}&sort={Uri.EscapeDataString(names[i])}", key);
            await Get($"/v1/contacts/{Uri.EscapeDataString(mails[i])}", key);
            await Get($"/v1/contacts?cursor={Uri.EscapeDataString(mails[i])}", key);
            await Get($"/v1/nothing/{tokens[i]}", key);
            await Get("/v1/contacts", $"hub_0123456789ab_{tokens[i]}");
            await Get("/v1/contacts", tokens[i]);
            using var body = new StringContent($"{{\"stream\":\"{names[i]}\"}}", Encoding.UTF8, "application/json");
            using var post = new HttpRequestMessage(HttpMethod.Post, "/v1/connections/tenders/sync") { Content = body };
            post.Headers.Authorization = new("Bearer", key);
            using var answer = await http.SendAsync(post, Cancel);
            refused.Append(await answer.Content.ReadAsStringAsync(Cancel));
        }

        return refused.ToString();
    }

    /// <summary>Every third is unusable in its own way, so that rejections have something to tell.</summary>
    private static string Releases(List<string> names, List<string> mobiles, List<string> mails) => string.Concat(names.Select((name, i) => $$$"""
        {"ocid":"ocds-can001-{{{i:D4}}}","id":"{{{i}}}","date":"{{{(i % 6 == 5 ? mails[i] : "2025-01-01T08:00:00Z")}}}","tag":["tender"],"initiationType":"tender","parties":[{"id":"B{{{i}}}","name":"{{{name}}} Co","roles":["buyer"],"contactPoint":{"name":"{{{name}}}","email":"{{{mails[i]}}}","telephone":"+86 {{{mobiles[i]}}}"}}],"buyer":{"id":"B{{{i}}}","name":"{{{name}}} Co"},"tender":{"id":"t","title":"{{{name}}} {{{mails[i]}}}","status":"{{{(i % 6 == 2 ? name : "active")}}}","value":{"amount":{{{(i % 6 == 3 ? $"\"{mobiles[i]}x\"" : "1")}}},"currency":"CNY"} } }

        """));

    /// <summary>Takes OTLP over gRPC and keeps the bytes; strings stand in protobuf as they are.</summary>
    private sealed class Collector(WebApplication app, MemoryStream kept) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public long Bytes => kept.Length;

        public string Text
        {
            get
            {
                lock (kept)
                    return Encoding.UTF8.GetString(kept.ToArray());
            }
        }

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.ConfigureEndpointDefaults(o => o.Protocols = HttpProtocols.Http2));
            var app = builder.Build();
            var kept = new MemoryStream();
            app.Run(async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body, http.RequestAborted);
                lock (kept)
                    kept.Write(body.ToArray());
                http.Response.ContentType = "application/grpc";
                await http.Response.Body.WriteAsync(new byte[5], http.RequestAborted);
                http.Response.AppendTrailer("grpc-status", "0");
            });
            await app.StartAsync(Cancel);
            return new(app, kept);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
