using System.Text.Json;
using IntegrationHub.Json;

namespace IntegrationHub.Bench.Ideal;

/// <summary>
/// bench/map/wecom.yaml written by hand for the generated records: one pass with Utf8JsonReader, fields written straight from the source's bytes,
/// no checks beyond those of the reader, one thread.
/// </summary>
internal static class IdealMap
{
    public static int Run(string input, string output)
    {
        using var lines = new Lines(input);
        using var file = new FileStream(output, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });
        var buffer = new Utf8Output();
        var contact = new IdealContact();
        long records = 0;
        for (; lines.TryNext(out var line); records++)
        {
            contact.Map(line, buffer);
            buffer.WriteByte((byte)'\n');
            if (buffer.Length < 1 << 20)
                continue;
            file.Write(buffer.Written);
            buffer.Clear();
        }

        file.Write(buffer.Written);
        Console.Error.WriteLine($"{records} records");
        return 0;
    }
}

/// <summary>Reads one record and writes its twenty fields. Keeps its memory.</summary>
internal sealed class IdealContact
{
    private readonly Utf8Output _tags = new();

    public void Map(ReadOnlySpan<byte> record, Utf8Output output)
    {
        var found = new Found();
        _tags.Clear();
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("external_contact"u8))
                Contact(ref reader, ref found);
            else if (reader.ValueTextEquals("follow_user"u8))
                Followers(ref reader, ref found);
            else
                reader.Skip();
        Write(found, output);
    }

    private static void Contact(scoped ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("external_userid"u8))
                found.Id = Text(ref reader);
            else if (reader.ValueTextEquals("name"u8))
                found.Name = Text(ref reader);
            else if (reader.ValueTextEquals("corp_full_name"u8))
                found.FullName = Text(ref reader);
            else if (reader.ValueTextEquals("corp_name"u8))
                found.ShortName = Text(ref reader);
            else if (reader.ValueTextEquals("position"u8))
                found.Position = Text(ref reader);
            else if (reader.ValueTextEquals("gender"u8))
                found.Gender = Number(ref reader);
            else if (reader.ValueTextEquals("type"u8))
                found.Type = Number(ref reader);
            else if (reader.ValueTextEquals("unionid"u8))
                found.UnionId = Text(ref reader);
            else if (reader.ValueTextEquals("avatar"u8))
                found.Avatar = Text(ref reader);
            else if (reader.ValueTextEquals("external_profile"u8))
                Profile(ref reader, ref found);
            else
                reader.Skip();
    }

    private static void Profile(scoped ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("external_attr"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                    Attribute(ref reader, ref found);
            }
            else
            {
                reader.Skip();
            }
    }

    private static void Attribute(scoped ref Utf8JsonReader reader, ref Found found)
    {
        long type = -1;
        ReadOnlySpan<byte> name = default, value = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("type"u8))
                type = Number(ref reader);
            else if (reader.ValueTextEquals("name"u8))
                name = Text(ref reader);
            else if (reader.ValueTextEquals("text"u8))
                value = Member(ref reader, "value"u8);
            else if (reader.ValueTextEquals("web"u8))
                value = Member(ref reader, "url"u8);
            else
                reader.Skip();
        if (type == 1)
            found.Website = found.Website.IsEmpty ? value : found.Website;
        else if (name.SequenceEqual("统一社会信用代码"u8))
            found.TaxId = value;
        else if (name.SequenceEqual("注册资本"u8))
            found.Capital = value;
    }

    private void Followers(scoped ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var first = found.Followers++ == 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                if (reader.ValueTextEquals("remark_mobiles"u8))
                    Mobiles(ref reader, ref found);
                else if (!first)
                    reader.Skip();
                else if (reader.ValueTextEquals("userid"u8))
                    found.Owner = Text(ref reader);
                else if (reader.ValueTextEquals("remark"u8))
                    found.Remark = Text(ref reader);
                else if (reader.ValueTextEquals("createtime"u8))
                    found.Created = Number(ref reader);
                else if (reader.ValueTextEquals("add_way"u8))
                    found.Way = Number(ref reader);
                else if (reader.ValueTextEquals("tags"u8))
                    Tags(ref reader);
                else
                    reader.Skip();
        }
    }

    private static void Mobiles(scoped ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        for (var first = true; reader.Read() && reader.TokenType == JsonTokenType.String; first = false)
            if (first && found.Mobile.IsEmpty)
                found.Mobile = reader.ValueSpan;
    }

    private void Tags(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            long type = -1;
            ReadOnlySpan<byte> name = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                if (reader.ValueTextEquals("type"u8))
                    type = Number(ref reader);
                else if (reader.ValueTextEquals("tag_name"u8))
                    name = Text(ref reader);
                else
                    reader.Skip();
            if (type != 1)
                continue;
            _tags.Write(_tags.Length == 0 ? "\""u8 : ",\""u8);
            _tags.Write(name);
            _tags.WriteByte((byte)'"');
        }
    }

    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.ValueSpan;
    }

    private static long Number(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt64();
    }

    private static ReadOnlySpan<byte> Member(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals(name))
                value = Text(ref reader);
            else
                reader.Skip();
        return value;
    }

    private void Write(in Found found, Utf8Output output)
    {
        var company = !found.FullName.IsEmpty ? found.FullName : !found.ShortName.IsEmpty ? found.ShortName : "未知"u8;
        output.Write("{\"id\":\"wecom:"u8);
        output.Write(found.Id);
        output.Write("\",\"sourceSystem\":\"wecom\",\"name\":\""u8);
        output.Write(found.Name);
        output.Write("\",\"companyName\":\""u8);
        output.Write(company);
        output.Write("\",\"displayName\":\""u8);
        output.Write(found.Name);
        output.Write(" / "u8);
        output.Write(company);
        output.Write("\",\"position\":\""u8);
        output.Write(found.Position);
        output.Write("\",\"gender\":\""u8);
        output.Write(found.Gender switch { 1 => "male"u8, 2 => "female"u8, _ => "unknown"u8 });
        output.Write("\",\"contactType\":\""u8);
        output.Write(found.Type switch { 1 => "wechat"u8, 2 => "wecom"u8, _ => "other"u8 });
        output.Write("\",\"unionId\":"u8);
        TextOrNull(found.UnionId, output);
        output.Write(",\"avatarUrl\":\""u8);
        output.Write(found.Avatar);
        output.Write("\",\"taxId\":"u8);
        TextOrNull(found.TaxId, output);
        output.Write(",\"registeredCapital\":"u8);
        output.Write(found.Capital.IsEmpty ? "null"u8 : found.Capital);
        output.Write(",\"website\":"u8);
        TextOrNull(found.Website, output);
        output.Write(",\"mobile\":"u8);
        Mobile(found.Mobile, output);
        output.Write(",\"ownerUserId\":\""u8);
        output.Write(found.Owner);
        output.Write("\",\"remark\":\""u8);
        output.Write(found.Remark);
        output.Write("\",\"createdAt\":\""u8);
        DateTimeOffset.FromUnixTimeSeconds(found.Created).TryFormat(output.GetSpan(20), out var written, "yyyy-MM-ddTHH:mm:ssZ");
        output.Advance(written);
        output.Write("\",\"channel\":\""u8);
        output.Write(Channel(found.Way));
        output.Write("\",\"tags\":["u8);
        output.Write(_tags.Written);
        output.Write("],\"followerCount\":"u8);
        found.Followers.TryFormat(output.GetSpan(11), out written);
        output.Advance(written);
        output.WriteByte((byte)'}');
    }

    private static void TextOrNull(ReadOnlySpan<byte> text, Utf8Output output)
    {
        output.Write(text.IsEmpty ? "null"u8 : "\""u8);
        output.Write(text);
        output.Write(text.IsEmpty ? ""u8 : "\""u8);
    }

    /// <summary>The digits behind +86; enough for the generated numbers.</summary>
    private static void Mobile(ReadOnlySpan<byte> text, Utf8Output output)
    {
        if (text.IsEmpty)
        {
            output.Write("null"u8);
            return;
        }

        output.Write("\"+86"u8);
        foreach (var b in text.StartsWith("+86"u8) ? text[3..] : text)
            if (char.IsAsciiDigit((char)b))
                output.WriteByte(b);
        output.WriteByte((byte)'"');
    }

    private static ReadOnlySpan<byte> Channel(long way) => way switch
    {
        1 => "qr"u8,
        2 => "phone-search"u8,
        3 => "name-card"u8,
        4 => "group"u8,
        8 => "invite"u8,
        10 => "video-account"u8,
        16 => "link"u8,
        201 => "import"u8,
        _ => "other"u8,
    };

    private ref struct Found
    {
        public ReadOnlySpan<byte> Id, Name, FullName, ShortName, Position, UnionId, Avatar, TaxId, Capital, Website, Mobile, Owner, Remark;
        public long Gender, Type, Created, Way;
        public int Followers;
    }
}
