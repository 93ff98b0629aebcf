using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace IntegrationHub.Bench.Http;

/// <summary>
/// A system that lists its contacts a page at a time: <c>GET /contacts?cursor=K&amp;limit=L</c>, where the cursor is the number of contacts to pass over. Everything is in memory and joined
/// when it is asked for, so that what is measured is whoever asks.
/// </summary>
internal static class PageServer
{
    private const int UsualPage = 100;

    /// <param name="input">Contacts, one a line.</param>
    /// <param name="port">To listen on; 0 for a free one. The address is written to standard output.</param>
    /// <param name="delay">How long every answer waits, in milliseconds: the way to a system that is far.</param>
    public static async Task<int> RunAsync(string input, int port, int delay)
    {
        var contacts = File.ReadLines(input).Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        await using var app = Loopback.App(port);
        app.MapGet("/contacts", async context =>
        {
            if (delay > 0)
                await Task.Delay(delay, context.RequestAborted);
            var query = context.Request.Query;
            Write(context.Response, contacts, Number(query["cursor"], 0), Number(query["limit"], UsualPage));
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static void Write(HttpResponse response, byte[][] contacts, int from, int count)
    {
        var to = (int)Math.Min(contacts.Length, (long)from + count);
        response.ContentType = "application/json";
        var body = response.BodyWriter;
        body.Write("{\"errcode\":0,\"errmsg\":\"ok\",\"external_contact_list\":["u8);
        for (var i = from; i < to; i++)
        {
            if (i > from)
                body.Write(","u8);
            body.Write(contacts[i]);
        }

        body.Write("],\"next_cursor\":\""u8);
        if (to < contacts.Length)
        {
            Utf8Formatter.TryFormat(to, body.GetSpan(11), out var written);
            body.Advance(written);
        }

        body.Write("\"}"u8);
    }

    private static int Number(string? text, int otherwise) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
