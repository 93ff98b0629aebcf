using System.Text;
using CsCheck;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using PhoneNumbers;

namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class IdentityFunctionsTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    private static readonly Gen<string> Codes =
        from department in Gen.Char["123456789ANY"]
        from category in Gen.Char["12345 9".Replace(" ", "", StringComparison.Ordinal)]
        from region in Gen.Char["0123456789"].Array[6]
        from body in Gen.Char[Alphabet].Array[8]
        where body.Any(c => c != '0')
        select Complete($"{department}{category}{new string(region)}{new string(body)}");

    [Theory]
    [InlineData("\"13800138000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"+86 138 0013 8000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"0086-13800138000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"(0086)13800138000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"8613800138000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"＋８６　１３８－００１３－８０００\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"\u202D138 0013 8000\u202C\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"tel:+86-138-0013-8000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"013800138000\" | phone('CN')", "\"+8613800138000\"")]
    [InlineData("\"0086 138 0013 8000\" | phone('DE')", "\"+8613800138000\"")]
    [InlineData("\"(021) 6105-8888 转 123\" | phone('CN')", "\"+862161058888\"")]
    [InlineData("\"400-820-8820\" | phone('CN')", "\"+864008208820\"")]
    [InlineData("\"030/90 18 20\" | phone('DE')", "\"+4930901820\"")]
    [InlineData("\"12800138000\" | phone('CN')", "fault")]
    [InlineData("\"1380013800\" | phone('CN')", "fault")]
    [InlineData("\"13800138000 13900139000\" | phone('CN')", "fault")]
    [InlineData("\"13800138000/13900139000\" | phone('CN')", "fault")]
    [InlineData("\"138xxxx8000\" | phone('CN')", "fault")]
    [InlineData("\"138＊＊＊＊8000\" | phone('CN')", "fault")]
    [InlineData("\"Li Lei 13800138000\" | phone('CN')", "fault")]
    [InlineData("\"13800138000\" | phone", "fault")]
    [InlineData("\"A.B+c@EXAMPLE.Com.\" | email", "fault")]
    [InlineData("\"A.B+c@EXAMPLE.Com\" | email", "\"A.B+c@example.com\"")]
    [InlineData("\"a＠b．cn\" | email", "\"a@b.cn\"")]
    [InlineData("\"a..b@c.de\" | email", "fault")]
    [InlineData("\"a@b@c.de\" | email", "fault")]
    [InlineData("\"a@b\" | email", "fault")]
    [InlineData("\"a@1.2.3.4\" | email", "fault")]
    [InlineData("\"a b@c.de\" | email", "fault")]
    [InlineData("\"a**@c.de\" | email", "fault")]
    [InlineData("\"a@-c.de\" | email", "fault")]
    [InlineData("\"WWW.EXAMPLE.com\" | domain", "\"example.com\"")]
    [InlineData("\"http://user:pw@sub.example.com:80?x=http://b\" | domain", "\"sub.example.com\"")]
    [InlineData("\"localhost\" | domain", "fault")]
    [InlineData("\"PEOPLE'S REPUBLIC OF CHINA\" | country", "\"CN\"")]
    [InlineData("\"Korea, Republic of\" | country", "\"KR\"")]
    [InlineData("\"刚果(金)\" | country", "\"CD\"")]
    [InlineData("\"uk\" | country", "\"GB\"")]
    [InlineData("\"中国香港\" | country", "\"HK\"")]
    [InlineData("\"Example Trading Co., Ltd.\" | companyName", "\"example trading\"")]
    [InlineData("\"Beispiel GmbH & Co. KG\" | companyName", "\"beispiel\"")]
    [InlineData("\"示例 集团（股份）有限公司\" | companyName", "\"示例集团\"")]
    [InlineData("\"株式会社サンプル\" | companyName", "\"サンプル\"")]
    [InlineData("\"有限公司\" | companyName", "\"有限公司\"")]
    [InlineData("\"Co.\" | companyName", "\"co\"")]
    [InlineData("\"！！\" | companyName", "fault")]
    [InlineData("\"911101010000000000\" | uscc", "fault")]
    [InlineData("\"91350100M000100Y4O\" | uscc", "fault")]
    [InlineData("\"91350100M000100Y431\" | uscc", "fault")]
    [InlineData("\"350100M000100Y5\" | uscc", "fault")]
    public void Call_gives(string expression, string expected) => FunctionLibraryTests.Check(expression, expected);

    [Fact]
    public void Uscc_generated_code_is_kept_and_any_spelling_gives_the_same() => Codes.Sample(code =>
    {
        var spelled = " " + code[..2].ToLowerInvariant() + "-" + new string([.. code[2..8].Select(c => (char)(c + 0xFEE0))]) + "　" + code[8..];
        var scratch = new Scratch();
        foreach (var text in new[] { code, spelled })
        {
            var value = OrganisationCode.Uscc(Value.Text(text), scratch);
            Assert.Equal(code, value.ToString());
            Assert.False(value.IsDemoted);
        }

        Assert.Equal(code[8..17], OrganisationCode.Organisation(Value.Text(code), scratch).ToString());
        Assert.Empty(scratch.Issues);
        Assert.Equal(code[8..17], OrganisationCode.Organisation(OrganisationCode.Uscc(Value.Text("1" + code[3..17]), scratch), scratch).ToString());
    });

    [Fact]
    public void Uscc_one_wrong_character_is_always_noticed() => Gen.Select(Codes, Gen.Int[8, 17], Gen.Int[1, 30]).Sample((code, position, step) =>
    {
        var wrong = code.ToCharArray();
        wrong[position] = Alphabet[(Alphabet.IndexOf(wrong[position], StringComparison.Ordinal) + step) % 31];
        var scratch = new Scratch();
        var value = OrganisationCode.Uscc(Value.Text(new string(wrong)), scratch);
        Assert.True(value.Kind == ValueKind.Fault || value.IsDemoted);
        Assert.Equal(value.IsDemoted, scratch.Issues.Count > 0);
    });

    [Theory]
    [InlineData("91350100M000100Y44", "check character")]
    [InlineData("91350100M000100Y53", "check digit of the organisation code")]
    public void Uscc_with_a_failing_check_counts_as_a_hint_and_is_reported(string code, string issue)
    {
        var scratch = new Scratch();
        var value = OrganisationCode.Uscc(Value.Text(code), scratch);
        Assert.Equal(code, value.ToString());
        Assert.True(value.IsDemoted);
        Assert.Contains(scratch.Issues, text => text.Contains(issue, StringComparison.Ordinal));
        Assert.DoesNotContain(scratch.Issues, text => text.Contains(code, StringComparison.Ordinal));
    }

    [Fact]
    public void Uscc_fifteen_digits_that_pass_as_a_registration_number_too_count_as_a_hint()
    {
        var scratch = new Scratch();
        var numbers = Enumerable.Range(0, 10_000).Select(i =>
        {
            var body = (10_000_000 + i).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return "310101" + body + OrganisationCode.OrganisationCheckDigit(Encoding.ASCII.GetBytes(body));
        });
        var values = numbers.Select(number => OrganisationCode.Uscc(Value.Text(number), scratch)).ToList();
        Assert.All(values, value => Assert.StartsWith("org:", value.ToString(), StringComparison.Ordinal));
        Assert.InRange(values.Count(value => value.IsDemoted), 500, 1500);
        Assert.Equal(values.Count(value => value.IsDemoted), scratch.Issues.Count);
    }

    [Fact]
    public void Uscc_personal_identity_number_is_refused()
    {
        // The specimen of GB 11643.
        var value = OrganisationCode.Uscc(Value.Text("11010519491231002X"), new Scratch());
        Assert.Contains("personal", value.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Phone_fast_path_agrees_with_the_library()
    {
        var phones = PhoneNumberUtil.GetInstance();
        var scratch = new Scratch();
        (from prefix in Gen.Int[1200, 1999] from rest in Gen.Int[0, 9_999_999] select $"{prefix}{rest:D7}").Sample(number =>
        {
            var value = PhoneText.Read(Value.Text(number), "CN", new Scratch());
            var parsed = phones.Parse(number, "CN");
            var expected = phones.IsValidNumber(parsed) ? phones.Format(parsed, PhoneNumberFormat.E164) : null;
            Assert.Equal(expected, value.Kind == ValueKind.Fault ? null : value.ToString());
        });
    }

    [Fact]
    public void Keyed_hash_differs_by_purpose_and_key_and_needs_a_key()
    {
        string Hash(byte key, string purpose)
        {
            var context = new FunctionContext([.. Enumerable.Repeat(key, 32)]);
            var body = FunctionLibrary.For(context)["keyedHash"].Bind([new Argument(Value.Text(purpose), null)]);
            return body(Value.Text("a"), [], new Scratch()).ToString();
        }

        Assert.Equal(Hash(1, "x"), Hash(1, "x"));
        Assert.NotEqual(Hash(1, "x"), Hash(1, "y"));
        Assert.NotEqual(Hash(1, "x"), Hash(2, "x"));
        Assert.Throws<ArgumentFaultException>(() => FunctionLibrary.All["keyedHash"].Bind([]));
    }

    private static string Complete(string sixteen)
    {
        var seventeen = sixteen + OrganisationCode.OrganisationCheckDigit(Encoding.ASCII.GetBytes(sixteen[8..]));
        return seventeen + OrganisationCode.CheckCharacter(Encoding.ASCII.GetBytes(seventeen));
    }
}
