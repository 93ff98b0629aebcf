using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Simulators.Demo;

/// <summary>A page that lists what can happen at the simulated vendors, with a button and a command for each.</summary>
public static class VendorPage
{
    /// <summary>Puts the page together; the caller starts it.</summary>
    public static WebApplication Build(SimulatedVendors vendors, VendorChanges changes)
    {
        ArgumentNullException.ThrowIfNull(vendors);
        ArgumentNullException.ThrowIfNull(changes);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(vendors.Page.GetLeftPart(UriPartial.Authority)).ConfigureKestrel(k => k.AddServerHeader = false);
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.UseRouting();
        app.MapGet("/", http => WriteAsync(http, "text/html", Html(vendors, changes)));
        foreach (var change in changes.All)
            app.MapPost(change.Path, async http =>
            {
                var text = $"simulated {change.Vendor}: {await change.DoAsync().ConfigureAwait(false)}";
                await WriteAsync(http, http.Request.HasFormContentType ? "text/html" : "text/plain", http.Request.HasFormContentType ? $"<p>{WebUtility.HtmlEncode(text)}<p><a href=\"/\">back</a>" : text + "\n").ConfigureAwait(false);
            });
        return app;
    }

    private static string Html(SimulatedVendors vendors, VendorChanges changes)
    {
        var html = new StringBuilder("<!DOCTYPE html><meta charset=\"utf-8\"><title>Simulated vendors</title><style>body{font:16px sans-serif;max-width:50em;margin:2em auto;padding:0 1em}li{margin:1em 0}form{display:inline}code{background:#eee;padding:.2em}</style>");
        html.Append("<h1>Simulated vendors</h1><p>These are not the real WeCom, Kingdee and e签宝: they answer as the vendors' documentation says, with invented data.<p>Let something happen, and look at the hub's change feed:<ul>");
        foreach (var change in changes.All)
            html.Append($"<li>{change.Vendor}: {change.What} <form method=\"post\" action=\"{change.Path}\"><button name=\"go\" value=\"1\">go</button></form><br><code>curl -X POST {vendors.Page.GetLeftPart(UriPartial.Authority)}{change.Path}</code>");
        return html.Append("</ul>").ToString();
    }

    private static Task WriteAsync(HttpContext http, string type, string text)
    {
        http.Response.ContentType = type + "; charset=utf-8";
        return http.Response.WriteAsync(text);
    }
}
