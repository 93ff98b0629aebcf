using System.Buffers;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>E-mail addresses and the domains of addresses and URLs. Conservative: what a mail server would hardly accept is refused.</summary>
internal static class Email
{
    private const int MaxLength = 320;

    private static readonly Value NotEmail = Value.Fault("not an e-mail address");
    private static readonly Value Masked = Value.Fault("a masked e-mail address");
    private static readonly Value NotDomain = Value.Fault("no domain in the e-mail address or URL");

    private static readonly SearchValues<byte> LocalCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~."u8);

    /// <summary>Domains whose mailboxes anyone can have: they say nothing about the company.</summary>
    private static readonly ByteTable<bool> PublicMail = new(
        "qq.com foxmail.com vip.qq.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn vip.sina.com sohu.com 139.com 189.cn wo.cn 21cn.com aliyun.com tom.com 263.net gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.cn yahoo.com.cn yahoo.co.jp icloud.com me.com mac.com aol.com proton.me protonmail.com gmx.de gmx.net web.de t-online.de mail.ru yandex.ru naver.com daum.net hanmail.net orange.fr wanadoo.fr free.fr laposte.net libero.it btinternet.com zoho.com fastmail.com"
            .Split(' ').Select(domain => KeyValuePair.Create(domain, true)));

    public static Value Read(Value input, Scratch scratch)
    {
        Span<byte> work = stackalloc byte[MaxLength];
        if (!TryPlain(input, work, out var text))
            return NotEmail;

        // "Li Lei <li@example.com>" of mail headers.
        if (text[^1] == '>' && text.LastIndexOf((byte)'<') is >= 0 and var open)
            text = Utf8Text.Trimmed(text[(open + 1)..^1]);
        if (Ascii.EqualsIgnoreCase(text[..Math.Min(7, text.Length)], "mailto:"u8))
        {
            text = text[7..];
            if (text.IndexOf((byte)'?') is >= 0 and var query)
                text = text[..query];
        }

        var at = text.IndexOf((byte)'@');
        if (at is <= 0 or > 64 || text.Length > 254 || !IsLocal(text[..at]))
            return NotEmail;
        if (text[..at].IndexOf("**"u8) >= 0)
            return Masked;
        Span<byte> result = stackalloc byte[MaxLength];
        text[..(at + 1)].CopyTo(result);
        var domain = Domain(text[(at + 1)..], result[(at + 1)..]);
        return domain == 0 ? NotEmail : Utf8Text.Keep(input, result[..(at + 1 + domain)], scratch);
    }

    public static Value DomainOf(Value input, bool companyOnly, Scratch scratch)
    {
        Span<byte> work = stackalloc byte[MaxLength];
        scoped ReadOnlySpan<byte> text;
        if (Utf8Text.TryGet(input, out var whole) && whole.Length > MaxLength)
        {
            // Long URLs: the host stands at the beginning.
            var url = Utf8Text.Trimmed(whole);
            if (url.IndexOf("://"u8) is < 0 or > 16)
                return NotDomain;
            text = url[..Math.Min(url.Length, MaxLength)];
        }
        else if (!TryPlain(input, work, out text))
        {
            return NotDomain;
        }

        if (text[^1] == '>' && text.LastIndexOf((byte)'<') is >= 0 and var open)
            text = text[(open + 1)..^1];
        if (text.IndexOf("://"u8) is >= 0 and var scheme)
            text = text[(scheme + 3)..];
        else if (text.StartsWith("//"u8))
            text = text[2..];
        if (text.IndexOfAny("/?#\\"u8) is >= 0 and var path)
            text = text[..path];
        if (text.LastIndexOf((byte)'@') is >= 0 and var at)
            text = text[(at + 1)..];
        if (text.LastIndexOf((byte)':') is >= 0 and var port)
            text = text[..port];
        if (text.Length > 0 && text[^1] == '.')
            text = text[..^1];
        if (text.Length > 4 && Ascii.EqualsIgnoreCase(text[..4], "www."u8))
            text = text[4..];
        Span<byte> result = stackalloc byte[MaxLength];
        var length = Domain(text, result);
        if (length == 0)
            return NotDomain;
        return companyOnly && PublicMail.TryGet(result[..length], out _) ? Value.Absent : Utf8Text.Keep(input, result[..length], scratch);
    }

    private static bool TryPlain(Value input, Span<byte> work, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!Utf8Text.TryGet(input, out var whole) || whole.Length > work.Length)
            return false;
        text = Utf8Text.Trimmed(work[..Utf8Text.NormalizeWidth(whole, work)]);
        return !text.IsEmpty;
    }

    private static bool IsLocal(ReadOnlySpan<byte> local)
    {
        if (local[0] == '.' || local[^1] == '.' || local.IndexOf(".."u8) >= 0)
            return false;
        while (!local.IsEmpty)
        {
            Rune.DecodeFromUtf8(local, out var rune, out var size);
            if (rune.IsAscii ? !LocalCharacters.Contains(local[0]) : !Rune.IsLetterOrDigit(rune))
                return false;
            local = local[size..];
        }

        return true;
    }

    /// <summary>Writes the domain in lower case; 0 when it is none. International names are kept as written.</summary>
    private static int Domain(ReadOnlySpan<byte> text, Span<byte> target)
    {
        if (text.Length is < 3 or > 253)
            return 0;
        var (written, labels, labelStart) = (0, 1, 0);
        var letters = false;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out var rune, out var size);
            text = text[size..];
            if (rune.Value is '.' or '。')
            {
                if (!IsLabel(target[labelStart..written]))
                    return 0;
                target[written++] = (byte)'.';
                labelStart = written;
                labels++;
                letters = false;
                continue;
            }

            var lower = Rune.ToLowerInvariant(rune);
            if (rune.IsAscii ? !char.IsAsciiLetterOrDigit((char)rune.Value) && rune.Value is not ('-' or '_') : !IsNameCharacter(rune))
                return 0;
            letters |= !char.IsAsciiDigit((char)Math.Min(rune.Value, 0x7F));
            if (written + 4 > target.Length)
                return 0;
            written += lower.EncodeToUtf8(target[written..]);
        }

        // The last label is never a number: that would be an IP address.
        return labels > 1 && letters && IsLabel(target[labelStart..written]) ? written : 0;
    }

    private static bool IsNameCharacter(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private static bool IsLabel(ReadOnlySpan<byte> label) => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-';
}
