using System.Globalization;
using System.Text;

namespace IntegrationHub.Bench.Data;

/// <summary>
/// Customer records of six source systems with what makes them hard to tell apart, and the truth: missing and mistyped codes, swapped characters, dropped legal
/// forms, people entered for their company, placeholder, agency, masked and recycled numbers, role mailboxes, one person for several companies, branches and
/// daughters with the head's domain. Companies, people, numbers and codes are made up; how often each trap occurs, and of how many characters names are made (which
/// decides how many are called alike), follows a hand-made set of 500.
/// </summary>
internal sealed class CustomerRecords(int seed)
{
    private const string Surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹";
    private const string Given = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞浩桂轩然志国华平刚文玲怡欣梓子宇建红英秀涵辉";
    private const string Firsts = "华中东南北天海金鑫恒盛瑞康安泰永兴宏隆诚信远达创新智慧博嘉源润云景明正方和联星光顺富";
    private const string Seconds = "科通辉腾翔宇峰岳江河湖泽林森木土火阳月晨曦航讯致利丰旺升飞雅静宁川流生物耀朗";
    private static readonly string[] Cities = ["上海", "北京", "南京", "厦门", "天津", "广州", "成都", "杭州", "武汉", "深圳", "苏州", "西安", "重庆", "长沙", "青岛"];
    private static readonly string[] Trades = ["电子商务", "新能源", "贸易", "供应链管理", "建筑工程", "环保科技", "物流", "餐饮管理", "信息技术", "医疗器械", "实业", "文化传媒", "科技", "汽车销售", "房地产经纪", "教育咨询", "生物科技", "服饰", "机械设备", "食品"];
    private static readonly string[] Shops = ["服装店", "五金店", "便利店", "餐饮店", "水果店", "理发店"];
    private static readonly string[] Regions = ["310115", "110108", "320106", "350203", "120116", "440106", "510104", "330108", "420106", "440305", "320505", "610113", "500112", "430104", "370202"];
    private static readonly string[] Forms = ["有限公司", "有限公司", "有限公司", "有限公司", "有限公司", "有限责任公司", "有限责任公司", "股份有限公司"];
    private static readonly string[] Sources = ["crm", "erp", "invoice", "service", "shop", "wecom"];
    private static readonly string[] Prefixes = ["130", "131", "135", "136", "137", "138", "139", "150", "151", "158", "159", "173", "177", "180", "181", "186", "189", "195", "199"];
    private static readonly string[] NoPhones = ["13800138000", "00000000000", "11111111111", "13900000000", "无", "-"];
    private static readonly string[] Roles = ["info", "service", "sales"];
    private static readonly (char, char)[] Traditional = [('华', '華'), ('业', '業'), ('电', '電'), ('达', '達'), ('东', '東'), ('远', '遠'), ('阳', '陽'), ('广', '廣'), ('润', '潤'), ('飞', '飛')];

    private readonly Random _random = new(seed);
    private readonly List<(string Phone, int Left)> _agencies = [];
    private readonly List<Company> _companies = [];
    private readonly HashSet<(string Domain, string City)> _kin = [];
    private readonly HashSet<string> _organisations = [];
    private (string Mobile, int Left) _recycled;
    private int _number;

    /// <summary>Writes <c>records.csv</c> and <c>truth.csv</c>.</summary>
    public static int Write(int count, int seed, string folder)
    {
        Directory.CreateDirectory(folder);
        using var records = new StreamWriter(Path.Combine(folder, "records.csv"), append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        using var truth = new StreamWriter(Path.Combine(folder, "truth.csv"), append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        var all = new CustomerRecords(seed).Of(count);
        records.WriteLine("record_id,source,vendor_id,customer_type,name,uscc,tax15,phone,email,contact,city,updated_at");
        truth.WriteLine("record_id,entity_id");
        for (var i = 0; i < all.Count; i++)
        {
            records.WriteLine($"R{i:D7},{all[i].Line}");
            truth.WriteLine($"R{i:D7},{all[i].Entity}");
        }

        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all.Count} records of {all.Select(r => r.Entity).Distinct().Count()} customers"));
        return 0;
    }

    private List<(string Entity, string Line)> Of(int count)
    {
        var all = new List<(string, string)>(count);
        while (all.Count < count)
        {
            var entity = $"E{_number++:D7}";
            var kind = _random.NextDouble();
            Func<string> record = kind < 0.66 ? CompanyRecord(CompanyOf(entity)) : kind < 0.92 ? PersonRecord() : ShopRecord();
            for (var i = Size(); i > 0 && all.Count < count; i--)
                all.Add((entity, record()));
        }

        var shuffled = all.ToArray();
        _random.Shuffle(shuffled);
        return [.. shuffled];
    }

    private int Size() => _random.NextDouble() switch { < 0.18 => 1, < 0.54 => 2, < 0.76 => 3, < 0.84 => 4, < 0.91 => 5, _ => 6 };

    private sealed record Person(string Name, string Mobile, string Mail);

    private sealed record Company(string Entity, string City, string Core, string Trade, string Form, string Code, string Domain, Person[] People, string? Former)
    {
        /// <summary>The place in its name; of a branch it is that of the head.</summary>
        public string Seat { get; init; } = City;
    }

    private Company CompanyOf(string entity)
    {
        var city = Pick(Cities);
        var domain = Letters(5, 9) + Pick([".com.cn.example", ".cn.example", ".com.example"]);
        var core = (Chance(0.39) ? "市" : "") + Core();
        var company = new Company(entity, city, core, Pick(Trades), Pick(Forms), Code(city, "91"), domain, [], Chance(0.04) ? Core() + Pick(Trades) : null);
        Person Someone(string at) => new(PersonName(), Mobile(), $"u{_random.Next(1_000_000)}@{at}");
        // In one place a head has one branch or daughter: two would be registered under different names.
        if (_companies.Count > 0 && _random.NextDouble() is < 0.053 and var kin && Pick(_companies) is var head && city != head.City && _kin.Add((head.Domain, city)))
        {
            company = kin < 0.035
                // A branch: the head's name and domain, its own place, code and people.
                ? company with { Seat = head.Seat, Core = head.Core, Trade = head.Trade, Form = head.Form.Split('公')[0] + "公司" + city + "分公司", Domain = head.Domain }
                // A daughter: called after the head, but for its place and its trade.
                : company with { Core = head.Core, Domain = head.Domain };
        }

        company = company with { People = [Someone(company.Domain), .. _random.Next(3) == 0 ? [Someone(company.Domain)] : Array.Empty<Person>()] };
        if (_companies.Count > 0 && Chance(0.045))
        {
            var other = Pick(_companies).People[0];
            company.People[0] = company.People[0] with { Name = other.Name, Mobile = other.Mobile };
        }

        _companies.Add(company);
        return company;
    }

    private Func<string> CompanyRecord(Company company)
    {
        var day = Day();
        return () =>
        {
            var person = Pick(company.People);
            var byContact = Chance(0.10);
            var code = byContact ? Chance(0.15) : Chance(0.64);
            var asTax = code && Chance(0.03);
            return Line("企业", byContact ? person.Name : Written(company), code && !asTax ? Code(company.Code) : "", asTax ? company.Code[2..17] : "",
                Chance(0.057) ? Agency() : Phone(person.Mobile), Mail(person.Mail, company.Domain), Chance(byContact ? 0.8 : 0.71) ? person.Name : "", company.City, day);
        };
    }

    private Func<string> ShopRecord()
    {
        var (city, day, core, trade) = (Pick(Cities), Day(), Core(), Pick(Shops));
        var code = Code(city, "92");
        var owner = new Person(PersonName(), Mobile(), _random.NextInt64(100_000_000, 9_999_999_999).ToString(CultureInfo.InvariantCulture) + "@qq.example");
        return () =>
        {
            var byOwner = Chance(0.12);
            return Line("个体", byOwner ? owner.Name : Misspelt(Chance(0.06) ? $"{city}（{core}）{trade}" : city + core + trade), Chance(byOwner ? 0.15 : 0.66) ? Code(code) : "", "", Phone(owner.Mobile),
                Mail(owner.Mail, null), Chance(0.71) ? owner.Name : "", city, day);
        };
    }

    private Func<string> PersonRecord()
    {
        var (city, day) = (Pick(Cities), Day());
        var person = new Person(PersonName(), Mobile(), $"{Letters(6, 7)}{_random.Next(10_000)}@mail.example");
        return () => Line("个人", person.Name, "", "", Phone(person.Mobile), Mail(person.Mail, null), Chance(0.71) ? person.Name : "", city, day);
    }

    private string Line(string kind, string name, string code, string tax, string phone, string mail, string contact, string city, int day) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Pick(Sources)},{_random.Next(1000, 9_999_999)},{kind},{name},{code},{tax},{phone},{mail},{contact},{(Chance(0.2) ? "" : city)},{new DateTime(2025, 1, 1, 8, 0, 0).AddDays(day + _random.Next(26)).AddMinutes(_random.Next(600)):yyyy-MM-ddTHH:mm:ss}+08:00");

    private string Written(Company company)
    {
        var form = Chance(0.16) ? company.Form.Replace("股份有限公司", "股份", StringComparison.Ordinal).Replace("有限责任公司", "", StringComparison.Ordinal).Replace("有限公司", "", StringComparison.Ordinal)
            : Chance(0.08) ? company.Form.Replace("有限责任公司", "有限公司", StringComparison.Ordinal) is var shorter && shorter != company.Form ? shorter : company.Form.Replace("有限公司", "有限责任公司", StringComparison.Ordinal)
            : company.Form;
        var name = company.Seat + (company.Former is { } former && Chance(0.3) ? former : company.Core + company.Trade) + form;
        if (Chance(0.05))
            name = $"{name[..2]}（{name[2..4]}）{name[4..]}";
        return Misspelt(name) + (Chance(0.024) ? "（旧）" : "");
    }

    private string Misspelt(string name)
    {
        if (Chance(0.07))
        {
            var at = _random.Next(Math.Max(1, name.Length - 5));
            name = name[..at] + name[at + 1] + name[at] + name[(at + 2)..];
        }

        if (Chance(0.2))
            foreach (var (simple, traditional) in Traditional)
                name = name.Replace(simple, traditional);
        return Chance(0.04) ? $" {name}\u3000" : name;
    }

    private string Code(string code) => _random.NextDouble() switch
    {
        < 0.05 => Swapped(code, 8 + _random.Next(8)),
        < 0.075 => Typed(code, 8 + _random.Next(8), "0123456789ABCDEFGHJKLMNPQRTUWXY"),
        < 0.12 => Wide(code),
        < 0.17 => code.ToLowerInvariant(),
        < 0.22 => $"{code[..8]} {code[8..]}",
        < 0.225 => "null",
        _ => code,
    };

    private string Phone(string mobile) => _random.NextDouble() switch
    {
        < 0.085 => "",
        < 0.138 => Pick(NoPhones),
        < 0.158 => $"400-{_random.Next(100, 999)}-{_random.Next(1000, 9999)}",
        < 0.178 => mobile[..3] + "****" + mobile[7..],
        < 0.194 => Typed(mobile, 3 + _random.Next(8), "0123456789"),
        < 0.21 => Recycled(),
        < 0.33 => $"+86 {mobile[..3]} {mobile[3..7]} {mobile[7..]}",
        < 0.36 => "0086" + mobile,
        < 0.41 => Wide(mobile),
        _ => mobile,
    };

    /// <summary>A number that was somebody's before; it is given out again a few times.</summary>
    private string Recycled()
    {
        if (_recycled.Left == 0)
            _recycled = ((_companies.Count > 0 ? Pick(_companies) : CompanyOf("E")).People[0].Mobile, _random.Next(1, 7));
        _recycled.Left--;
        return _recycled.Mobile;
    }

    /// <summary>The number of an agency that registers customers; it is entered for some twenty of them.</summary>
    private string Agency()
    {
        if (_agencies.Count == 0 || _agencies[^1].Left == 0)
            _agencies.Add((Mobile(), 20));
        _agencies[^1] = (_agencies[^1].Phone, _agencies[^1].Left - 1);
        return _agencies[^1].Phone;
    }

    private string Mail(string mail, string? domain) => _random.NextDouble() switch
    {
        < 0.28 => "",
        < 0.30 => Pick(["noreply@example.com", "无", "test@example.com"]),
        < 0.37 when domain is not null => $"{Pick(Roles)}@{domain}",
        < 0.40 => mail.ToUpperInvariant(),
        < 0.43 => Wide(mail),
        _ => mail,
    };

    private string Core() => Characters(Firsts, 1) + Characters(Seconds, Chance(0.75) ? 1 : 2);

    private string PersonName() => Characters(Surnames, 1) + Characters(Given, Chance(0.37) ? 1 : 2);

    private string Mobile() => string.Create(CultureInfo.InvariantCulture, $"{Pick(Prefixes)}{_random.Next(100_000_000):D8}");

    /// <summary>Most are of the register since 2015, whose organisation codes begin with MA.</summary>
    private string Code(string city, string kind)
    {
        string organisation;
        do
            organisation = Chance(0.73) ? "MA" + Characters(Uscc.Letters, 6) : Characters("0123456789", 8);
        while (!_organisations.Add(organisation));
        return Uscc.Of(kind + Regions[Array.IndexOf(Cities, city)], organisation);
    }

    private int Day() => _random.Next(160);

    private static string Swapped(string text, int at) => text[..at] + text[at + 1] + text[at] + text[(at + 2)..];

    private string Typed(string text, int at, string alphabet) => text[..at] + alphabet[_random.Next(alphabet.Length)] + text[(at + 1)..];

    private static string Wide(string text) => string.Concat(text.Select(c => c is > ' ' and < '\x7f' ? (char)(c + 0xFEE0) : c));

    private string Characters(string from, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => from[_random.Next(from.Length)]));

    private string Letters(int from, int to) => string.Concat(Enumerable.Range(0, _random.Next(from, to + 1)).Select(_ => (char)('a' + _random.Next(26))));

    private bool Chance(double of) => _random.NextDouble() < of;

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
