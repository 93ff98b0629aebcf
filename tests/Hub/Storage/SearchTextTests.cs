using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Storage;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("Acme Ltd", "acme ltd")]
    [InlineData("北京Acme", "北京 京 acme")]
    [InlineData("Acme北京", "acme 北京 京")]
    [InlineData("上海(示)", "上海 海示 示")]
    [InlineData("ＡＢＣ１２３", "abc123")]
    [InlineData("𠮷", "𠮷")]
    [InlineData("a😀b", "a b")]
    [InlineData(" (A.B.) - ", "a b")]
    [InlineData("Łódź Müller ẾCLAIR", "łodz muller eclair")]
    [InlineData("e\u0301te", "ete")]
    [InlineData("Ёлка Йод Ärger Ω", "ёлка йод arger ω")]
    [InlineData("½ a\ue000", "½ a\ue000")]
    public void Text_becomes_words_without_case_and_accents(string text, string expected) => Assert.Equal(expected, SearchText.Index(text));

    [Theory]
    [InlineData("", "")]
    [InlineData(" \t\n　", "")]
    [InlineData("\"*():^-+!?", "")]
    [InlineData("😀", "")]
    [InlineData("acme", "\"acme\"*")]
    [InlineData("acme 北京", "\"acme\"* AND \"北京\"")]
    [InlineData("北京市", "\"北京 京市\"")]
    [InlineData("上海(示例)", "\"上海 海示 示例\"")]
    [InlineData("Acme北", "\"acme 北\"*")]
    [InlineData("ＡＣＭＥ　北", "\"acme\"* AND \"北\"*")]
    [InlineData("a\"b", "\"a b\"*")]
    [InlineData("a\0b", "\"a\"* AND \"b\"*")]
    [InlineData("NEAR(a b) OR NOT", "\"near a\"* AND \"b\"* AND \"or\"* AND \"not\"*")]
    [InlineData("京Acme", "\"京 acme\"*")]
    public void Typed_words_become_quoted_terms(string typed, string expected) => Assert.Equal(expected, SearchText.Query(typed));

    [Fact]
    public void Broken_surrogates_are_no_words() => Assert.Equal("\"ok\"*", SearchText.Query("\ud800 ok \udc00"));

    [Fact]
    public void Endless_input_gives_a_short_query() =>
        Assert.Equal(16, SearchText.Query(string.Join(' ', Enumerable.Repeat("word", 100_000))).Split(" AND ").Length);
}
