using System.Net;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>The text of HTML as a reader sees it, in one pass whose time grows with the length of the input only.</summary>
internal static class HtmlText
{
    // Line ends of the source are plain spaces in HTML, so breaks need a mark of their own until the end.
    private const char LineBreak = '\u2028';

    public static string Read(string html)
    {
        var text = new StringBuilder(html.Length);
        var at = 0;
        while (at < html.Length)
        {
            var open = html.IndexOf('<', at);
            if (open < 0 || open + 1 >= html.Length)
            {
                text.Append(html, at, html.Length - at);
                break;
            }

            text.Append(html, at, open - at);
            var next = html[open + 1];
            if (string.CompareOrdinal(html, open, "<!--", 0, 4) == 0)
            {
                at = After(html, "-->", open + 4);
            }
            else if (char.IsAsciiLetter(next) || next is '/' or '!' or '?')
            {
                var close = html.IndexOf('>', open);
                if (close < 0)
                    break;
                var name = TagName(html, open);
                at = close + 1;
                if (next != '/' && name is "script" or "style")
                    at = After(html, ">", html.IndexOf("</" + name, at, StringComparison.OrdinalIgnoreCase));
                else if (BreaksLine(name))
                    text.Append(LineBreak);
            }
            else
            {
                // A lone '<' in running text, such as "2 < 3".
                text.Append('<');
                at = open + 1;
            }
        }

        return Tidy(WebUtility.HtmlDecode(text.ToString()));
    }

    private static int After(string html, string mark, int from)
    {
        var at = from < 0 ? -1 : html.IndexOf(mark, Math.Min(from, html.Length), StringComparison.Ordinal);
        return at < 0 ? html.Length : at + mark.Length;
    }

    private static string TagName(string html, int open)
    {
        var start = html[open + 1] == '/' ? open + 2 : open + 1;
        var end = start;
        while (end < html.Length && end - start < 12 && char.IsAsciiLetterOrDigit(html[end]))
            end++;
        return html[start..end].ToLowerInvariant();
    }

    private static bool BreaksLine(string name) => name is "br" or "p" or "div" or "li" or "tr" or "ul" or "ol" or "table" or "section"
        or "article" or "header" or "footer" or "blockquote" or "pre" or "hr" or "dt" or "dd" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6";

    /// <summary>One space between words, one line end between lines, none at the ends.</summary>
    private static string Tidy(string text)
    {
        var tidy = new StringBuilder(text.Length);
        var (space, line) = (false, false);
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c))
            {
                space = true;
                line |= c == LineBreak;
                continue;
            }

            if (space && tidy.Length > 0)
                tidy.Append(line ? '\n' : ' ');
            (space, line) = (false, false);
            tidy.Append(c);
        }

        return tidy.ToString();
    }
}
