using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Tree;

public sealed class TileTests
{
    [Theory]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(0, 1_234_067, 256, "tile/0/x001/x234/067")]
    [InlineData(0, 273, 112, "tile/0/273.p/112")]
    [InlineData(1, 0, 1, "tile/1/000.p/1")]
    [InlineData(0, 1_000, 256, "tile/0/x001/000")]
    [InlineData(Tile.Entries, 1_000_000, 5, "tile/entries/x001/x000/000.p/5")]
    public void Path_is_that_of_the_standard_and_reads_back(int level, long index, int width, string path)
    {
        Assert.Equal(path, new Tile(level, index, width).Path);
        Assert.True(Tile.TryParse(path, out var tile));
        Assert.Equal(new(level, index, width), tile);
    }

    [Theory]
    [InlineData("tile/0/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/x234")]
    [InlineData("tile/0/../000")]
    [InlineData("tile/0/")]
    [InlineData("tile/entries")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/-01")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("checkpoint")]
    [InlineData("")]
    public void Other_spellings_are_no_tiles(string path) => Assert.False(Tile.TryParse(path, out _));

    [Fact]
    public void A_tree_of_70000_has_the_tiles_that_the_standard_counts()
    {
        var tiles = Tile.Of(70_000).ToList();
        Assert.Equal(273, tiles.Count(t => t is { Level: 0, IsPartial: false }));
        Assert.Equal([new(0, 273, 112), new(1, 1, 17), new(2, 0, 1)], tiles.Where(t => t.IsPartial));
        Assert.Equal([new(0, 0, 256), new(1, 0, 1)], Tile.Of(256));
        Assert.Empty(Tile.Of(0));
    }
}
