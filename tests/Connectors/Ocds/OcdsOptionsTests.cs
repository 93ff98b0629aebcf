using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Tests.Ocds;

public class OcdsOptionsTests
{
    [Fact]
    public void Defaults()
    {
        var options = new OcdsOptions();
        Assert.Equal((OcdsStyle.Package, TimeSpan.FromHours(6), TimeSpan.FromHours(6)), (options.Style, options.Window, options.Overlap));
        Assert.Equal((100, 10_000, 64 * 1024 * 1024), (options.PageSize, options.MaxPages, options.MaxPageBytes));
        Assert.Null(options.Path ?? options.Url ?? options.Charset);
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var e = Assert.Throws<ConnectorException>(() => OcdsRig.Open(new
        {
            path = " ",
            paths = Array.Empty<string>(),
            url = "ftp://x",
            style = "findATender",
            window = "00:00:01",
            overlap = "-01:00:00",
            stages = new[] { "contract" },
            charset = "big5",
            colour = "red",
        }));
        Assert.Equal(
            """
            connection 'tenders': 11 fault(s) in its settings
              config.colour: unknown setting; known are charset, from, maxPageBytes, maxPages, overlap, pageSize, path, paths, stages, style, url, window
              config.path, config.paths: give either path or paths, not both
              config.path: is empty; give a file or a folder
              config.paths: needs at least one file or folder, none of them empty
              config.url, config.style: files and a publisher's address cannot be combined; make two connections
              config.url: must be an absolute http or https address
              config.from: is needed for this style: the time where the first read begins, e.g. 2025-01-01T00:00:00Z
              config.window: must be between 00:01:00 and 366.00:00:00
              config.overlap: must be between 00:00:00 and 366.00:00:00
              config.stages: must be a list of planning, tender, award
              config.charset: must be utf-8 or iso-8859-1
            """,
            e.Message);
    }

    [Fact]
    public void Numbers_out_of_range_are_told()
    {
        var e = Assert.Throws<ConnectorException>(() => OcdsRig.Open(new { pageSize = 0, maxPages = 0, maxPageBytes = 1 }));
        Assert.Equal(ConnectorErrorKind.Configuration, e.Kind);
        foreach (var name in new[] { "pageSize", "maxPages", "maxPageBytes" })
            Assert.Contains($"config.{name}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_read_is_told()
    {
        var e = Assert.Throws<ConnectorException>(() => OcdsRig.Open(new { }));
        Assert.Contains("give a path, or a url, or a style", e.Message, StringComparison.Ordinal);
    }
}
