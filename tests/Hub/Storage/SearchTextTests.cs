using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Storage;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("Acme Ltd", "Acme Ltd")]
    [InlineData("北京Acme", " 北京  京 Acme")]
    [InlineData("上海(示)", " 上海 ( 海示 ) 示 ")]
    [InlineData("ＡＢＣ１２３", "ABC123")]
    [InlineData("𠮷", " 𠮷 ")]
    [InlineData("a😀b", "a😀b")]
    public void Ideographs_become_words(string text, string expected) => Assert.Equal(expected, SearchText.Index(text));

    [Theory]
    [InlineData("", "")]
    [InlineData(" \t\n　", "")]
    [InlineData("\"*():^-+!?", "")]
    [InlineData("😀", "")]
    [InlineData("acme", "\"acme\"*")]
    [InlineData("acme 北京", "\"acme\"* AND \"北京\"")]
    [InlineData("北京市", "\"北京  京市\"")]
    [InlineData("上海(示例)", "\"上海 ( 海示  示例 )\"")]
    [InlineData("Acme北", "\"Acme 北\"*")]
    [InlineData("ＡＣＭＥ　北", "\"ACME\"* AND \"北\"*")]
    [InlineData("a\"b", "\"a b\"*")]
    [InlineData("a\0b", "\"a\"* AND \"b\"*")]
    [InlineData("NEAR(a b) OR NOT", "\"NEAR(a\"* AND \"b)\"* AND \"OR\"* AND \"NOT\"*")]
    [InlineData("京Acme", "\"京 Acme\"*")]
    public void Typed_words_become_quoted_terms(string typed, string expected) => Assert.Equal(expected, SearchText.Query(typed));

    [Fact]
    public void Broken_surrogates_are_no_words() => Assert.Equal("\"ok\"*", SearchText.Query("\ud800 ok \udc00"));

    [Fact]
    public void Endless_input_gives_a_short_query() =>
        Assert.Equal(16, SearchText.Query(string.Join(' ', Enumerable.Repeat("word", 100_000))).Split(" AND ").Length);
}
