using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions that make one form of what identifies organisations and people.</summary>
internal static class IdentityFunctions
{
    private const string Group = "identity";

    private static readonly Value NotCountry = Value.Fault("not a country of ISO 3166 by code or by its English or Chinese name");
    private static readonly Value NotName = Value.Fault("no letter or digit in the name");

    public static IReadOnlyList<FunctionSpec> All(FunctionContext context) =>
    [
        new()
        {
            Name = "phone",
            Group = Group,
            Summary = "A phone number in the form of E.164. Masked numbers, several numbers in one text and numbers that cannot exist are faults.",
            Examples =
            [
                "\"0086 138-0013-9000\" | phone('CN') → \"+8613800139000\"",
                "\"（１３８）００１３９０００\" | phone('CN') → \"+8613800139000\"",
                "13800139000 | phone('CN') → \"+8613800139000\"",
                "\"021-6105 8888\" | phone('CN') → \"+862161058888\"",
                "\"+44 20 7946 0018\" | phone → \"+442079460018\"",
                "\"139****5678\" | phone('CN') → fault",
                "\"12345\" | phone('CN') → fault",
            ],
            Result = ExpressionType.Text,
            Parameters = [new("region", "Alpha-2 code of the country that numbers without a country code belong to, such as 'CN', or an expression; without it only numbers with + are read.", Optional: true)],
            Bind = BindPhone,
        },
        new()
        {
            Name = "email",
            Group = Group,
            Summary = "An e-mail address with its domain in lower case. A display name and mailto: are removed; the part before @ and international domains stay as written.",
            Examples =
            [
                "\" Li.Lei@Example.COM \" | email → \"Li.Lei@example.com\"",
                "\"mailto:a@b.cn?subject=x\" | email → \"a@b.cn\"",
                "\"Li Lei <li@example.com>\" | email → \"li@example.com\"",
                "\"sales@中文.公司\" | email → \"sales@中文.公司\"",
                "\"nobody\" | email → fault",
            ],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => Email.Read(input, scratch),
        },
        new()
        {
            Name = "domain",
            Group = Group,
            Summary = "The domain of an e-mail address, a URL or a domain: lower case, without www. and port.",
            Examples =
            [
                "\"https://www.Example.com:8443/a?b\" | domain → \"example.com\"",
                "\"li@example.com\" | domain → \"example.com\"",
                "\"li@qq.com\" | domain('company') → absent",
                "\"http://127.0.0.1/\" | domain → fault",
            ],
            Result = ExpressionType.Text,
            Parameters = [new("kind", "'company' gives absent for domains where anyone can have a mailbox, such as qq.com and gmail.com.", Optional: true)],
            Bind = BindDomain,
        },
        new()
        {
            Name = "uscc",
            Group = Group,
            Summary = "A Unified Social Credit Code (GB 32100-2015) in capitals, without spaces and hyphens. Where one of its two check characters does not fit, the value is "
                + "kept, an issue recorded, and as an identity key it counts as a hint only. A tax number of 15 characters becomes org: and its organisation code; "
                + "business registration numbers of 15 digits are faults, or hints where the two cannot be told apart.",
            Examples =
            [
                "\"91350100m000100y43\" | uscc → \"91350100M000100Y43\"",
                "\"９１３５０１００ M000100Y-43\" | uscc → \"91350100M000100Y43\"",
                "\"350100M000100Y4\" | uscc → \"org:M000100Y4\"",
                "\"000000000000000000\" | uscc → fault",
                "\"9135010\" | uscc → fault",
            ],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => OrganisationCode.Uscc(input, scratch),
        },
        new()
        {
            Name = "orgCode",
            Group = Group,
            Summary = "The organisation code (GB 11714, nine characters) out of a Unified Social Credit Code, a tax number of 15 characters or itself: what joins the old numbers "
                + "of an organisation with its new one.",
            Examples =
            [
                "\"91350100M000100Y43\" | orgCode → \"M000100Y4\"",
                "\"350100M000100Y4\" | orgCode → \"M000100Y4\"",
                "\"M000100Y-4\" | orgCode → \"M000100Y4\"",
                "\"M000100Y-5\" | orgCode → fault",
            ],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => OrganisationCode.Organisation(input, scratch),
        },
        new()
        {
            Name = "country",
            Group = Group,
            Summary = "The alpha-2 code of a country or territory given as alpha-2, alpha-3, or by its English or Chinese name.",
            Examples = ["\"中国\" | country → \"CN\"", "\"U.S.A.\" | country → \"US\"", "\"deu\" | country → \"DE\"", "\"Atlantis\" | country → fault"],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, _) => Utf8Text.TryGet(input, out var text) ? Countries.Find(text) ?? NotCountry : Utf8Text.NotText,
        },
        new()
        {
            Name = "companyName",
            Group = Group,
            Summary = "The core of a company's name for finding candidates: no legal form, brackets, notes such as (旧), punctuation, width, case or traditional characters. Place, business, 集团 and branch stay. Only ever a hint.",
            Examples =
            [
                "\"示例科技（上海）有限公司\" | companyName → \"示例科技上海\"",
                "\"ACME Holdings, Inc.\" | companyName → \"acme holdings\"",
                "\"示例科技有限公司北京分公司\" | companyName → \"示例科技北京分公司\"",
            ],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) =>
            {
                if (!Utf8Text.TryGet(input, out var text))
                    return Utf8Text.NotText;
                var half = new byte[text.Length];
                var core = CompanyName.Core(Encoding.UTF8.GetString(half, 0, Utf8Text.NormalizeWidth(text, half)));
                return core.Length > 0 ? scratch.Text(core) : NotName;
            },
        },
        new()
        {
            Name = "companyPlace",
            Group = Group,
            Summary = "The city in China that the core of a company's name begins with; of a branch, the city it is in.",
            Examples =
            [
                "\"上海示例科技\" | companyPlace → \"上海\"",
                "\"石家庄示例科技北京分公司\" | companyPlace → \"北京\"",
                "\"示例科技\" | companyPlace → absent",
            ],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => Utf8Text.TryGet(input, out var text)
                ? CompanyPlace.Of(Encoding.UTF8.GetString(text)) is { IsEmpty: false } place ? scratch.Text(place) : Value.Absent
                : Utf8Text.NotText,
        },
        new()
        {
            Name = "companyStem",
            Group = Group,
            Summary = "The core of a company's name with * for one of the two characters after its place: how many names have a stem tells how many companies are called alike.",
            Examples =
            [
                "\"上海示例科技\" | companyStem(1) → \"上海*例科技\"",
                "\"上海示例科技\" | companyStem(2) → \"上海示*科技\"",
                "\"石家庄示例科技\" | companyStem(1) → \"石家庄*例科技\"",
                "\"张三\" | companyStem(1) → absent",
            ],
            Result = ExpressionType.Text,
            Parameters = [new("at", "1 for the first character after the place, 2 for the second.")],
            Bind = static arguments =>
            {
                var at = arguments.Integer(0, "1 or 2", 1, 2);
                return (input, _, scratch) => Utf8Text.TryGet(input, out var text)
                    ? CompanyPlace.Stem(Encoding.UTF8.GetString(text), at) is { } stem ? scratch.Text(stem) : Value.Absent
                    : Utf8Text.NotText;
            },
        },
        new()
        {
            Name = "keyedHash",
            Group = Group,
            Summary = "A pseudonym: HMAC-SHA256 under the workspace's key, 64 hexadecimal digits. Equal values give equal pseudonyms in this workspace and nowhere else; bring the value into one form first.",
            Examples = ["\"+8613800139000\" | keyedHash('analytics') → text of 64"],
            Result = ExpressionType.Text,
            Parameters = [new("purpose", "Values of different purposes cannot be joined.", Optional: true)],
            Bind = arguments => BindKeyedHash(arguments, context),
        },
    ];

    private static FunctionBody BindPhone(IReadOnlyList<Argument> arguments)
    {
        if (arguments.Count > 0 && arguments[0] is { Constant: null, Map: null })
        {
            return static (input, values, scratch) =>
            {
                if (values[0].Kind == ValueKind.Fault)
                    return values[0];
                var region = Utf8Text.TryGet(values[0], out var text) && Countries.Find(text) is { } code ? code.ToString() : null;
                return PhoneText.Read(input, region, scratch);
            };
        }

        var constant = arguments.OptionalText(0, "a region such as 'CN'");
        if (constant is not null && !PhoneText.IsRegion(constant))
            throw new ArgumentFaultException(0, $"expected the alpha-2 code of a country such as 'CN', found '{constant}'");
        return (input, _, scratch) => PhoneText.Read(input, constant, scratch);
    }

    private static FunctionBody BindDomain(IReadOnlyList<Argument> arguments)
    {
        var companyOnly = arguments.OptionalText(0, "'company'") switch
        {
            null => false,
            "company" => true,
            var other => throw new ArgumentFaultException(0, $"expected 'company' or nothing, found '{other}'"),
        };
        return (input, _, scratch) => Email.DomainOf(input, companyOnly, scratch);
    }

    private static FunctionBody BindKeyedHash(IReadOnlyList<Argument> arguments, FunctionContext context)
    {
        var purpose = arguments.OptionalText(0, "a purpose such as 'analytics'") ?? "";
        if (!context.HasHashKey)
            throw new ArgumentFaultException(0, "keyedHash needs the workspace's hash key, and none is configured");

        // One key per purpose, so that no value of one purpose can equal one of another.
        var key = HMACSHA256.HashData(context.HashKey, Encoding.UTF8.GetBytes("keyedHash/" + purpose));
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return Utf8Text.NotText;
            Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(key, text, hash);
            Convert.TryToHexStringLower(hash, scratch.Reserve(64), out var written);
            return scratch.Commit(written);
        };
    }
}
