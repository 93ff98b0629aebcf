using System.Globalization;
using System.Text.Json.Nodes;

namespace IntegrationHub.Simulators.Kingdee;

/// <summary>Fills simulated sites with invented documents; the same numbers give the same documents.</summary>
public static class KingdeeSamples
{
    /// <summary>Adds a document like those that are there, changed at a time.</summary>
    /// <param name="table">Which form.</param>
    /// <param name="number">Makes the document differ from others.</param>
    /// <param name="changed">Time of change.</param>
    public static KingdeeDocument AddSample(this KingdeeTable table, int number, DateTimeOffset changed)
    {
        var at = KingdeeDocument.Time(changed);
        var day = at[..10] + "T00:00:00";
        var n = number.ToString("D5", CultureInfo.InvariantCulture);
        var customer = $"C{number % 50:D5}";
        JsonObject Amount(string field, decimal value, JsonObject rest)
        {
            rest[field] = value;
            return rest;
        }

        return table.Id switch
        {
            "BD_Customer" => table.Add(new() { ["FNumber"] = "C" + n, ["FName"] = $"示例客户{n}有限公司", ["FShortName"] = $"示例{n}", ["FTEL"] = $"021-6105{number % 10000:D4}", ["FADDRESS"] = $"上海市浦东新区示例路{number}号", ["FINVOICETITLE"] = $"示例客户{n}有限公司", ["FTAXREGISTERCODE"] = " ", ["FCreateOrgId.FNumber"] = "100", ["FUseOrgId.FNumber"] = "100", ["FTRADINGCURRID.FNumber"] = "PRE001", ["FDocumentStatus"] = "C", ["FForbidStatus"] = "A", ["FCreateDate"] = at, ["FModifyDate"] = at }),
            "BD_CommonContact" => table.Add(new() { ["FNumber"] = "L" + n, ["FName"] = $"联系人{n}", ["FTel"] = " ", ["FMobile"] = $"138{number % 100_000_000:D8}", ["FEmail"] = $"c{n}@example.com", ["FCompanyType"] = "BD_Customer", ["FCompany.FNumber"] = customer, ["FDocumentStatus"] = "C", ["FForbidStatus"] = "A", ["FModifyDate"] = at }),
            "BD_MATERIAL" => table.Add(new() { ["FNumber"] = "M-" + n, ["FName"] = $"示例物料{n}", ["FSpecification"] = "10 × 20", ["FBaseUnitId.FNumber"] = "Pcs", ["FDocumentStatus"] = "C", ["FForbidStatus"] = "A", ["FModifyDate"] = at }),
            "SAL_SaleOrder" => table.Add(new() { ["FBillNo"] = "XSDD" + n, ["FDate"] = day, ["FSaleOrgId.FNumber"] = "100", ["FCustId.FNumber"] = customer, ["FCustId.FName"] = $"示例客户{number % 50:D5}有限公司", ["FSalerId.FNumber"] = "S001", ["FSettleCurrId.FCODE"] = "CNY", ["FBillAllAmount"] = 1356.00m, ["FDocumentStatus"] = "C", ["FCloseStatus"] = "A", ["FCancelStatus"] = "A", ["FModifyDate"] = at },
                Line("M-00001", 10m, 113m, 1130.00m), Line("M-00002", 2m, 113m, 226.00m)),
            "SAL_OUTSTOCK" => table.Add(new() { ["FBillNo"] = "XSCK" + n, ["FDate"] = day, ["FCustomerID.FNumber"] = customer, ["FSaleOrgId.FNumber"] = "100", ["FStockOrgId.FNumber"] = "100", ["FDocumentStatus"] = "C", ["FCancelStatus"] = "A", ["FModifyDate"] = at },
                new JsonObject { ["FMaterialID.FNumber"] = "M-00001", ["FMaterialID.FName"] = "示例物料00001", ["FStockID.FNumber"] = "CK001", ["FUnitID.FNumber"] = "Pcs", ["FRealQty"] = 10m, ["FLot.FNumber"] = null, ["FSrcBillNo"] = "XSDD" + n }),
            "AR_receivable" => table.Add(Amount("FALLAMOUNTFOR", 1356.00m, new() { ["FBillNo"] = "AR" + n, ["FDATE"] = day, ["FENDDATE_H"] = day, ["FCUSTOMERID.FNumber"] = customer, ["FSettleOrgId.FNumber"] = "100", ["FCURRENCYID.FCODE"] = "CNY", ["FDOCUMENTSTATUS"] = "C", ["FModifyDate"] = at }),
                new JsonObject { ["FIVALLAMOUNTFOR"] = 1356.00m, ["FRECEIVEAMOUNT"] = 1000.00m, ["FNORECEIVEAMOUNT"] = 356.00m, ["FWRITTENOFFAMOUNT"] = 1000.00m }),
            "AR_RECEIVEBILL" => table.Add(new() { ["FBillNo"] = "SKD" + n, ["FDATE"] = day, ["FCONTACTUNITTYPE"] = "BD_Customer", ["FCONTACTUNIT.FNumber"] = customer, ["FCURRENCYID.FCODE"] = "CNY", ["FRECAMOUNT"] = 1000.00m, ["FDOCUMENTSTATUS"] = "C", ["FModifyDate"] = at }),
            "STK_Inventory" => AddStock(table, number),
            _ => throw new ArgumentException($"no samples of {table.Id}", nameof(table)),
        };
    }

    private static KingdeeDocument AddStock(KingdeeTable table, int number)
    {
        var document = table.Add(new() { ["FStockOrgId.FNumber"] = "100", ["FStockId.FNumber"] = "CK001", ["FStockId.FName"] = "成品仓", ["FMaterialId.FNumber"] = $"M-{number:D5}", ["FMaterialId.FName"] = $"示例物料{number:D5}", ["FLot.FNumber"] = null, ["FBaseQty"] = 100m + number, ["FExpiryDate"] = null });
        // Keys of stock are texts.
        document.Header["FID"] = $"7f000001-{document.Key:D12}";
        return document;
    }

    private static JsonObject Line(string material, decimal quantity, decimal price, decimal amount) => new()
    {
        ["FMaterialId.FNumber"] = material,
        ["FMaterialId.FName"] = "示例物料",
        ["FUnitID.FNumber"] = "Pcs",
        ["FQty"] = quantity,
        ["FPrice"] = 100m,
        ["FTaxPrice"] = price,
        ["FEntryTaxRate"] = 13.0m,
        ["FAllAmount"] = amount,
        ["FDeliveryDate"] = "2026-12-31T00:00:00",
    };
}
