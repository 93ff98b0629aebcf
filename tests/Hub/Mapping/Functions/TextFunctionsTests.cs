namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class TextFunctionsTests
{
    [Theory]
    [InlineData("\"\" | trim", "\"\"")]
    [InlineData("\"\u202A138\u202C\u200B\" | trim", "\"138\"")]
    [InlineData("12 | trim", "\"12\"")]
    [InlineData("true | trim", "fault")]
    [InlineData("\"a\u200Bb　\u00A0c\" | collapse", "\"ab c\"")]
    [InlineData("\"ÀÉ中Z\" | lower", "\"àé中z\"")]
    [InlineData("\"abc\" | lower | upper", "\"ABC\"")]
    [InlineData("\"😀é中\" | substring(1, 1)", "\"é\"")]
    [InlineData("\"😀é中\" | substring(-9)", "\"😀é中\"")]
    [InlineData("\"😀😀\" | truncate(1)", "\"😀\"")]
    [InlineData("\"中\" | padLeft(3, '　')", "\"　　中\"")]
    [InlineData("\"aaa\" | replace('aa', 'b')", "\"ba\"")]
    [InlineData("\"ab\" | replace('b', 'bbbb')", "\"abbbb\"")]
    [InlineData("\"x😀y\" | extract('x(.)')", "\"😀\"")]
    [InlineData("\"ac\" | extract('a(b)?c')", "absent")]
    [InlineData("\"a||b|c\" | split('|', '||')", "[\"a\", \"b\", \"c\"]")]
    [InlineData("\"\" | split(',')", "[\"\"]")]
    [InlineData("[\"a,b\", \"c\"] | split(',')", "[\"a\", \"b\", \"c\"]")]
    [InlineData("[\"a\"] | concat('b')", "fault")]
    [InlineData("true | concat('-', 1)", "\"true-1\"")]
    [InlineData("\"a\" | append(null)", "\"a\"")]
    [InlineData("[1, null] | toText", "[\"1\", null]")]
    [InlineData("\"<p title='a'>x\ny</p><!-- <b>no</b> --><style>p{}</style><STYLE>q{}</STYLE>z\" | stripTags", "\"x y\nz\"")]
    [InlineData("\"1 < 2 & 3\" | stripTags", "\"1 < 2 & 3\"")]
    [InlineData("\"&lt;b&gt;\" | stripTags", "\"<b>\"")]
    [InlineData("\"a<script>never closed\" | stripTags", "\"a\"")]
    [InlineData("\"ＡＢＣ　｛１｝～\" | normalizeWidth", "\"ABC {1}~\"")]
    public void Call_gives(string expression, string expected) => FunctionLibraryTests.Check(expression, expected);
}
