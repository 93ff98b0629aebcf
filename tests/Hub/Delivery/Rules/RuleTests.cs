using System.Globalization;
using System.Text;
using IntegrationHub.Delivery;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Delivery.Rules;

/// <summary>Promises of docs/guides/rules.md.</summary>
public sealed class RuleTests(ITestOutputHelper output)
{
    private const string Greet = """
        rule: greet
        entities: [contact]
        start: beginning
        do:
          - connection: chat
            action: say
            input: { text: $.current.name }
        """;

    private const string GreetNew = Greet + "\nkinds: [created]\n";

    private const string Remind = Greet + "\nunchangedFor: 72h\n";

    private static readonly int Interruptions = int.TryParse(Environment.GetEnvironmentVariable("HUB_INTERRUPTIONS"), out var n) ? n : 300;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_that_comes_again_after_a_restart_acts_no_second_time_though_its_entity_changed()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", Greet));
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(["A"], rig.Texts);

        await rig.Hub.ReopenAsync();
        rig.Hub.Time.Advance(TimeSpan.FromHours(1));
        await rig.SyncAsync("chat", ("u1", "B"));
        await rig.ForgetPositionAsync();
        rig.Start();
        await rig.SettleAsync();
        // The second is that of the second change.
        Assert.Equal(["A", "B"], rig.Texts);
        Assert.Equal(2, rig.Said.DistinctBy(s => s.Key).Count());
        Assert.Empty(await rig.Hub.KeptAsync(rig.Name));
    }

    [Fact]
    public async Task However_often_the_hub_dies_each_change_is_acted_upon_once()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {Interruptions} interruptions");
        var random = new Random(seed);
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", Greet));
        var faults = new Random(seed + 1);
        rig.Before = _ => faults.Next(100) < 10 ? new ConnectorException(ConnectorErrorKind.Transient, "busy") : null;
        rig.After = _ => faults.Next(100) < 10 ? new ConnectorException(ConnectorErrorKind.Transient, "the answer was lost") { MayHaveHappened = true } : null;
        var names = new List<string>();
        for (var i = 0; i < Interruptions; i++)
        {
            var mortal = new MortalStore(rig.Hub.Workspace.Store, random.Next(1, 12));
            await using (rig.Start(mortal))
            {
                if (i % 2 == 0)
                {
                    names.Add($"n{i}");
                    await rig.SyncAsync("crm", ($"u{i}", $"n{i}"));
                }

                for (var tick = 0; tick < 12 && !mortal.IsDead; tick++)
                {
                    rig.Hub.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2_000)));
                    await Task.Delay(1, Cancel);
                }

                mortal.Kill();
            }
        }

        (rig.Before, rig.After) = (_ => null, _ => null);
        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(names.Order(), rig.Texts.Order());
        Assert.Equal(rig.Said.Count, rig.Said.DistinctBy(s => s.Key).Count());
        Assert.Empty(await rig.Hub.KeptAsync(rig.Name));
    }

    [Fact]
    public async Task Condition_and_input_see_the_change_the_entity_and_those_it_links_to_with_their_connections()
    {
        await using var rig = await RuleRig.OpenAsync(("known.yaml", """
            rule: known
            entities: [contact]
            kinds: [created]
            start: beginning
            when: $.linked.customer.connections[?@ == 'crm']
            do:
              - connection: chat
                action: say
                input:
                  text: { $template: "{$.entity} {$.kind}: {$.current.name}, {$.fields.name.after}, {$.linked.customer.linked.parent.name}, {$.linked.customer.connections[0]}, {$.linked.customer.keys.crm}" }
            """));
        await rig.SyncAsync("crm", ("u1", "A"));
        await rig.SyncAsync("chat", ("u2", "A"), ("u3", "B"));
        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(["contact created: A, A, group of A, chat, A", "contact created: A, A, group of A, chat, A"], rig.Texts);
    }

    [Fact]
    public async Task Input_that_cannot_be_built_is_parked_at_once_and_a_retry_builds_it_of_what_was_mended()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew.Replace("$.current.name", "$.current.name | time", StringComparison.Ordinal)));
        await rig.SyncAsync("chat", ("u1", "no time"));
        rig.Start();
        await rig.SettleAsync();
        var parked = Assert.Single(await rig.Hub.KeptAsync(rig.Name, parked: true));
        Assert.Equal(1, parked.Attempts);
        Assert.Contains("chat/say", parked.Reason);
        Assert.DoesNotContain("no time", parked.Reason);
        Assert.Empty(rig.Said);

        await rig.SyncAsync("chat", ("u1", "2026-01-02T00:00:00Z"));
        Assert.Equal(1, await Subscriptions.Open(rig.Hub.Workspace).RetryAsync(rig.Name, parked.Sequence, "test", Cancel));
        await rig.SettleAsync();
        Assert.Single(rig.Said);
        Assert.Empty(await rig.Hub.KeptAsync(rig.Name));
    }

    [Fact]
    public async Task What_the_vendor_refuses_for_good_is_parked_at_once_and_a_retry_after_mending_acts()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew));
        rig.Before = _ => new ConnectorException(ConnectorErrorKind.Permanent, "there is no such user");
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.SettleAsync();
        var parked = Assert.Single(await rig.Hub.KeptAsync(rig.Name, parked: true));
        Assert.Equal((1, "chat/say: there is no such user"), (parked.Attempts, parked.Reason));

        rig.Before = _ => null;
        await rig.SyncAsync("chat", ("u1", "B"));
        await Subscriptions.Open(rig.Hub.Workspace).RetryAsync(rig.Name, null, "test", Cancel);
        await rig.SettleAsync();
        Assert.Equal(["B"], rig.Texts);
        Assert.Empty(await rig.Hub.KeptAsync(rig.Name));
    }

    [Fact]
    public async Task What_was_kept_for_an_action_goes_with_the_event_that_nobody_will_try_again()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew));
        rig.After = _ => new ConnectorException(ConnectorErrorKind.Transient, "the line is dead");
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.Hub.UntilAsync(async () => (await InputsAsync()).Count == 1);
        var subscriptions = Subscriptions.Open(rig.Hub.Workspace);
        Assert.Equal(0, await subscriptions.ForgetInputsAsync(Cancel));

        await rig.Hub.ReopenAsync();
        subscriptions = Subscriptions.Open(rig.Hub.Workspace);
        var number = rig.Hub.Workspace.Store.Catalog.Subscription(rig.Name);
        var sequence = long.Parse(Assert.Single(await InputsAsync()).Name.Split('-')[^1], CultureInfo.InvariantCulture);
        await SaveAsync(t => t.SaveDeliveriesAsync([new() { Subscription = number, Sequence = sequence, Entity = 1, Previous = 0, FirstAt = rig.Hub.Workspace.Now, NextAt = 0, IsParked = true }]));
        rig.Hub.Time.Advance(TimeSpan.FromDays(31));
        // Somebody may still ask for it.
        Assert.Equal(0, await subscriptions.ForgetInputsAsync(Cancel));
        await SaveAsync(t => t.RemoveDeliveriesAsync(number, [sequence]));
        Assert.Equal(1, await subscriptions.ForgetInputsAsync(Cancel));
        Assert.Empty(await InputsAsync());

        async Task<IReadOnlyList<(string Name, string Json)>> InputsAsync() => [.. (await rig.Hub.Workspace.Store.Reader.DocumentsAsync("rule-input", Cancel)).Select(d => (d.Name, d.Json))];

        async Task SaveAsync(Func<IHubTransaction, ValueTask> write)
        {
            await using var transaction = await rig.Hub.Workspace.Store.BeginAsync(Cancel);
            await write(transaction);
            await transaction.CommitAsync();
        }
    }

    [Fact]
    public async Task A_retry_after_a_refusal_does_not_repeat_the_steps_before_it()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew.Replace("do:", """
            do:
              - connection: crm
                action: say
                input: { text: { $template: "first {$.current.name}" } }
            """, StringComparison.Ordinal)));
        rig.Before = request => request.Input.GetProperty("text").GetString() == "A" ? new ConnectorException(ConnectorErrorKind.Permanent, "no") : null;
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(["first A"], rig.Texts);

        await rig.SyncAsync("chat", ("u1", "B"));
        await Subscriptions.Open(rig.Hub.Workspace).RetryAsync(rig.Name, null, "test", Cancel);
        await rig.SettleAsync();
        Assert.Equal(["first A", "B"], rig.Texts);
        Assert.Empty(await rig.Hub.KeptAsync(rig.Name));
    }

    [Fact]
    public async Task A_failure_that_passes_is_retried_with_the_same_input_though_the_entity_changed()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew));
        rig.Before = _ => new ConnectorException(ConnectorErrorKind.Transient, "busy");
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.Hub.UntilAsync(() => rig.Stub.Acted >= 2);
        await rig.SyncAsync("chat", ("u1", "B"));
        rig.Before = _ => null;
        await rig.SettleAsync();
        Assert.Equal(["A"], rig.Texts);
    }

    [Fact]
    public async Task What_an_action_made_fires_nothing_when_the_vendor_tells_of_it_and_what_others_make_does()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", Greet));
        rig.Output = _ => new { contact = new { id = "u2" } };
        await rig.SyncAsync("crm", ("u1", "A"));
        rig.Start();
        await rig.SettleAsync();
        await rig.SyncAsync("chat", ("u2", "made by the action"));
        rig.Hub.Time.Advance(TimeSpan.FromMinutes(1));
        await rig.SyncAsync("crm", ("u1", "changed by a person"));
        await rig.SyncAsync("chat", ("u3", "made by a person"), ("u2", "made by the action"));
        await rig.SettleAsync();
        Assert.Equal(["A", "changed by a person", "made by a person"], rig.Texts.Order());
    }

    [Fact]
    public async Task An_entity_that_comes_back_from_the_vendor_within_minutes_of_an_action_fires_nothing()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", Greet));
        await rig.SyncAsync("crm", ("u1", "A"));
        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(["A"], rig.Texts);

        rig.Hub.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.SyncAsync("chat", ("u1", "A of chat"));
        await rig.SettleAsync();
        Assert.Equal(["A"], rig.Texts);
        // Somebody changes it elsewhere.
        rig.Hub.Time.Advance(TimeSpan.FromMinutes(1));
        await rig.SyncAsync("crm", ("u1", "B"));
        await rig.SettleAsync();
        Assert.Equal(2, rig.Said.Count);
        // And later at the vendor.
        rig.Hub.Time.Advance(TimeSpan.FromMinutes(11));
        await rig.SyncAsync("chat", ("u1", "C"));
        await rig.SettleAsync();
        Assert.Equal("C", rig.Texts.Last());
        Assert.Equal(3, rig.Said.Count);
    }

    [Fact]
    public async Task An_echo_that_is_looked_at_late_is_known_though_the_entity_was_acted_upon_again()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", Greet));
        await rig.SyncAsync("crm", ("u1", "A"));
        await using (rig.Start())
            await rig.SettleAsync();
        rig.Hub.Time.Advance(TimeSpan.FromMinutes(1));
        await rig.SyncAsync("chat", ("u1", "A of chat"));
        // A retry of an earlier event comes first.
        rig.Hub.Time.Advance(TimeSpan.FromMinutes(1));
        await using (var transaction = await rig.Hub.Workspace.Store.BeginAsync(Cancel))
        {
            var contact = (await rig.Hub.Workspace.Store.Reader.ChangesAsync(new ChangeQuery(0, 10), Cancel))[0].Entity;
            var store = rig.Hub.Workspace.Store.Catalog;
            await transaction.SaveEffectsAsync(store.Subscription(rig.Name), rig.Hub.Workspace.NumberOf(rig.Hub.Workspace.Connection("chat")), [$"entity:{contact}"], rig.Hub.Workspace.Now);
            await transaction.CommitAsync();
        }

        rig.Start();
        await rig.SettleAsync();
        Assert.Equal(["A"], rig.Texts);
    }

    [Fact]
    public async Task A_rule_that_waits_acts_once_after_its_time()
    {
        await using var rig = await RuleRig.OpenAsync(("remind.yaml", Remind));
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.PassAsync(TimeSpan.FromHours(71));
        Assert.Empty(rig.Said);
        await rig.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(["A"], rig.Texts);
        await rig.PassAsync(TimeSpan.FromHours(80));
        Assert.Single(rig.Said);
    }

    [Fact]
    public async Task A_rule_that_waits_counts_from_a_later_change_that_matches()
    {
        await using var rig = await RuleRig.OpenAsync(("remind.yaml", Remind));
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.PassAsync(TimeSpan.FromHours(48));
        await rig.SyncAsync("chat", ("u1", "B"));
        await rig.PassAsync(TimeSpan.FromHours(71));
        Assert.Empty(rig.Said);
        await rig.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(["B"], rig.Texts);
    }

    [Fact]
    public async Task A_rule_that_waits_does_nothing_about_what_was_deleted()
    {
        await using var rig = await RuleRig.OpenAsync(("remind.yaml", Remind + "kinds: [created]\n"));
        await rig.SyncAsync("chat", ("u1", "A"));
        rig.Start();
        await rig.PassAsync(TimeSpan.FromHours(10));
        var contact = (await rig.Hub.Workspace.Store.Reader.ChangesAsync(new ChangeQuery(0, 10), Cancel)).Single(c => rig.Hub.Workspace.Bindings.Find(c.Type)!.Type.Name == "contact");
        await rig.Hub.AppendAsync([rig.Hub.Update(contact.Entity, "contact", "deleted", """{"fields":{}}""")]);
        await rig.PassAsync(TimeSpan.FromHours(80));
        Assert.Empty(rig.Said);
    }

    [Fact]
    public async Task A_rule_that_waits_acts_also_when_the_hub_was_down_at_the_time()
    {
        await using var rig = await RuleRig.OpenAsync(("remind.yaml", Remind));
        await rig.SyncAsync("chat", ("u1", "A"));
        await using (rig.Start())
            await rig.SettleAsync();
        // One more comes while nothing looks at it.
        await rig.SyncAsync("chat", ("u1", "A"), ("u2", "B"));
        rig.Hub.Time.Advance(TimeSpan.FromHours(100));
        await rig.Hub.ReopenAsync();
        rig.Start();
        await rig.Hub.UntilAsync(async () =>
        {
            await rig.FireAsync();
            return rig.Said.Count >= 2;
        });
        await rig.SettleAsync();
        Assert.Equal(["A", "B"], rig.Texts.Order());
    }

    [Fact]
    public async Task Faults_of_rule_files_are_told_together_each_with_its_place()
    {
        await using var rig = await RuleRig.OpenAsync(
            ("a.yaml", """
                rule: greet
                entities: [contakt]
                changed: [nam]
                unchangedFor: 3 days
                when: $.current.name ==
                do:
                  - connection: chatt
                    action: say
                    input: { text: x }
                  - connection: chat
                    action: sai
                    input: { text: x }
                  - connection: chat
                    action: say
                    input: { txt: x }
                  - connection: chat
                    action: say
                    input: { text: "$.current.name | nothing" }
                also: 1
                """),
            ("b.yaml", Greet),
            ("c.yaml", Greet),
            ("d.yaml", "rule: idle\ndo: []\n"));
        var faults = Assert.Throws<InvalidFileException>(() => Subscriptions.Open(rig.Hub.Workspace)).Faults;
        Assert.All(faults, f => Assert.Contains(Path.Combine("mappings", "rules"), f.File));
        Assert.Collection(
            faults.OrderBy(f => Path.GetFileName(f.File), StringComparer.Ordinal).ThenBy(f => f.Line),
            Fault("a.yaml", 2, 12, "entities: there is no entity 'contakt'"),
            Fault("a.yaml", 3, 11, "changed: there is no field 'nam'"),
            Fault("a.yaml", 4, 15, "unchangedFor: expected a time"),
            Fault("a.yaml", 5, 24, "when: "),
            Fault("a.yaml", 7, 17, "connection: no connection 'chatt' in hub.yaml"),
            Fault("a.yaml", 11, 13, "action: connector 'stub' has no action 'sai'"),
            Fault("a.yaml", 15, 14, "input: action 'say' takes no 'txt'"),
            Fault("a.yaml", 18, 38, "unknown function 'nothing'"),
            Fault("a.yaml", 19, 1, "unknown 'also' in a rule file"),
            Fault("c.yaml", 1, 1, "rule 'greet' stands in"),
            Fault("d.yaml", 2, 5, "do: a rule needs an action at least"));

        static Action<Diagnostic> Fault(string file, int line, int column, string message) => found =>
            Assert.Equal($"{file}:{line}:{column}: {message}", $"{Path.GetFileName(found.File)}:{found.Line}:{found.Column}: {found.Message[..Math.Min(message.Length, found.Message.Length)]}");
    }

    [Fact]
    public async Task Trying_a_rule_shows_what_it_would_have_done_and_does_nothing()
    {
        await using var rig = await RuleRig.OpenAsync(("greet.yaml", GreetNew));
        await rig.SyncAsync("chat", ("u1", "A"), ("u2", "B"));
        var subscriptions = Subscriptions.Open(rig.Hub.Workspace);
        var found = await subscriptions.TryRuleAsync(rig.Rule, 100, Cancel);
        Assert.Equal(["""{"text":"B"}""", """{"text":"A"}"""], found.Select(f => Encoding.UTF8.GetString(Assert.Single(f.Steps).Input!)));
        Assert.All(found, f => Assert.StartsWith("contact-", f.Change.Subject));
        Assert.Single(await subscriptions.TryRuleAsync(rig.Rule, 3, Cancel));

        Assert.Equal(0, rig.Stub.Acted);
        Assert.Null(await rig.Hub.StateAsync(rig.Name));
        Assert.Empty(await rig.Hub.Workspace.Store.Reader.DocumentsAsync("rule-input", Cancel));
    }

    [Fact]
    public async Task Trying_a_rule_that_waits_shows_what_nothing_came_after_in_its_time()
    {
        await using var rig = await RuleRig.OpenAsync(("remind.yaml", Remind));
        await rig.SyncAsync("chat", ("u1", "A"), ("u2", "A2"));
        rig.Hub.Time.Advance(TimeSpan.FromHours(24));
        await rig.SyncAsync("chat", ("u1", "B"), ("u2", "A2"));
        var subscriptions = Subscriptions.Open(rig.Hub.Workspace);
        Assert.Empty(await subscriptions.TryRuleAsync(rig.Rule, 100, Cancel));
        rig.Hub.Time.Advance(TimeSpan.FromHours(50));
        Assert.Equal(["""{"text":"A2"}"""], await TriedAsync());
        rig.Hub.Time.Advance(TimeSpan.FromHours(50));
        Assert.Equal(["""{"text":"B"}""", """{"text":"A2"}"""], await TriedAsync());

        async Task<IEnumerable<string>> TriedAsync() => (await subscriptions.TryRuleAsync(rig.Rule, 100, Cancel)).Select(f => Encoding.UTF8.GetString(f.Steps[0].Input!));
    }
}
