using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Simulators.Kingdee;

namespace IntegrationHub.Simulators.Demo;

/// <summary>Something that can happen at a simulated vendor.</summary>
/// <param name="Path">Where to POST to let it happen.</param>
/// <param name="Vendor">At whom.</param>
/// <param name="What">What happens, for people.</param>
/// <param name="DoAsync">Lets it happen; tells what became of it.</param>
public sealed record VendorChange(string Path, string Vendor, string What, Func<Task<string>> DoAsync);

/// <summary>What people can let happen at the simulated vendors, to see it arrive in the hub's change feed.</summary>
public sealed class VendorChanges
{
    private readonly SimulatedVendors _vendors;
    private readonly CallbackPost _callbacks;
    private int _count;

    /// <summary>Prepares the changes.</summary>
    public VendorChanges(SimulatedVendors vendors, CallbackPost callbacks)
    {
        _vendors = vendors;
        _callbacks = callbacks;
        All =
        [
            new("/esign/sign", "e签宝", "the customer signs the maintenance agreement", SignAsync),
            new("/wecom/contact", "WeCom", "the customer's contact gets another position", PositionAsync),
            new("/kingdee/order", "Kingdee", "the customer orders", () => Task.FromResult(Order())),
            new("/kingdee/phone", "Kingdee", "the customer's telephone number changes", () => Task.FromResult(Phone())),
        ];
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<VendorChange> All { get; }

    private async Task<string> SignAsync()
    {
        string? id = null;
        _vendors.Esign.Change(() =>
        {
            if (_vendors.Esign.Flows.FirstOrDefault(f => f.Value["signFlowStatus"]!.GetValue<int>() == 1) is not { Key: { } open, Value: var flow })
                return;
            id = open;
            (flow["signFlowStatus"], flow["signFlowDescription"], flow["signFlowFinishTime"]) = (2, "完成", _vendors.Esign.Now.ToUnixTimeMilliseconds());
            foreach (var signer in flow["signers"]!.AsArray())
                signer!["signStatus"] = 2;
        });
        if (id is null)
            return "no flow is open any more; start the demo again, or create one with 'hub act'";
        var at = _vendors.Esign.Now;
        return $"flow {id} is signed; " + await _callbacks.SendAsync(() => _vendors.Esign.Push("SIGN_FLOW_COMPLETE", id, at)).ConfigureAwait(false);
    }

    private async Task<string> PositionAsync()
    {
        var position = Interlocked.Increment(ref _count) % 2 == 1 ? "Head of Procurement" : "Procurement Manager";
        var (id, follower) = ("", "");
        _vendors.Wecom.Change(() =>
        {
            var contact = _vendors.Wecom.Data.Contacts.First();
            (id, follower) = (contact.Key, contact.Value["follow_user"]![0]!["userid"]!.GetValue<string>());
            contact.Value["external_contact"]!["position"] = position;
        });
        var at = _vendors.Wecom.Now;
        return $"contact {id} is now {position}; " + await _callbacks.SendAsync(() =>
            _vendors.Wecom.Pushes.Event("change_external_contact", "edit_external_contact", at, new("UserID", follower), new("ExternalUserID", id))).ConfigureAwait(false);
    }

    private string Order()
    {
        var number = "";
        _vendors.Kingdee.Change(() =>
        {
            var table = _vendors.Kingdee.Table("SAL_SaleOrder");
            var last = table.Documents.First();
            var header = last.Header.DeepClone().AsObject();
            number = $"XSDD{_vendors.Kingdee.Now:yyyy}{9000 + Interlocked.Increment(ref _count):D4}";
            var now = KingdeeDocument.Time(_vendors.Kingdee.Now);
            (header["FBillNo"], header["FDate"], header["FModifyDate"]) = (number, now[..10] + "T00:00:00", now);
            List<JsonObject> lines = [.. last.Lines.Select(l => l.DeepClone().AsObject())];
            foreach (var line in lines)
                line.Remove("FSaleOrderEntry_FEntryID");
            table.Add(header, lines);
        });
        return $"order {number} is there; Kingdee has no callbacks: the hub's next sync reads it";
    }

    private string Phone()
    {
        var phone = string.Create(CultureInfo.InvariantCulture, $"+4420794600{20 + Interlocked.Increment(ref _count) % 80:D2}");
        _vendors.Kingdee.Change(() =>
        {
            var table = _vendors.Kingdee.Table("BD_Customer");
            var number = _vendors.Kingdee.Table("SAL_SaleOrder").Documents.First().Text("FCustId.FNumber");
            var customer = table.Documents.First(d => d.Text("FNumber") == number);
            (customer.Header["FTEL"], customer.Header["FModifyDate"]) = (phone, KingdeeDocument.Time(_vendors.Kingdee.Now));
            table.Changed();
        });
        return $"the customer's telephone number is {phone}; Kingdee has no callbacks: the hub's next sync reads it";
    }
}
