using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Commands;
using IntegrationHub.Tests.Unify.Identity;

namespace IntegrationHub.Tests.Commands;

public sealed class IdentityEvaluateTests : IDisposable
{
    private const string Columns = "record_id,customer_type,name,uscc,tax15,phone,email,contact,city,updated_at";

    private readonly TemporaryFolder _folder = new();

    private string _columns = Columns;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Evaluate_a_slip_in_a_code_joins_what_has_the_same_name_and_nothing_else() => Assert.Equal(["1,2,3", "4", "5"], await EntitiesAsync(
        "1,企业,示例方正食品有限公司,91350100M000100Y43,,,,,厦门,",
        "2,企业,示例方正食品,91350100M000100Y34,,,,,厦门,", // the last two swapped
        "3,企业,示例方正食品有限公司,91350100M0001O0Y43,,,,,,", // O for 0
        "4,企业,示例方正物流有限公司,91350100M000100Y34,,,,,厦门,",
        "5,企业,示例方正食品有限公司,,,,,,,")); // a name without a place joins nobody

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task Evaluate_a_name_in_its_city_joins_as_long_as_few_are_called_alike(int others, bool joined)
    {
        string[] two = ["1,企业,厦门示例食品有限公司,,,13712345678,,,厦门,", "2,企业,厦门示例食品有限责任公司,,,13812345679,,,,"]; // the name tells the city
        var crowd = Enumerable.Range(0, others).Select(i => $"{i + 3},企业,厦门示{"甲乙"[i]}食品有限公司,,,,,,厦门,");
        Assert.Equal(joined, (await EntitiesAsync([.. two, .. crowd])).Contains("1,2"));
    }

    [Fact]
    public async Task Evaluate_names_that_are_registered_differently_are_only_proposed() => Assert.Equal(["1", "2", "3"], await EntitiesAsync(
        "1,企业,厦门示例食品有限公司,,,,,,厦门,",
        "2,企业,厦门市示例食品有限公司,,,,,,厦门,",
        "3,企业,厦门示例食品股份有限公司,,,,,,厦门,"));

    [Theory]
    [InlineData("4,个人,王示明,,,13912345680,,,厦门,", "1,2")] // called alike
    [InlineData("4,个人,王方正,,,13912345680,,,厦门,", "1,2,3")]
    public async Task Evaluate_a_person_of_a_rare_name_in_a_city_is_one_unless_numbers_differ(string other, string joined) => Assert.Contains(joined, await EntitiesAsync(
        "1,个人,王示例,,,13712345678,,,厦门,",
        "2,个人,王示例,,,13712345678,wang@mail.example,,厦门,",
        "3,个人,王示例,,,,,王示例,厦门市,",
        other,
        "5,个人,王示例,,,13812345679,,,厦门,"));

    [Fact]
    public async Task Evaluate_a_person_entered_for_a_company_joins_by_domain_and_city() => Assert.Equal(["1,2", "3"], await EntitiesAsync(
        "1,企业,厦门示例食品有限公司,,,13712345678,li@shili.example,,厦门,",
        "2,企业,王示例,,,13812345679,wang@shili.example,王示例,厦门,",
        "3,企业,张示例,,,13912345670,zhang@shili.example,张示例,泉州,"));

    [Fact]
    public async Task Evaluate_a_name_in_another_city_or_with_another_domain_joins_nobody() => Assert.Equal(["1", "2", "3"], await EntitiesAsync(
        "1,企业,厦门示例食品有限公司,,,,li@shili.example,,厦门,",
        "2,企业,厦门示例食品有限公司,,,,wang@other.example,,厦门,",
        "3,企业,厦门示例食品有限公司,,,,,,泉州,"));

    [Fact]
    public async Task Evaluate_a_person_entered_for_a_company_belongs_to_it_even_when_nobody_says_that_it_is_a_person() => Assert.Equal(["1,2", "3", "4"], await EntitiesAsync(
        "1,企业,厦门示例食品有限公司,,,13712345678,li@shili.example,,厦门,2025-03-01T08:00:00+08:00",
        "2,企业,李示例,,,13712345678,li@shili.example,,厦门,2025-03-02T08:00:00+08:00",
        // A company of another name with the same phone and address is another company; so is somebody who is a customer himself.
        "3,企业,厦门方正物流有限公司,,,13712345678,,,厦门,2025-03-02T08:00:00+08:00",
        "4,个人,李示例,,,13712345678,,,厦门,2025-03-02T08:00:00+08:00"));

    [Fact]
    public async Task Evaluate_shuffled_gives_the_same_partition_and_tells_what_was_missed()
    {
        var rows = Enumerable.Range(0, 60).Select(i => $"{i},企业,厦门示例{"甲乙丙丁戊"[i % 5]}食品有限公司,,,1371234560{i % 7},,{(i % 3 == 0 ? "王示例" : "")},厦门,2025-03-{1 + (i % 28):D2}T08:00:00+08:00").ToArray();
        var inOrder = await RunAsync(rows, "--missed");
        for (var seed = 1; seed <= 10; seed++)
            Assert.Equal((string?)inOrder["partitionSha256"], (string?)(await RunAsync(rows, "--shuffle", $"{seed}"))["partitionSha256"]);
        Assert.NotEmpty(inOrder["missed"]!.AsArray());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 8)]
    [InlineData(4, 30)]
    public async Task Evaluate_upserts_give_the_same_entities_as_all_at_once(int seed, int inFlight)
    {
        const int Records = 600;
        await File.WriteAllTextAsync(_folder.File("model.yaml"), MatchRig.ModelText + """

            ---
            source: evaluation/clients
            contributes:
              - entity: client
                key: { $template: "{$.record_id}" }
                observedAt: $.day | time?
                identity: { code: $.code, register: $.register, mobile: $.mobile, email: $.email, name: $.name, stem: $.stem, site: $.site, contact: $.contact, place: $.place }
                fields: { name: $.name }
            """, TestContext.Current.CancellationToken);
        var random = new Random(seed);
        string Few(string letter, int percent, int many) => random.Next(100) < percent ? letter + random.Next(Records / many) : "";
        var rows = Enumerable.Range(0, Records).Select(i =>
        {
            var name = random.Next(10) == 0 ? "" : $"{(char)('a' + random.Next(26))}{(char)('a' + random.Next(12))}pha tradin{"gn"[random.Next(2)]}";
            return string.Join(',', i, Few("C", 30, 4), Few("R", 20, 6), Few("M", 70, 3), Few("E", 40, 3), name, name.Length > 6 ? name[..2] : "",
                Few("S", 30, 4), Few("contact ", 30, 100), Few("place ", 30, 300), random.Next(5) == 0 ? "" : $"2025-0{1 + random.Next(3)}-{10 + random.Next(19)}");
        }).ToArray();
        _columns = "record_id,code,register,mobile,email,name,stem,site,contact,place,day";
        var measured = await RunAsync(rows, "--model", _folder.File("model.yaml"), "--upserts", "500", "--in-flight", $"{inFlight}", "--shuffle", $"{seed}");
        Assert.True((bool?)measured["upserts"]!["samePartition"]);
        Assert.Equal((500, inFlight), ((int)measured["upserts"]!["count"]!, (int)measured["upserts"]!["inFlight"]!));
        Assert.InRange((int)measured["entities"]!, Records / 4, 9 * Records / 10);
        Assert.True((double)measured["upserts"]!["p50Ms"]! <= (double)measured["upserts"]!["longestMs"]!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Evaluate_as_many_upserts_as_records_begins_with_half_of_them(int records)
    {
        var rows = Enumerable.Range(0, records).Select(i => $"{i},企业,厦门示例食品有限公司,,,1371234567{i},,,厦门,").ToArray();
        for (var upserts = 1; upserts <= records; upserts++)
            Assert.True((bool?)(await RunAsync(rows, "--upserts", $"{upserts}"))["upserts"]!["samePartition"]);
    }

    [Theory]
    [InlineData("--upserts 2", "has 1 records; give a number from 0 to that", "1,企业,厦门示例食品有限公司")]
    [InlineData("--upserts -1", "give a number from 0 to that of the records", "1,企业,厦门示例食品有限公司")]
    [InlineData("--in-flight 0", "--in-flight 0: give a number from 1 to 1000", "1,企业,厦门示例食品有限公司")]
    [InlineData("--upserts 1", "record '1' stands twice", "1,企业,厦门示例食品有限公司", "1,企业,厦门方正物流有限公司")]
    [InlineData("--shuffle 1", "record '1' stands twice", "1,企业,厦门示例食品有限公司", "1,企业,厦门方正物流有限公司")]
    [InlineData("--upserts 1", "records.csv:2: 12 values for 10 columns", "1,企业,厦门示例食品有限公司,,,,,,,,,")]
    public async Task Evaluate_what_cannot_be_done_says_why(string options, string said, params string[] rows)
    {
        Assert.Contains(said, await FaultAsync([Columns, .. rows], options.Split(' ')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_a_row_that_ends_before_its_id_is_told_without_what_it_says()
    {
        var said = await FaultAsync(["name,phone,record_id", "王示例,13712345678"]);
        Assert.Contains("ends after 2 of 3 values, before column record_id", said, StringComparison.Ordinal);
        Assert.DoesNotContain("王示例", said, StringComparison.Ordinal);
        Assert.DoesNotContain("13712345678", said, StringComparison.Ordinal);
    }

    /// <summary>What is said about files or options that cannot be evaluated.</summary>
    private async Task<string> FaultAsync(string[] records, params string[] options)
    {
        await File.WriteAllLinesAsync(_folder.File("records.csv"), records, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(_folder.File("truth.csv"), ["record_id,entity_id", "1,1"], TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(2, await CommandLine.RunAsync(["identity", "evaluate", "--records", _folder.File("records.csv"), "--truth", _folder.File("truth.csv"), .. options], output, error));
        return error.ToString();
    }

    /// <summary>Record ids by entity found.</summary>
    private async Task<IEnumerable<string>> EntitiesAsync(params string[] rows)
    {
        await RunAsync(rows, "--out", _folder.File("found.csv"));
        var found = (await File.ReadAllLinesAsync(_folder.File("found.csv"), TestContext.Current.CancellationToken)).Skip(1).Select(l => l.Split(','));
        return found.GroupBy(f => f[1], f => f[0]).Select(g => string.Join(',', g.Order(StringComparer.Ordinal))).Order(StringComparer.Ordinal);
    }

    /// <summary>Evaluates rows; those whose ids are equal modulo 5 are one entity in truth.</summary>
    private async Task<JsonObject> RunAsync(string[] rows, params string[] options)
    {
        await File.WriteAllLinesAsync(_folder.File("records.csv"), rows.Prepend(_columns), TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(_folder.File("truth.csv"), rows.Select(r => r.Split(',')[0]).Select(id => $"{id},{int.Parse(id, CultureInfo.InvariantCulture) % 5}").Prepend("record_id,entity_id"), TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(["identity", "evaluate", "--records", _folder.File("records.csv"), "--truth", _folder.File("truth.csv"), "--json", .. options], output, error);
        Assert.Equal((0, ""), (exit, error.ToString()));
        return JsonNode.Parse(output.ToString())!.AsObject();
    }
}
