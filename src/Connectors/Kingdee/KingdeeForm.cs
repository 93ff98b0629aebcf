namespace IntegrationHub.Connectors.Kingdee;

/// <summary>A form of the ERP that is read as a stream.</summary>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Description">What one record is.</param>
/// <param name="Id">The form's id.</param>
/// <param name="Key">Its unique field.</param>
/// <param name="Fields">Header fields to read, besides the key.</param>
internal sealed record KingdeeForm(string Stream, string Description, string Id, string Key, IReadOnlyList<string> Fields)
{
    /// <summary>Field of the time of change, or <c>null</c>: such a form is read as a whole every time.</summary>
    public string? Changed { get; init; } = "FModifyDate";

    /// <summary>The entity of its lines, or <c>null</c>.</summary>
    public string? Lines { get; init; }

    /// <summary>Unique field of a line.</summary>
    public string LineKey { get; init; } = "";

    /// <summary>Fields of a line, besides its key.</summary>
    public IReadOnlyList<string> LineFields { get; init; } = [];

    /// <summary>Header fields that hold personal data.</summary>
    public IReadOnlyList<string> Personal { get; init; } = [];

    /// <summary>Keys are numbers; otherwise texts.</summary>
    public bool NumericKey { get; init; } = true;

    /// <summary>Everything a customer view needs, with the field names that live sites use; a site that differs says so in its settings.</summary>
    public static IReadOnlyList<KingdeeForm> All { get; } =
    [
        new("customers", "A customer (BD_Customer).", "BD_Customer", "FCUSTID",
            ["FNumber", "FName", "FShortName", "FTEL", "FADDRESS", "FINVOICETITLE", "FTAXREGISTERCODE", "FCreateOrgId.FNumber", "FUseOrgId.FNumber", "FDocumentStatus", "FForbidStatus", "FCreateDate", "FModifyDate"])
        { Personal = ["FTEL", "FADDRESS"] },
        new("contacts", "A contact person of a customer (BD_CommonContact).", "BD_CommonContact", "FCONTACTID",
            ["FNumber", "FName", "FTel", "FMobile", "FEmail", "FCompany.FNumber", "FDocumentStatus", "FForbidStatus", "FModifyDate"])
        { Personal = ["FName", "FTel", "FMobile", "FEmail"] },
        new("materials", "A material or service (BD_MATERIAL).", "BD_MATERIAL", "FMATERIALID",
            ["FNumber", "FName", "FSpecification", "FBaseUnitId.FNumber", "FDocumentStatus", "FForbidStatus", "FModifyDate"]),
        new("sales_orders", "A sales order with its lines (SAL_SaleOrder).", "SAL_SaleOrder", "FID",
            ["FBillNo", "FDate", "FSaleOrgId.FNumber", "FCustId.FNumber", "FCustId.FName", "FSalerId.FNumber", "FSettleCurrId.FCODE", "FBillAllAmount", "FDocumentStatus", "FCloseStatus", "FCancelStatus", "FModifyDate"])
        {
            Lines = "FSaleOrderEntry", LineKey = "FSaleOrderEntry_FEntryID",
            LineFields = ["FMaterialId.FNumber", "FMaterialId.FName", "FUnitID.FNumber", "FQty", "FPrice", "FTaxPrice", "FEntryTaxRate", "FAllAmount", "FDeliveryDate"],
        },
        new("outstocks", "A delivery out of stock with its lines (SAL_OUTSTOCK).", "SAL_OUTSTOCK", "FID",
            ["FBillNo", "FDate", "FCustomerID.FNumber", "FSaleOrgId.FNumber", "FStockOrgId.FNumber", "FDocumentStatus", "FCancelStatus", "FModifyDate"])
        {
            Lines = "FEntity", LineKey = "FEntity_FENTRYID",
            LineFields = ["FMaterialID.FNumber", "FMaterialID.FName", "FStockID.FNumber", "FUnitID.FNumber", "FRealQty", "FLot.FNumber", "FSrcBillNo"],
        },
        new("receivables", "A receivable with its lines (AR_receivable).", "AR_receivable", "FID",
            ["FBillNo", "FDATE", "FENDDATE_H", "FCUSTOMERID.FNumber", "FSettleOrgId.FNumber", "FCURRENCYID.FCODE", "FALLAMOUNTFOR", "FDOCUMENTSTATUS", "FModifyDate"])
        {
            Lines = "FEntityDetail", LineKey = "FEntityDetail_FENTRYID",
            LineFields = ["FIVALLAMOUNTFOR", "FRECEIVEAMOUNT", "FNORECEIVEAMOUNT", "FWRITTENOFFAMOUNT"],
        },
        new("receipts", "Money received (AR_RECEIVEBILL).", "AR_RECEIVEBILL", "FID",
            ["FBillNo", "FDATE", "FCONTACTUNITTYPE", "FCONTACTUNIT.FNumber", "FCURRENCYID.FCODE", "FRECAMOUNT", "FDOCUMENTSTATUS", "FModifyDate"]),
        new("inventory", "Stock of a material at one place (STK_Inventory).", "STK_Inventory", "FID",
            ["FStockOrgId.FNumber", "FStockId.FNumber", "FStockId.FName", "FMaterialId.FNumber", "FMaterialId.FName", "FLot.FNumber", "FBaseQty", "FExpiryDate"])
        { Changed = null, NumericKey = false },
    ];
}
