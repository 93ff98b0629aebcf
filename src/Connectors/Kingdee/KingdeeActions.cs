using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>
/// Writes documents. The WebAPI knows no request keys: the caller chooses the document's number, and the number is looked up before anything is saved, so that a
/// lost answer never makes a second document.
/// </summary>
internal sealed class KingdeeActions(KingdeeClient client)
{
    private static readonly string[] CustomerFields = ["FCUSTID", "FDocumentStatus"];
    private static readonly string[] OrderFields = ["FID", "FDocumentStatus"];

    public static IReadOnlyList<ActionManifest> Manifest { get; } =
    [
        new() { Name = "save_customer", Description = "Makes a customer, or changes the one of that number; the result is a draft.", Input = typeof(SaveCustomerInput), PersonalData = ["$.phone", "$.address"] },
        new() { Name = "submit_customer", Description = "Submits a customer for approval.", Input = typeof(CustomerNumberInput) },
        new() { Name = "audit_customer", Description = "Approves a submitted customer.", Input = typeof(CustomerNumberInput) },
        new() { Name = "create_sales_order", Description = "Makes a sales order; the result is a draft.", Input = typeof(CreateSalesOrderInput) },
    ];

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => request.Action switch
    {
        "save_customer" => SaveCustomerAsync(request.Bind<SaveCustomerInput>(), cancellationToken),
        "submit_customer" => MoveOnAsync("Submit", request.Bind<CustomerNumberInput>().Number, reached: ["B", "C"], cancellationToken),
        "audit_customer" => MoveOnAsync("Audit", request.Bind<CustomerNumberInput>().Number, reached: ["C"], cancellationToken),
        "create_sales_order" => CreateOrderAsync(request, request.Bind<CreateSalesOrderInput>(), cancellationToken),
        _ => throw new ConnectorException(ConnectorErrorKind.Permanent, $"kingdee has no action '{request.Action}'"),
    };

    private async Task<ActionResult> SaveCustomerAsync(SaveCustomerInput input, CancellationToken cancellationToken)
    {
        var existing = await FindAsync("BD_Customer", CustomerFields, "FNumber", input.Number, cancellationToken).ConfigureAwait(false);
        var model = new Dictionary<string, object?>
        {
            ["FCUSTID"] = existing?.Id ?? 0,
            ["FNumber"] = input.Number,
            ["FName"] = input.Name,
            ["FCreateOrgId"] = Number(input.Organisation),
            ["FUseOrgId"] = Number(input.Organisation),
            ["FTRADINGCURRID"] = Number(input.Currency),
            ["FShortName"] = input.ShortName,
            ["FTAXREGISTERCODE"] = input.TaxNumber,
            ["FTEL"] = input.Phone,
            ["FADDRESS"] = input.Address,
        }.Where(f => f.Value is not null).ToDictionary();
        var changed = existing is null ? [] : model.Keys.Except(["FCUSTID", "FNumber", "FCreateOrgId", "FUseOrgId"]).ToArray();
        return await SaveAsync("BD_Customer", model, changed, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ActionResult> CreateOrderAsync(ActionRequest request, CreateSalesOrderInput input, CancellationToken cancellationToken)
    {
        if (await FindAsync("SAL_SaleOrder", OrderFields, "FBillNo", input.Number, cancellationToken).ConfigureAwait(false) is { } existing)
            return request.IsRepeat
                ? ActionResult.Of(new { id = existing.Id, number = input.Number })
                : throw new ConnectorException(ConnectorErrorKind.Permanent, "create_sales_order: an order of that number exists; choose another 'number'");
        var model = new Dictionary<string, object?>
        {
            ["FID"] = 0,
            ["FBillTypeID"] = new { FNUMBER = input.BillType },
            ["FBillNo"] = input.Number,
            ["FDate"] = input.Date,
            ["FSaleOrgId"] = Number(input.Organisation),
            ["FCustId"] = Number(input.Customer),
            ["FSalerId"] = input.Seller is null ? null : Number(input.Seller),
            ["FSaleOrderFinance"] = new { FSettleCurrId = Number(input.Currency) },
            ["FSaleOrderEntry"] = input.Lines.Select(line => new
            {
                FMaterialId = Number(line.Material),
                FUnitID = Number(line.Unit),
                FQty = line.Quantity,
                FTaxPrice = line.TaxPrice,
                FEntryTaxRate = line.TaxRate,
                FDeliveryDate = line.DeliveryDate ?? input.Date,
            }).ToList(),
        }.Where(f => f.Value is not null).ToDictionary();
        return await SaveAsync("SAL_SaleOrder", model, [], cancellationToken).ConfigureAwait(false);
    }

    private async Task<ActionResult> SaveAsync(string form, object model, string[] changed, CancellationToken cancellationToken)
    {
        // Lines that are not named stay; the vendor's default deletes them.
        var data = new { NeedUpDateFields = changed, NeedReturnFields = Array.Empty<string>(), IsDeleteEntry = "false", ValidateFlag = "true", NumberSearch = "true", Model = model };
        var result = (await client.ChangeAsync("Save", form, data, cancellationToken).ConfigureAwait(false)).GetProperty("Result");
        return ActionResult.Of(new { id = result.GetProperty("Id").GetInt64(), number = result.GetProperty("Number").GetString() });
    }

    private async Task<ActionResult> MoveOnAsync(string operation, string number, string[] reached, CancellationToken cancellationToken)
    {
        var customer = await FindAsync("BD_Customer", CustomerFields, "FNumber", number, cancellationToken).ConfigureAwait(false)
            ?? throw new ConnectorException(ConnectorErrorKind.Permanent, "there is no customer of that 'number'");
        if (!reached.Contains(customer.Status))
            await client.ChangeAsync(operation, "BD_Customer", new { CreateOrgId = 0, Numbers = new[] { number }, Ids = "", NetworkCtrl = "", InterationFlags = "" }, cancellationToken).ConfigureAwait(false);
        return ActionResult.Of(new { id = customer.Id, number });
    }

    private async Task<(long Id, string Status)?> FindAsync(string form, string[] fields, string field, string number, CancellationToken cancellationToken)
    {
        var rows = await client.QueryAsync(form, fields, $"{field}={KingdeeClient.Quote(number)}", fields[0] + " ASC", 0, 1, cancellationToken).ConfigureAwait(false);
        return rows.Count == 0 ? null : (rows[0][0].GetInt64(), rows[0][1].ToString());
    }

    private static object Number(string number) => new { FNumber = number };
}
